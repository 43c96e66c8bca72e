"""Paths: both ends, even and rising steps, caps and versions, and the best of all paths on small cases."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.playlist.path import SAME_ARTIST, TRANSITION_WEIGHT, path
from engine.playlist.transitions import transition_costs
from indexer.errors import RequestError
from tests.engine.songs import named, songs, table


def on_arc(degrees):
    radians = np.radians(np.asarray(degrees, dtype=float))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def unit(rng, n, d):
    vectors = rng.normal(size=(n, d))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


ENDS = table(2, rows=[900, 901], artists=[900, 901], stems=["from", "to"])


def progress(vectors, ends):
    angle = np.arccos(ends[0] @ ends[1])
    sideways = (ends[1] - np.cos(angle) * ends[0]) / np.sin(angle)
    return np.arctan2(vectors @ sideways, vectors @ ends[0]) / angle


def test_songs_that_lie_on_the_way_are_taken_in_their_order():
    degrees = [60, 15, 75, 30, 45, 5, 85, 20]
    found = path(table(8), on_arc(degrees), ENDS, on_arc([0, 90]), 7)
    assert found.songs.rows.tolist() == [900, 1, 3, 4, 0, 2, 901]
    assert found.relaxed == ()


def test_two_songs_are_the_shortest_path():
    assert path(table(3), on_arc([10, 20, 30]), ENDS, on_arc([0, 90]), 2).songs.rows.tolist() == [900, 901]


@given(songs(min_size=12, max_size=40, artists=12, titles=60), st.integers(2, 9), st.integers(0, 10**6))
@settings(max_examples=100)
def test_both_ends_no_repeats_no_versions_rising_progress_and_no_rule_broken_in_silence(candidates, length, seed):
    rng = np.random.default_rng(seed)
    vectors, ends = unit(rng, len(candidates), 6), unit(rng, 2, 6)
    found = path(candidates, vectors, ENDS, ends, length, max_per_album=2)
    rows = found.songs.rows.tolist()
    told = " / ".join(found.relaxed)
    assert (rows[0], rows[-1]) == (900, 901)
    assert len(set(rows)) == len(rows)
    assert len(rows) == length or "no other song is left" in told
    where = {int(row): i for i, row in enumerate(candidates.rows)}
    along = progress(vectors[[where[r] for r in rows[1:-1]]], ends)
    assert (np.diff(along) >= 0).all()
    assert ("beyond the two ends" in told) == bool(((along <= 0) | (along >= 1)).any())
    assert ("artist cap" in told) or found.songs.most_of("artists") <= 2
    albums = Counter(a for a in found.songs.albums.tolist() if a != -1)
    assert ("album cap" in told) or max(albums.values(), default=0) <= 2
    pairs = named(found.songs)
    assert len(set(pairs)) == len(pairs)
    again = path(candidates, vectors, ENDS, ends, length, max_per_album=2)
    assert again.songs.rows.tolist() == rows


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_paths(seed):
    """Nine candidates, three places between the ends: 504 sequences, those with rising progress compared."""
    rng = np.random.default_rng(seed)
    some = table(9, artists=rng.integers(0, 9, 9), energy=rng.random(9), tempo=rng.uniform(60, 180, 9))
    ends = on_arc([0, 80])
    vectors = on_arc(rng.uniform(1, 79, 9))
    everyone = ENDS.followed_by(some)
    costs = TRANSITION_WEIGHT * transition_costs(everyone)
    artists = everyone.artist_numbers()
    costs += SAME_ARTIST * (artists[:, None] == artists)
    far = 1 - vectors @ on_arc([20, 40, 60]).T
    along = progress(vectors, ends)

    def cost(a, b, c):
        steps = [0, a + 2, b + 2, c + 2, 1]
        return far[a, 0] + far[b, 1] + far[c, 2] + sum(costs[x, y] for x, y in pairwise(steps))

    rising = [p for p in permutations(range(9), 3) if along[p[0]] < along[p[1]] < along[p[2]]]
    best = min(rising, key=lambda p: cost(*p))
    found = path(some, vectors, ENDS, ends, 5, max_per_artist=9)
    assert found.songs.rows[1:-1].tolist() == list(best)


def test_a_cap_chooses_the_songs_of_an_artist_that_fit_best():
    """Three of four songs on the way are by artist 5; the end is by artist 901."""
    candidates = table(6, artists=[5, 5, 5, 7, 8, 901])
    vectors = on_arc([30, 47, 60, 33, 57, 44])
    found = path(candidates, vectors, ENDS, on_arc([0, 90]), 5, max_per_artist=1)
    assert Counter(found.songs.artists[:, 0].tolist()).most_common(1)[0][1] == 1
    assert found.relaxed == ()
    assert 901 in path(candidates, vectors, ENDS, on_arc([0, 90]), 8, max_per_artist=1).songs.artists[1:-1, 0].tolist()


def test_what_gives_way_is_said():
    candidates = table(4, artists=[5, 5, 5, 5], albums=[1, 1, 1, 1])
    found = path(candidates, on_arc([20, 40, 60, -10]), ENDS, on_arc([0, 90]), 6, max_per_artist=1, max_per_album=1)
    assert found.relaxed == (
        "songs beyond the two ends are used: only 3 lie between them",
        "album cap 1 lifted: too few songs lie on the way",
        "artist cap 1 -> 4: too few songs lie on the way",
    )
    assert path(candidates, on_arc([20, 40, 60, 70]), ENDS, on_arc([0, 90]), 9, max_per_artist=4).relaxed == (
        "6 songs instead of 9: no other song is left",
    )


def test_neither_the_ends_nor_their_versions_come_again():
    candidates = table(4, rows=[900, 1, 2, 3], artists=[900, 900, 3, 4], stems=["from", "from", "to", "other"])
    vectors = on_arc([0, 30, 50, 60])
    shares = {frozenset((2, 901)): 0.9}
    found = path(candidates, vectors, ENDS, on_arc([0, 90]), 3, overlap=lambda a, b: shares.get(frozenset((a, b)), 0.0))
    assert found.songs.rows.tolist() == [900, 3, 901]


@pytest.mark.parametrize(
    ("ends", "length", "message"),
    [
        ([0, 0], 5, "in the same place"),
        ([0, 180], 5, "exactly opposite"),
        ([0, 90], 1, r"is 1, expected 2\.\.200"),
        ([0, 90], 201, r"is 201, expected 2\.\.200"),
    ],
)
def test_paths_that_cannot_be(ends, length, message):
    with pytest.raises((ValueError, RequestError), match=message):
        path(table(3), on_arc([1, 2, 3]), ENDS, on_arc(ends), length)


def test_vectors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="vectors has shape"):
        path(table(3), on_arc([1, 2]), ENDS, on_arc([0, 90]), 5)
    with pytest.raises(ValueError, match="length 0, expected 1"):
        path(table(1), np.zeros((1, 2)), ENDS, on_arc([0, 90]), 5)
    with pytest.raises(ValueError, match="max_per_artist is 0"):
        path(table(1), on_arc([1]), ENDS, on_arc([0, 90]), 5, max_per_artist=0)


def cost_of(found, candidates, vectors, ends):
    """The whole cost of a path, as `path` has it."""
    where = {int(row): i for i, row in enumerate(candidates.rows)}
    inner = [where[int(row)] for row in found.songs.rows[1:-1]]
    angle = np.arccos(ends[0] @ ends[1])
    sideways = (ends[1] - np.cos(angle) * ends[0]) / np.sin(angle)
    angles = np.linspace(0, angle, len(inner) + 2)[1:-1]
    waypoints = np.cos(angles)[:, None] * ends[0] + np.sin(angles)[:, None] * sideways
    everyone = ENDS.followed_by(candidates)
    numbers = [0, *(i + 2 for i in inner), 1]
    artists = everyone.artist_numbers()[numbers]
    steps = TRANSITION_WEIGHT * transition_costs(everyone)[numbers[:-1], numbers[1:]]
    steps = steps + SAME_ARTIST * (artists[1:] == artists[:-1])
    return (1 - (vectors[inner] * waypoints).sum(axis=1)).sum() + steps.sum()


@pytest.mark.parametrize("seed", range(3))
def test_looking_at_the_nearest_candidates_alone_costs_hardly_more(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    n = 500
    some = table(n, artists=rng.integers(0, 300, n), energy=rng.random(n), tempo=rng.uniform(60, 180, n))
    vectors, ends = unit(rng, n, 5), unit(rng, 2, 5)
    narrow = cost_of(path(some, vectors, ENDS, ends, 20, max_per_artist=20), some, vectors, ends)
    monkeypatch.setattr("engine.playlist.path.LOOKED", n)
    best = cost_of(path(some, vectors, ENDS, ends, 20, max_per_artist=20), some, vectors, ends)
    assert best <= narrow + 1e-9
    assert narrow < 1.02 * best


@pytest.mark.parametrize("artists", [800, 50, 1])
def test_two_hundred_songs_are_found_by_bounded_work(artists):
    """However few artists there are, one search after another ends, and no cap is broken in silence."""
    rng = np.random.default_rng(0)
    n = 1_100  # more than are tabled
    some = table(n, artists=rng.integers(0, artists, n), energy=rng.random(n), tempo=rng.uniform(60, 180, n))
    vectors, ends = unit(rng, n, 12), unit(rng, 2, 12)
    found = path(some, vectors, ENDS, ends, 200)
    assert len(found) == 200
    along = progress(vectors[found.songs.rows[1:-1]], ends)
    assert (np.diff(along) >= 0).all()
    most = max(Counter(found.songs.artists[:, 0].tolist()).values())
    assert ("artist cap" in " / ".join(found.relaxed)) == (most > 2)
    assert most <= max(2, -(-198 // artists) + 1)


def test_under_two_caps_a_song_that_its_album_has_no_room_for_takes_no_place_of_the_artist():
    """Artist 5 has two songs on album 1 and one on album 2: under both caps one of each stays."""
    candidates = table(4, artists=[5, 5, 5, 7], albums=[1, 1, 2, 3])
    found = path(candidates, on_arc([20, 22, 50, 70]), ENDS, on_arc([0, 90]), 5, max_per_artist=2, max_per_album=1)
    assert found.relaxed == ()
    assert found.songs.rows.tolist()[2:] == [2, 3, 901]
