"""Popularity: how often listeners' playlists hold a song, beside what its source says of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.songs.table import Songs

ENOUGH_PLAYLISTS = (
    100  # from so many on they decide alone; the fewer there are, the more the source's popularity counts
)


def playlist_popularity(songs: Songs, playlists: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
    """float32 (rows,), 0..1: ln(1 + playlists that hold the song) over its maximum.

    playlists   the rows of each playlist that may be learned from
    With n < ENOUGH_PLAYLISTS, a share n / ENOUGH_PLAYLISTS of that and the rest of the source's popularity / 100; of a
    song whose source gives none, the playlists' alone. NaN where there are neither.
    """
    source = np.asarray(songs.popularity / 100.0, np.float32)
    if not len(playlists):
        return source
    counts = np.bincount(np.concatenate(playlists), minlength=len(songs))
    logged = np.log1p(counts)
    listened = (logged / max(float(logged.max()), 1e-12)).astype(np.float32)
    if len(playlists) >= ENOUGH_PLAYLISTS:
        return listened
    share = np.float32(len(playlists) / ENOUGH_PLAYLISTS)
    return np.where(np.isnan(source), listened, share * listened + (1 - share) * source)
