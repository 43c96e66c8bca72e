"""Sequencing: caps, versions and gaps hold, orders follow their arc, and what gives way is said."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.playlist.sequencing import (
    VERSION_OVERLAP,
    _build,
    _gains,
    _keeps_gap,
    _place_costs,
    order,
    select,
    widest_gap,
)
from engine.playlist.tracks import Selection
from engine.playlist.transitions import transition_costs
from tests.engine.songs import songs, table

NAN = float("nan")
ARCS = ("flat", "rise", "fall", "peak", "wave")


def heaviest(keys):
    return max(Counter(k for k in keys.tolist() if k != -1).values(), default=0)


# --- select -------------------------------------------------------------------------------------------------------


@given(songs(), st.integers(1, 12), st.integers(1, 3), st.one_of(st.none(), st.integers(1, 2)), st.integers(0, 3))
@settings(max_examples=200)
def test_no_rule_is_broken_in_silence(candidates, length, per_artist, per_album, seed):
    chosen = select(candidates, length, max_per_artist=per_artist, max_per_album=per_album, seed=seed)
    told = " / ".join(chosen.relaxed)
    rows = chosen.songs.rows.tolist()
    assert len(set(rows)) == len(rows) <= length
    assert set(rows) <= set(candidates.rows.tolist())
    named = [(a, t) for a, t in zip(chosen.songs.artists.tolist(), chosen.songs.stems, strict=True) if t]
    assert len(set(named)) == len(named), "two versions of one song"
    assert ("artist cap" in told) == (heaviest(chosen.songs.artists) > per_artist)
    assert ("album cap" in told) == (per_album is not None and heaviest(chosen.songs.albums) > per_album)
    assert ("no other song is left" in told) == (len(rows) < length)


@given(songs(), st.integers(1, 12))
@settings(max_examples=100)
def test_a_short_list_means_that_every_other_song_is_a_version_of_one_in_it(candidates, length):
    chosen = select(candidates, length)
    if len(chosen) < length:
        taken = set(chosen.songs.rows.tolist())
        named = set(zip(chosen.songs.artists.tolist(), chosen.songs.stems, strict=True))
        for row, artist, stem in zip(candidates.rows, candidates.artists, candidates.stems, strict=True):
            assert int(row) in taken or (stem and (int(artist), stem) in named)


@given(songs(), st.integers(1, 12), st.integers(0, 3), st.one_of(st.none(), st.integers(1, 2)))
@settings(max_examples=100)
def test_length_only_cuts(candidates, length, seed, per_album):
    longer = select(candidates, length + 3, seed=seed, max_per_album=per_album)
    shorter = select(candidates, length, seed=seed, max_per_album=per_album)
    assert shorter.songs.rows.tolist() == longer.songs.rows[:length].tolist()


@given(songs(), st.integers(1, 12))
@settings(max_examples=100)
def test_without_relaxing_it_is_the_plain_greedy_choice(candidates, length):
    chosen = select(candidates, length, max_per_artist=2)
    if chosen.relaxed:
        return
    expected, count, seen = [], Counter(), set()
    for i in sorted(range(len(candidates)), key=lambda i: (-candidates.scores[i], candidates.rows[i])):
        artist, stem = int(candidates.artists[i]), candidates.stems[i]
        if (artist != -1 and count[artist] == 2) or (stem and (artist, stem) in seen):
            continue
        count[artist] += 1
        seen.add((artist, stem))
        expected.append(int(candidates.rows[i]))
    assert chosen.songs.rows.tolist() == expected[:length]


def test_what_was_relaxed_is_said_in_order():
    """Nine songs, three by each of three artists, each artist with one album."""
    nine = table(9, artists=[0, 0, 0, 1, 1, 1, 2, 2, 2], albums=[0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert select(nine, 3, max_per_album=1).relaxed == ()
    assert select(nine, 6, max_per_album=1).relaxed == ("album cap 1 lifted: only 3 of 6 songs fit",)
    assert select(nine, 8).relaxed == ("artist cap 2 -> 3: only 6 of 8 songs fit",)
    assert select(nine, 12, max_per_album=1).relaxed == (
        "album cap 1 lifted: only 3 of 12 songs fit",
        "artist cap 2 -> 3: only 6 of 12 songs fit",
        "9 songs instead of 12: no other song is left",
    )
    assert select(nine, 8).songs.rows.tolist() == [0, 1, 3, 4, 6, 7, 2, 5], "songs that came by relaxing come last"


def test_versions_and_what_must_not_come():
    candidates = table(6, artists=[0, 0, 1, 2, 3, 4], stems=["rain", "rain", "rain", "sun", "moon", ""])
    seeds = table(1, rows=[77], artists=[3], stems=["moon"])
    assert select(candidates, 6, never=seeds).songs.rows.tolist() == [0, 2, 3, 5]
    assert select(candidates, 6, never=table(1, rows=[3], artists=[9])).songs.rows.tolist() == [0, 2, 4, 5]


def test_a_cover_is_a_version_if_the_words_are_the_same():
    asked = []

    def overlap(a, b):
        asked.append({a, b})
        return VERSION_OVERLAP if {a, b} == {10, 11} else 0.1

    candidates = table(4, rows=[10, 11, 12, 13], stems=["hallelujah", "hallelujah", "hallelujah", "other"])
    assert select(candidates, 4, overlap=overlap).songs.rows.tolist() == [10, 12, 13]
    assert asked == [{10, 11}, {10, 12}], "only songs of one title are compared, and by row"


def test_songs_by_unknown_artists_are_not_one_artist():
    assert len(select(table(5, artists=[-1] * 5), 5, max_per_artist=1).relaxed) == 0


def test_another_seed_is_another_list_of_nearly_the_same_relevance():
    rng = np.random.default_rng(0)
    candidates = table(400, scores=rng.normal(size=400), artists=rng.integers(0, 150, 400))
    rank = {int(r): i for i, r in enumerate(np.lexsort((candidates.rows, -candidates.scores)))}
    plain = select(candidates, 25)
    lists = [select(candidates, 25, seed=seed).songs.rows.tolist() for seed in range(1, 21)]
    assert lists[0] == select(candidates, 25, seed=1).songs.rows.tolist()
    shared = [len(set(rows) & set(plain.songs.rows.tolist())) for rows in lists]
    assert 10 <= np.mean(shared) <= 22
    assert np.mean([rank[r] for rows in lists for r in rows]) < 30, "plain songs have mean rank 13"
    assert select(candidates, 25, seed=5, variation=0.0).songs.rows.tolist() == plain.songs.rows.tolist()


@pytest.mark.parametrize("wrong", [{"length": 0}, {"max_per_artist": 0}, {"max_per_album": 0}])
def test_less_than_one_is_a_mistake(wrong):
    with pytest.raises(ValueError, match="expected 1 or more"):
        select(table(3), **{"length": 2, **wrong})


def test_no_candidates_is_an_empty_list_that_says_so():
    assert select(table(0), 3).relaxed == ("0 songs instead of 3: no other song is left",)
    assert select(table(0), 3, seed=1).songs.rows.tolist() == []


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="stems has 1 entries, rows has 2"):
        table(2, stems=["one"])
    with pytest.raises(ValueError, match="row 4 is a candidate twice"):
        table(3, rows=[2, 4, 4])
    with pytest.raises(ValueError, match="row 1 has no score"):
        table(2, scores=[1.0, NAN])


# --- order --------------------------------------------------------------------------------------------------------


@given(songs(min_size=1, max_size=20, artists=10), st.sampled_from(ARCS), st.integers(0, 2))
@settings(max_examples=150)
def test_an_order_is_a_permutation_and_always_the_same(some, arc, seed):
    ordered = order(Selection(some), arc=arc, seed=seed)
    assert sorted(ordered.songs.rows.tolist()) == sorted(some.rows.tolist())
    assert order(Selection(some), arc=arc, seed=seed).songs.rows.tolist() == ordered.songs.rows.tolist()


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
        assert gap_of(ordered.songs.artists.tolist()) == best
        assert bool(ordered.relaxed) == (best < 3)


@given(songs(min_size=2, max_size=30, artists=8), st.sampled_from(ARCS))
@settings(max_examples=200)
def test_the_gap_holds_in_longer_lists(some, arc):
    ordered = order(Selection(some), arc=arc)
    numbers = some.artist_numbers()
    assert gap_of(ordered.songs.artists.tolist()) >= widest_gap(np.bincount(numbers).tolist())


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
    edges = np.zeros((n + 1, n + 1))
    edges[:n, :n] = between
    i, j = np.triu_indices(n, 1)
    exchange, forward, backward = _gains(built, edges, place, i, j).reshape(3, -1)
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
        between, place = transition_costs(some), _place_costs(some, arc)
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
    built = _build(rng.random((n, n)), rng.random((n, n)), numbers, gap)
    assert sorted(built.tolist()) == list(range(n))
    assert _keeps_gap(numbers[built], gap)


def test_another_seed_is_another_order_as_smooth():
    rng = np.random.default_rng(2)
    some = table(20, key=rng.integers(0, 12, 20), mode=[1] * 20, energy=rng.random(20), tempo=rng.uniform(70, 160, 20))
    orders = [order(Selection(some), seed=seed).songs for seed in range(6)]
    smooth = [np.diagonal(transition_costs(o), 1).sum() for o in orders]
    assert len({tuple(o.rows.tolist()) for o in orders}) > 3
    assert max(smooth) < 1.5 * smooth[0]


def test_an_unknown_arc_is_a_mistake():
    with pytest.raises(ValueError, match="flat, rise, fall, peak, wave"):
        order(Selection(table(3)), arc="zigzag")  # type: ignore[arg-type]
