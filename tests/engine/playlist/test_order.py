"""Ordering: gaps hold, orders follow their arc, and what gives way is named."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.playlist.order import Costs, _build, _gains, keeps_gap, order, place_costs, widest_gap
from engine.playlist.tracks import Selection
from engine.playlist.transitions import transition_costs
from tests.engine.songs import songs, table

NAN = float("nan")
ARCS = ("flat", "rise", "fall", "peak", "wave")


@given(songs(min_size=1, max_size=20, artists=10), st.sampled_from(ARCS), st.integers(0, 2))
@settings(max_examples=150)
def test_an_order_is_a_permutation_and_always_the_same(some, arc, seed):
    ordered = order(Selection(some), arc=arc, variation=seed)
    assert sorted(ordered.songs.rows.tolist()) == sorted(some.rows.tolist())
    assert order(Selection(some), arc=arc, variation=seed).songs.rows.tolist() == ordered.songs.rows.tolist()


def gap_of(artists):
    """Other songs between the two nearest songs of one artist; 3 where none is nearer."""
    n = len(artists)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if artists[i] == artists[j] != -1]
    return min([3, *(j - i - 1 for i, j in pairs)])


@pytest.mark.parametrize("n", range(1, 7))
def test_the_gap_is_the_widest_that_any_order_has(n):
    """Brute force over every way to give n songs to artists."""
    for artists in sorted({tuple(sorted(a)) for a in product(range(n), repeat=n)}):
        best = max(gap_of(p) for p in set(permutations(artists)))
        assert widest_gap(list(Counter(artists).values())) == best
        ordered = order(Selection(table(n, artists=artists)))
        assert gap_of(ordered.songs.artists[:, 0].tolist()) == best
        assert bool(ordered.relaxed) == (best < 3)


@given(songs(min_size=2, max_size=30, artists=8), st.sampled_from(ARCS))
@settings(max_examples=200)
def test_the_gap_holds_in_longer_lists(some, arc):
    ordered = order(Selection(some), arc=arc)
    numbers = some.artist_numbers()
    assert gap_of(ordered.songs.artists[:, 0].tolist()) >= widest_gap(np.bincount(numbers).tolist())


def test_a_gap_that_gives_way_is_said_after_what_select_said():
    ordered = order(Selection(table(4, artists=[0, 0, 0, 1]), ("artist cap 2 -> 3: only 3 of 4 songs fit",)))
    assert ordered.relaxed == (
        "artist cap 2 -> 3: only 3 of 4 songs fit",
        "artist gap 3 -> 0: 3 of 4 songs are by one artist",
    )


def shape(arc, n):
    t = np.linspace(0, 1, n)
    return {"rise": t, "fall": -t, "peak": np.minimum(t * 1.5, (1 - t) * 3), "wave": -np.cos(4 * np.pi * t)}[arc]


@pytest.mark.parametrize("arc", ["rise", "fall", "peak", "wave"])
def test_energy_follows_the_arc(arc):
    rng = np.random.default_rng(7)
    audio = {"key": rng.integers(0, 12, 25), "mode": rng.integers(0, 2, 25), "tempo": rng.uniform(60, 180, 25)}
    some = table(25, energy=rng.random(25), scores=rng.normal(size=25), **audio)
    ordered = order(Selection(some), arc=arc)
    assert np.corrcoef(ordered.songs.energy, shape(arc, 25))[0, 1] > 0.9


def test_with_nothing_else_known_a_rise_is_sorted_and_an_unknown_energy_does_no_harm():
    rng = np.random.default_rng(0)
    energy = rng.permutation(np.linspace(0.1, 0.9, 12))
    assert np.all(np.diff(order(Selection(table(12, energy=energy)), arc="rise").songs.energy) > 0)
    energy[[3, 8]] = NAN
    ordered = order(Selection(table(12, energy=energy)), arc="rise").songs.energy
    assert np.corrcoef(ordered[~np.isnan(ordered)], np.arange(10))[0, 1] > 0.95


def test_nothing_known_leaves_the_order_of_relevance():
    for arc in ARCS:
        assert order(Selection(table(9)), arc=arc).songs.rows.tolist() == list(range(9))


def test_keys_that_clash_are_not_neighbours_where_that_can_be():
    """Two songs each in C major, G major and F sharp major: the wheel leaves one clash at least."""
    some = table(6, key=[0, 6, 7, 0, 6, 7], mode=[1] * 6, scores=[0.0] * 6)
    costs = transition_costs(order(Selection(some)).songs)
    assert (np.diagonal(costs, 1) > 0).sum() == 1


def test_half_and_double_time_are_neighbours():
    some = table(6, tempo=[60, 85, 120, 170, 60, 85], scores=[0.0] * 6)
    costs = transition_costs(order(Selection(some)).songs)
    assert (np.diagonal(costs, 1) > 1e-9).sum() == 1


def random_costs(n, rng):
    costs = rng.random((n, n))
    return np.triu(costs, 1) + np.triu(costs, 1).T


def cost_of(p, between, place):
    return between[p[:-1], p[1:]].sum() + place[p, np.arange(len(p))].sum()


@pytest.mark.parametrize("seed", range(6))
def test_a_gain_is_the_difference_of_the_whole_cost(seed):
    rng = np.random.default_rng(seed)
    n = 7
    between, place, built = random_costs(n, rng), rng.random((n, n)), rng.permutation(n)
    i, j = np.triu_indices(n, 1)
    exchange, forward, backward = _gains(built, Costs.tabled(between, place), i, j).reshape(3, -1)
    now = cost_of(built, between, place)
    for k, (a, b) in enumerate(zip(i, j, strict=True)):
        swapped = built.copy()
        swapped[[a, b]] = built[[b, a]]
        assert exchange[k] == pytest.approx(now - cost_of(swapped, between, place))
        onward = np.insert(np.delete(built, a), b, built[a])
        assert forward[k] == pytest.approx(now - cost_of(onward, between, place))
        back = np.insert(np.delete(built, b), a, built[b])
        assert backward[k] == pytest.approx(now - cost_of(back, between, place))


def test_orders_are_near_the_best_of_all():
    """Seven songs, all 5,040 orders: the share of what can be gained over the mean order."""
    everyone = np.array(list(permutations(range(7))))
    shares = []
    for seed, arc in product(range(8), ARCS):
        rng = np.random.default_rng(seed)
        audio = {"key": rng.integers(0, 12, 7), "mode": rng.integers(0, 2, 7), "tempo": rng.uniform(60, 180, 7)}
        some = table(7, scores=rng.normal(size=7), energy=rng.random(7), valence=rng.random(7), **audio)
        between, place = transition_costs(some), place_costs(some, arc)(np.arange(7)[:, None], np.arange(7))
        costs = between[everyone[:, :-1], everyone[:, 1:]].sum(1) + place[everyone, np.arange(7)].sum(1)
        found = order(Selection(some), arc=arc).songs.rows
        shares.append((costs.mean() - cost_of(found, between, place)) / (costs.mean() - costs.min()))
    assert min(shares) > 0.75
    assert np.mean(shares) > 0.96


@given(st.lists(st.integers(0, 5), min_size=2, max_size=14), st.integers(0, 1000))
@settings(max_examples=150)
def test_building_never_runs_into_a_dead_end(artists, seed):
    rng = np.random.default_rng(seed)
    numbers = np.unique(artists, return_inverse=True)[1]
    n, gap = len(artists), widest_gap(np.bincount(numbers).tolist())
    built = _build(Costs.tabled(rng.random((n, n)), rng.random((n, n))), numbers, gap)
    assert sorted(built.tolist()) == list(range(n))
    assert keeps_gap(numbers[built], gap)


def test_another_seed_is_another_order_as_smooth():
    rng = np.random.default_rng(2)
    some = table(20, key=rng.integers(0, 12, 20), mode=[1] * 20, energy=rng.random(20), tempo=rng.uniform(70, 160, 20))
    orders = [order(Selection(some), variation=seed).songs for seed in range(6)]
    smooth = [np.diagonal(transition_costs(o), 1).sum() for o in orders]
    assert len({tuple(o.rows.tolist()) for o in orders}) > 3
    assert max(smooth) < 1.5 * smooth[0]


def test_an_unknown_arc_is_a_mistake():
    with pytest.raises(ValueError, match="flat, rise, fall, peak, wave"):
        order(Selection(table(3)), arc="zigzag")  # type: ignore[arg-type]


@given(songs(min_size=2, max_size=25, artists=8), st.integers(0, 6), st.sampled_from(ARCS), st.integers(0, 1))
@settings(max_examples=150)
def test_pinned_songs_open_the_list_and_the_gap_behind_them_is_as_wide_as_can_be(some, pinned, arc, seed):
    pinned = min(pinned, len(some))
    ordered = order(Selection(some), arc=arc, variation=seed, pinned=pinned)
    rows = ordered.songs.rows.tolist()
    assert sorted(rows) == sorted(some.rows.tolist())
    assert rows[:pinned] == some.rows[:pinned].tolist()
    sentences = [s for s in ordered.relaxed if s.startswith("artist gap")]
    gap = int(sentences[0].split("-> ")[1][0]) if sentences else 3
    assert keeps_gap(ordered.songs.artist_numbers(), gap, pinned)


@pytest.mark.parametrize("n", range(2, 6))
def test_the_gap_behind_pinned_songs_is_the_widest_that_any_order_has(n):
    for artists in sorted(set(product(range(3), repeat=n))):
        rest = set(permutations(artists[1:]))
        gaps = [g for p in rest for g in range(4) if keeps_gap(np.array((artists[0], *p)), g, 1)]
        ordered = order(Selection(table(n, artists=artists)), pinned=1)
        assert keeps_gap(ordered.songs.artists[:, 0], max(gaps), 1)


@pytest.mark.parametrize(("arc", "seed"), [("flat", 0), ("wave", 3)])
def test_a_long_list_costs_as_a_short_one_though_nothing_is_tabled(monkeypatch, arc, seed):
    rng = np.random.default_rng(5)
    some = table(60, artists=rng.integers(0, 25, 60), key=rng.integers(0, 12, 60), mode=rng.integers(0, 2, 60),
                 energy=np.where(rng.random(60) < 0.2, NAN, rng.random(60)), tempo=[90.0] * 60)  # fmt: skip
    tabled = order(Selection(some), arc=arc, variation=seed).songs.rows.tolist()
    monkeypatch.setattr("engine.playlist.order.APART", 60)
    monkeypatch.setattr("engine.playlist.order.TABLED", 0)
    assert order(Selection(some), arc=arc, variation=seed).songs.rows.tolist() == tabled


def test_thousands_of_songs_are_put_in_order_in_little_memory():
    """n x n costs would be 50 MB each, and there are a dozen of them."""
    rng = np.random.default_rng(0)
    n = 2_500
    some = table(n, artists=rng.integers(0, 200, n), energy=rng.random(n), tempo=rng.uniform(60, 180, n))
    tracemalloc.start()
    ordered = order(Selection(some), arc="rise")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    assert gap_of_neighbours(ordered.songs.artists[:, 0]) == 3
    assert np.corrcoef(ordered.songs.energy, np.arange(n))[0, 1] > 0.9


def gap_of_neighbours(artists):
    return max(gap for gap in range(4) if keeps_gap(artists, gap))
