"""Co-occurrence against a brute-force count over all pairs, and against answers known by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models.cooccurrence import CoOccurrence, CoOccurrenceConfig

SONGS = 12
PLAYLISTS = st.lists(st.lists(st.integers(0, SONGS - 1), min_size=1, max_size=8), max_size=10)


def by_hand(playlists: list[list[int]], a: int, b: int, shrinkage: float) -> float:
    """The formula of the docstring, pair by pair."""
    sets = [set(songs) for songs in playlists]
    weight = [1 / math.sqrt(len(songs)) for songs in sets]
    both = sum(w for w, songs in zip(weight, sets, strict=True) if {a, b} <= songs)
    each = [sum(w for w, songs in zip(weight, sets, strict=True) if song in songs) for song in (a, b)]
    return both / (math.sqrt(each[0] * each[1]) + shrinkage * sum(weight) / len(weight)) if both else 0.0


@given(playlists=PLAYLISTS, shrinkage=st.sampled_from([0.0, 1.0, 5.0]))
def test_values_are_the_shrunk_cosine_of_weighted_playlists(playlists: list[list[int]], shrinkage: float) -> None:
    config = CoOccurrenceConfig(shrinkage)
    near = CoOccurrence.of_playlists([np.array(songs) for songs in playlists], SONGS, config)
    for song in range(SONGS):
        rows, values = near.of(song)
        found = dict(zip(rows.tolist(), values.tolist(), strict=True))
        expected = {other: by_hand(playlists, song, other, shrinkage) for other in range(SONGS) if other != song}
        assert found == pytest.approx({other: value for other, value in expected.items() if value > 0}, rel=1e-5)
        assert (np.diff(rows) > 0).all()


@given(playlists=PLAYLISTS, seeds=st.lists(st.integers(0, SONGS - 1), min_size=1, max_size=4, unique=True))
def test_the_mean_over_seeds_is_the_mean_of_the_pairs(playlists: list[list[int]], seeds: list[int]) -> None:
    near = CoOccurrence.of_playlists([np.array(songs) for songs in playlists], SONGS, CoOccurrenceConfig(1.0))
    rows, values = near.mean(seeds)
    dense = np.zeros(SONGS)
    dense[rows] = values
    expected = np.mean([[0 if s == o else by_hand(playlists, s, o, 1.0) for o in range(SONGS)] for s in seeds], axis=0)
    np.testing.assert_allclose(dense, expected, rtol=1e-5)
    assert (np.diff(rows) > 0).all()


def test_a_pair_met_often_is_nearer_than_one_met_once_by_rare_songs() -> None:
    playlists = [np.array([0, 1])] * 9 + [np.array([2, 3])]
    near = CoOccurrence.of_playlists(playlists, 4)
    assert near.of(0)[1][0] > near.of(2)[1][0]
    bare = CoOccurrence.of_playlists(playlists, 4, CoOccurrenceConfig(shrinkage=0.0))
    assert bare.of(0)[1][0] == pytest.approx(1.0) == bare.of(2)[1][0]


def test_a_song_named_twice_in_a_playlist_counts_once() -> None:
    twice = CoOccurrence.of_playlists([np.array([0, 1, 1, 0])], 2)
    once = CoOccurrence.of_playlists([np.array([0, 1])], 2)
    assert twice.of(0)[1].tolist() == once.of(0)[1].tolist()


def test_of_a_song_in_very_many_playlists_the_shortest_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.models.cooccurrence.MOST_PLAYLISTS", 2)
    near = CoOccurrence.of_playlists([np.array([0, 1, 2, 3]), np.array([0, 4]), np.array([0, 5, 6])], 7)
    assert near.of(0)[0].tolist() == [4, 5, 6]


def test_no_playlists_and_no_seeds() -> None:
    near = CoOccurrence.of_playlists([], 3)
    assert [len(near.of(song)[0]) for song in range(3)] == [0, 0, 0]
    assert [len(part) for part in near.mean([0, 2])] == [0, 0]
    assert [len(part) for part in near.mean([])] == [0, 0]
