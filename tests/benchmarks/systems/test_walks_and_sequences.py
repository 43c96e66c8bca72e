"""RP3beta against its formula; VSKNN against its own, and by the order of seeds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmarks.systems.playlists.sequences import Vsknn
from benchmarks.systems.playlists.walks import Rp3Beta

PLAYLISTS = [[0, 1, 2], [1, 2, 3, 4], [0, 4], [5, 1]]
SONGS = 7


def counts() -> list[int]:
    return [sum(song in playlist for playlist in PLAYLISTS) for song in range(SONGS)]


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.6, 0.4)])
def test_rp3beta_is_the_formula(bare: Any, alpha: float, beta: float) -> None:
    peer = Rp3Beta()
    peer.learn(bare(PLAYLISTS, SONGS), {"alpha": alpha, "beta": beta})
    n = counts()
    seeds = [0, 1]
    expected = [
        sum(
            n[s] ** -alpha * len(p) ** -alpha * max(n[c], 1) ** -beta
            for s in seeds
            for p in PLAYLISTS
            if s in p and c in p
        )
        for c in range(SONGS)
    ]
    np.testing.assert_allclose(peer.score(np.array(seeds)), expected)


def test_a_walk_ends_somewhere(bare: Any) -> None:
    peer = Rp3Beta()
    peer.learn(bare(PLAYLISTS, SONGS), {"alpha": 1.0, "beta": 0.0})
    assert peer.score(np.array([1])).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("neighbours", [10, 2])
def test_vsknn_is_the_formula(bare: Any, neighbours: int) -> None:
    peer = Vsknn()
    peer.learn(bare(PLAYLISTS, SONGS), {"neighbours": neighbours, "idf": 0.5})
    seeds, n = [2, 0, 5], counts()
    likeness = [sum((i + 1) / 3 for i, s in enumerate(seeds) if s in p) / math.sqrt(len(p)) for p in PLAYLISTS]
    nearest = sorted(range(len(PLAYLISTS)), key=lambda i: -likeness[i])[:neighbours]
    expected = [
        sum(likeness[i] for i in nearest if c in PLAYLISTS[i]) * math.log(len(PLAYLISTS) / max(n[c], 1)) ** 0.5
        for c in range(SONGS)
    ]
    np.testing.assert_allclose(peer.score(np.array(seeds)), expected, atol=1e-9)


def test_the_last_seed_counts_most(bare: Any) -> None:
    peer = Vsknn()
    peer.learn(bare([[0, 2], [1, 3]], 4), {"neighbours": 10, "idf": 0})
    assert peer.rank(np.array([0, 1]), 1).tolist() == [3]
    assert peer.rank(np.array([1, 0]), 1).tolist() == [2]
