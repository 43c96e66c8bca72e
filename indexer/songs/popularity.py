"""Popularity: how often listeners' playlists hold a song, beside what its source says of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.songs.table import Songs

FEW_PLAYLISTS = 100  # fewer say little of what is popular; then the source's own popularity is taken


def playlist_popularity(songs: Songs, playlists: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
    """float32 (rows,), 0..1: ln(1 + playlists that hold the song) over its maximum.

    playlists   the rows of each playlist that may be learned from
    With fewer than FEW_PLAYLISTS, the source's popularity / 100, NaN where it says none.
    """
    if len(playlists) < FEW_PLAYLISTS:
        return np.asarray(songs.popularity / 100.0, np.float32)
    counts = np.bincount(np.concatenate(playlists), minlength=len(songs))
    logged = np.log1p(counts)
    return (logged / max(float(logged.max()), 1e-12)).astype(np.float32)
