"""Playlists as a sparse matrix and as counts: all that collaborative peers know of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.systems.system import Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def playlist_matrix(playlists: Sequence[Rows], songs: int) -> csr_array:
    """float64 CSR (playlists, songs): 1 where the playlist holds the song, however often.

    >>> playlist_matrix([np.array([2, 0, 2]), np.array([1])], 3).toarray().tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    from scipy.sparse import csr_array

    held = [np.unique(playlist) for playlist in playlists]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in held], dtype=np.int64)])
    rows = np.concatenate([*held, np.zeros(0, np.int64)])
    # 32-bit places: the library implicit reads no others
    places = rows.astype(np.int32), starts.astype(np.int32)
    return csr_array((np.ones(len(rows)), *places), shape=(len(held), songs))


def song_counts(playlists: Sequence[Rows], songs: int) -> npt.NDArray[np.int64]:
    """How many playlists hold each song, int64 (songs,).

    >>> song_counts([np.array([2, 0, 2]), np.array([2])], 4).tolist()
    [1, 0, 2, 0]
    """
    held = [np.unique(playlist) for playlist in playlists]
    counts: npt.NDArray[np.int64] = np.bincount(np.concatenate([*held, np.zeros(0, np.int64)]), minlength=songs)
    return counts
