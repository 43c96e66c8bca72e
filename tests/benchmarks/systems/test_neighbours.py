"""Item-item cosine against loops, EASE against the least squares it is defined by."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.systems.playlists.counts import playlist_matrix
from benchmarks.systems.playlists.neighbours import Ease, ItemItem

SONGS = 9
PLAYLISTS = st.lists(st.lists(st.integers(0, SONGS - 1), min_size=1, max_size=6), min_size=2, max_size=8)


@settings(max_examples=40)
@given(PLAYLISTS, st.sampled_from(list(product([0, 1, 5], [0, 0.5, 1]))))
def test_item_item_is_the_formula(bare: Any, playlists: list[list[int]], chosen: tuple[float, float]) -> None:
    shrinkage, power = chosen
    peer = ItemItem()
    peer.learn(bare(playlists, SONGS), {"shrinkage": shrinkage, "power": power})
    held = [set(p) for p in playlists]
    weights = [len(p) ** -power for p in held]
    mean = sum(weights) / len(weights)

    def together(a: int, b: int) -> float:
        return sum(w / mean for w, p in zip(weights, held, strict=True) if a in p and b in p)

    seeds = [held[0].pop(), playlists[-1][0]]
    held[0].add(seeds[0])
    expected = [
        sum(
            together(s, c) / (np.sqrt(together(s, s) * together(c, c)) + shrinkage) for s in seeds if together(s, c) > 0
        )
        for c in range(SONGS)
    ]
    np.testing.assert_allclose(peer.score(np.array(seeds)), expected, atol=1e-12)


@settings(max_examples=25)
@given(PLAYLISTS, st.sampled_from([0.5, 3.0, 200.0]))
def test_ease_is_least_squares(bare: Any, playlists: list[list[int]], strength: float) -> None:
    """Column c of B: ridge regression of song c on all other songs. The two ways to it give the same."""
    fold = bare(playlists, SONGS)
    matrix = playlist_matrix(fold.train, SONGS).toarray()
    expected = np.zeros((SONGS, SONGS))
    for c in range(SONGS):
        others = np.delete(np.arange(SONGS), c)
        ridge = np.vstack([matrix[:, others], np.sqrt(strength) * np.eye(SONGS - 1)])
        target = np.concatenate([matrix[:, c], np.zeros(SONGS - 1)])
        expected[others, c] = np.linalg.lstsq(ridge, target)[0]
    seed = playlists[0][0]
    others = np.delete(np.arange(SONGS), seed)
    peer = Ease()
    peer.learn(fold, {"strength": strength})
    np.testing.assert_allclose(peer.score(np.array([seed]))[others], expected[seed, others], atol=1e-9)
    for learn in (
        lambda: peer._learn_by_songs(fold, strength, np.arange(SONGS)),
        lambda: peer._learn_by_playlists(fold, strength),
    ):
        learn()
        np.testing.assert_allclose(peer.score(np.array([seed]))[others], expected[seed, others], atol=1e-9)


def test_too_many_songs_leave_the_rarest_out(bare: Any) -> None:
    peer = Ease(largest=3)
    peer.fit(bare([[0, 1, 2], [0, 1, 2], [0, 1, 3], [0, 2, 4]], 6))
    assert "3 candidates in too few playlists left out" in peer.tuning
    assert peer.rank(np.array([0]), 2).tolist() == [1, 2]


def test_each_finds_the_other_half_of_its_scene(bare: Any) -> None:
    """Two scenes that never share a playlist, and a song that all playlists hold."""
    rng = np.random.default_rng(1)
    scenes = [list(range(0, 10)), list(range(10, 20))]
    playlists = [[*rng.permutation(scenes[i % 2])[:6].tolist(), 20] for i in range(40)]
    for make in (ItemItem, Ease):
        peer = make()
        peer.fit(bare(playlists[:30], 21, tune=playlists[30:]))
        assert set(peer.rank(np.array([3, 4]), 8).tolist()) <= {*scenes[0], 20}
        assert "10 tuning playlists" in peer.tuning


@pytest.mark.parametrize("make", [ItemItem, Ease])
def test_unknown_seeds_get_the_charts(make: Any, bare: Any) -> None:
    peer = make()
    peer.fit(bare([[0, 1], [1, 2], [1, 2]], 5))
    assert peer.rank(np.array([4]), 3).tolist() == [1, 2, 0]
