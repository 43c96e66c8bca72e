"""The demo's songs and playlists as a fold, and a stand-in for an index where only numbers of songs matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.data.dataset import Place
from benchmarks.systems.system import Fold, Rows
from engine.index import OpenIndex
from indexer import Catalogue


@pytest.fixture(scope="session")
def fold(demo_catalogue: Path, warm: Place) -> Iterator[Fold]:
    """Six songs of seven are candidates; every fourth playlist is to tune on."""
    index = OpenIndex(warm.index)
    with Catalogue(demo_catalogue) as catalogue:
        playlists = [
            np.array([row for s in playlist.song_ids if (row := index.songs.row_of(s)) is not None], np.int64)
            for playlist in catalogue.playlists()
        ]
    rows = np.flatnonzero(index.songs.alive)
    train = tuple(p for i, p in enumerate(playlists) if i % 4)
    yield Fold(index, train, tuple(playlists[::4]), rows[rows % 7 != 3])
    index.close()


class _Count:
    """Songs of which only the number is known."""

    def __init__(self, songs: int):
        self.songs = songs

    def __len__(self) -> int:
        return self.songs


@pytest.fixture(scope="session")
def bare() -> Any:
    """bare(playlists, songs, candidates): a fold of playlists alone."""

    def make(playlists: list[list[int]], songs: int, candidates: list[int] | None = None, tune: Any = ()) -> Fold:
        ranked: Rows = np.arange(songs) if candidates is None else np.array(candidates)
        index: Any = SimpleNamespace(songs=_Count(songs))
        return Fold(index, tuple(np.array(p, np.int64) for p in playlists), tuple(np.array(p) for p in tune), ranked)

    return make
