"""Popularity and same artist, counted by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from benchmarks.systems.simple import Popularity, Random, SameArtist
from benchmarks.systems.system import Fold


def test_popularity_counts_playlists(bare: Any) -> None:
    peer = Popularity()
    peer.fit(bare([[0, 4, 4], [4, 2], [2, 4], [5]], 6, candidates=[1, 2, 4, 5]))
    assert peer.rank(np.array([0]), 10).tolist() == [4, 2, 5, 1]
    assert peer.rank(np.array([4]), 2).tolist() == [2, 5]
    assert peer.search("anything", 2).tolist() == [4, 2]


def test_popularity_on_the_demo(fold: Fold) -> None:
    peer = Popularity()
    peer.fit(fold)
    counts = Counter(row for playlist in (*fold.train, *fold.tune) for row in playlist.tolist())
    expected = sorted(fold.candidates.tolist(), key=lambda row: (-counts[row], row))
    assert peer.rank(np.zeros(0, np.int64), 500).tolist() == expected


def test_the_seeds_artists_come_first(fold: Fold) -> None:
    peer = SameArtist()
    peer.fit(fold)
    counts = Counter(row for playlist in (*fold.train, *fold.tune) for row in playlist.tolist())
    artists = fold.index.songs.artists
    seeds = fold.candidates[[0, 100]]
    theirs = {artists[row] for row in seeds.tolist()}
    expected = sorted(
        set(fold.candidates.tolist()) - set(seeds.tolist()),
        key=lambda row: (artists[row] not in theirs, -counts[row], row),
    )
    assert peer.rank(seeds, 500).tolist() == expected


def test_chance_differs_by_seeds(bare: Any) -> None:
    peer = Random()
    peer.fit(bare([[0]], 50))
    one, other = peer.rank(np.array([1]), 50), peer.rank(np.array([2]), 50)
    assert sorted([*one.tolist(), 1]) == sorted([*other.tolist(), 2]) == list(range(50))
    assert one.tolist() != other.tolist()
