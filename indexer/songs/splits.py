"""Splits: which playlists are learned from and which are kept to tune and to check, by the hash of their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.records import SavedPlaylist
from indexer.songs.table import Songs

Rows = npt.NDArray[np.int64]
Split = Literal["train", "tune", "check"]


class PlaylistRows(NamedTuple):
    """A playlist's name, the rows of its songs in the listener's order, and its description."""

    name: str
    rows: Rows
    description: str = ""


def place_of(playlist_id: str) -> float:
    """Where an id falls in [0, 1): uniform, the same everywhere and for ever.

    >>> 0 <= place_of("37i9dQZF1DX") < 1
    True
    """
    digest = hashlib.blake2b(playlist_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def split_of(playlist_id: str, held_out: float) -> Split:
    """Which part of the playlists one belongs to.

    `held_out` of them are kept from every stage that learns; half of these tune weights, half check them.

    >>> split_of("37i9dQZF1DX", 0.0)
    'train'
    """
    place = place_of(playlist_id)
    if place >= held_out:
        return "train"
    return "tune" if place < held_out / 2 else "check"


def playlist_rows(
    songs: Songs, playlists: Iterable[SavedPlaylist], held_out: float, split: Split
) -> list[PlaylistRows]:
    """The playlists of one split with the living rows of their songs; empty playlists are left out."""
    row_of = {songs.song_ids[row]: row for row in np.flatnonzero(songs.alive).tolist()}
    found = []
    for playlist in playlists:
        if split_of(playlist.playlist_id, held_out) == split:
            rows = [row_of[song_id] for song_id in playlist.song_ids if song_id in row_of]
            if rows:
                found.append(PlaylistRows(playlist.name, np.array(rows, np.int64), playlist.description or ""))
    return found
