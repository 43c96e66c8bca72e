"""Splits: which playlists are learned from and which are kept to tune and to check, by the hash of their ids."""

from __future__ import annotations

import hashlib
from typing import Literal

Split = Literal["train", "tune", "check"]


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
