"""Popularity: how often listeners' playlists hold a song, beside what its source says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from indexer.songs.table import Songs

ENOUGH_PLAYLISTS = (
    100  # from so many on they decide alone; the fewer there are, the more the source's popularity counts
)


def playlist_popularity(
    songs: Songs, playlists: Sequence[npt.NDArray[np.int64]], played: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """float32 (rows,), 0..1: ln(1 + playlists that hold the song) over its maximum.

    playlists   the rows of each playlist that may be learned from
    played      `play_popularity`; it stands for the source's popularity where a source gives none
    With n < ENOUGH_PLAYLISTS, a share n / ENOUGH_PLAYLISTS of that and the rest of the source's popularity / 100; of a
    song whose source gives none, the playlists' alone. NaN where there are neither.
    """
    source = np.asarray(songs.popularity / 100.0, np.float32)
    if played is not None:
        source = np.where(np.isnan(source), played, source)
    if not len(playlists):
        return source
    counts = np.bincount(np.concatenate(playlists), minlength=len(songs))
    logged = np.log1p(counts)
    listened = (logged / max(float(logged.max()), 1e-12)).astype(np.float32)
    if len(playlists) >= ENOUGH_PLAYLISTS:
        return listened
    share = np.float32(len(playlists) / ENOUGH_PLAYLISTS)
    return np.where(np.isnan(source), listened, share * listened + (1 - share) * source)


def play_popularity(songs: Songs, plays: Mapping[str, Iterable[tuple[str, float]]]) -> npt.NDArray[np.float32]:
    """float32 (rows,), 0..1: the share of its file's songs that were played at most as often as this one; NaN unknown.

    plays   for each file that counts plays, (song_id, how often). One listener's counts and a service's streams have
            no common scale, so a song is compared within its file; of several files the highest share counts
    """
    shares = np.full(len(songs), np.nan, np.float32)
    for counts in plays.values():
        known = [(row, count) for song_id, count in counts if (row := songs.row_of(song_id)) is not None]
        if not known:
            continue
        rows = np.array([row for row, _ in known])
        times = np.array([count for _, count in known])
        at_most = np.searchsorted(np.sort(times), times, side="right") / len(times)
        shares[rows] = np.fmax(shares[rows], at_most.astype(np.float32))
    return shares
