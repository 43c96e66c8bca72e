"""Popularity: how often listeners' playlists hold a song, beside what its source says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt

from indexer.facets import Songs
from indexer.records import SavedPlaylist

Split = Literal["train", "tune", "check"]

FEW_PLAYLISTS = 100  # fewer say little of what is popular; then the source's own popularity is taken


def split_of(playlist_id: str, held_out: float) -> Split:
    """Which part of the playlists one belongs to, by the hash of its id: the same everywhere and for ever.

    `held_out` of them are kept from every stage that learns; half of these tune weights, half check them.

    >>> split_of("37i9dQZF1DX", 0.0)
    'train'
    """
    digest = hashlib.blake2b(playlist_id.encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big") / 2**64
    if place >= held_out:
        return "train"
    return "tune" if place < held_out / 2 else "check"


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
