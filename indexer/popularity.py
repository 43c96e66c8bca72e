"""Popularity: how often listeners' playlists hold a song, beside what its source says of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from indexer.facets import Songs
from indexer.records import SavedPlaylist
from indexer.splits import split_of

FEW_PLAYLISTS = 100  # fewer say little of what is popular; then the source's own popularity is taken


def playlist_popularity(songs: Songs, playlists: Iterable[SavedPlaylist], held_out: float) -> npt.NDArray[np.float32]:
    """float32 (rows,), 0..1: ln(1 + playlists that hold the song) over its maximum.

    Held-out playlists are not counted. With fewer than FEW_PLAYLISTS to count, the source's popularity / 100,
    NaN where it says none.
    """
    row_of = {songs.song_ids[row]: row for row in np.flatnonzero(songs.alive).tolist()}
    counts = np.zeros(len(songs), np.int64)
    counted = 0
    for playlist in playlists:
        if split_of(playlist.playlist_id, held_out) == "train":
            counted += 1
            counts[[row_of[song_id] for song_id in playlist.song_ids if song_id in row_of]] += 1
    if counted < FEW_PLAYLISTS:
        return np.asarray(songs.popularity / 100.0, np.float32)
    logged = np.log1p(counts)
    return (logged / max(float(logged.max()), 1e-12)).astype(np.float32)
