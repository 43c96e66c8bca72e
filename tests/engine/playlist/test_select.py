"""Selecting: caps and versions hold, what gives way is named, a duration is filled as nearly as can be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.playlist.select import NEAR_ENOUGH, Rules, fill, select
from engine.playlist.versions import VERSION_OVERLAP
from tests.engine.songs import named, songs, table

NAN = float("nan")


def heaviest(keys):
    return max(Counter(k for k in keys.ravel().tolist() if k != -1).values(), default=0)


@given(songs(), st.integers(1, 12), st.integers(1, 3), st.one_of(st.none(), st.integers(1, 2)), st.integers(0, 3))
@settings(max_examples=200)
def test_no_rule_is_broken_in_silence(candidates, length, per_artist, per_album, seed):
    chosen = select(candidates, length, Rules(max_per_artist=per_artist, max_per_album=per_album, variation=seed))
    told = " / ".join(chosen.relaxed)
    rows = chosen.songs.rows.tolist()
    assert len(set(rows)) == len(rows) <= length
    assert set(rows) <= set(candidates.rows.tolist())
    pairs = named(chosen.songs)
    assert len(set(pairs)) == len(pairs), "two versions of one song"
    assert ("artist cap" in told) == (heaviest(chosen.songs.artists) > per_artist)
    assert ("album cap" in told) == (per_album is not None and heaviest(chosen.songs.albums) > per_album)
    assert ("no other song is left" in told) == (len(rows) < length)


@given(songs(), st.integers(1, 12))
@settings(max_examples=100)
def test_a_short_list_means_that_every_other_song_is_a_version_of_one_in_it(candidates, length):
    chosen = select(candidates, length)
    if len(chosen) < length:
        taken = set(chosen.songs.rows.tolist())
        pairs = set(named(chosen.songs))
        for i, row in enumerate(candidates.rows.tolist()):
            assert row in taken or pairs.intersection(named(candidates.take([i])))


@given(songs(), st.integers(1, 12), st.integers(0, 3), st.one_of(st.none(), st.integers(1, 2)))
@settings(max_examples=100)
def test_length_only_cuts(candidates, length, seed, per_album):
    longer = select(candidates, length + 3, Rules(variation=seed, max_per_album=per_album))
    shorter = select(candidates, length, Rules(variation=seed, max_per_album=per_album))
    assert shorter.songs.rows.tolist() == longer.songs.rows[:length].tolist()


@given(songs(), st.integers(1, 12))
@settings(max_examples=100)
def test_without_relaxing_it_is_the_plain_greedy_choice(candidates, length):
    chosen = select(candidates, length, Rules(max_per_artist=2))
    if chosen.relaxed:
        return
    expected, count, seen = [], Counter(), set()
    for i in sorted(range(len(candidates)), key=lambda i: (-candidates.scores[i], candidates.rows[i])):
        artists, pairs = candidates.artists_of(i), named(candidates.take([i]))
        if any(count[artist] == 2 for artist in artists) or seen.intersection(pairs):
            continue
        count.update(artists)
        seen.update(pairs)
        expected.append(int(candidates.rows[i]))
    assert chosen.songs.rows.tolist() == expected[:length]


def test_what_was_relaxed_is_said_in_order():
    """Nine songs, three by each of three artists, each artist with one album."""
    nine = table(9, artists=[0, 0, 0, 1, 1, 1, 2, 2, 2], albums=[0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert select(nine, 3, Rules(max_per_album=1)).relaxed == ()
    assert select(nine, 6, Rules(max_per_album=1)).relaxed == ("album cap 1 lifted: only 3 of 6 songs fit",)
    assert select(nine, 8).relaxed == ("artist cap 2 -> 3: only 6 of 8 songs fit",)
    assert select(nine, 12, Rules(max_per_album=1)).relaxed == (
        "album cap 1 lifted: only 3 of 12 songs fit",
        "artist cap 2 -> 3: only 6 of 12 songs fit",
        "9 songs instead of 12: no other song is left",
    )
    assert select(nine, 8).songs.rows.tolist() == [0, 1, 3, 4, 6, 7, 2, 5], "songs that came by relaxing come last"


def test_a_song_uses_up_the_cap_of_each_of_its_artists():
    """A guest's own songs, and songs that share a guest, have no room beside it."""
    some = table(5, artists=[[0, 1], [1, -1], [0, -1], [2, 1], [3, -1]])
    assert select(some, 2, Rules(max_per_artist=1)).songs.rows.tolist() == [0, 4]
    more = select(some, 3, Rules(max_per_artist=1))
    assert (more.songs.rows.tolist(), more.relaxed) == ([0, 4, 1], ("artist cap 1 -> 2: only 2 of 3 songs fit",))


def test_versions_and_what_must_not_come():
    candidates = table(6, artists=[0, 0, 1, 2, 3, 4], stems=["rain", "rain", "rain", "sun", "moon", ""])
    seeds = table(1, rows=[77], artists=[3], stems=["moon"])
    assert select(candidates, 6, Rules(never=seeds)).songs.rows.tolist() == [0, 2, 3, 5]
    assert select(candidates, 6, Rules(never=table(1, rows=[3], artists=[9]))).songs.rows.tolist() == [0, 2, 4, 5]


def test_a_cover_is_a_version_if_the_words_are_the_same():
    asked = []

    def overlap(a, b):
        asked.append({a, b})
        return VERSION_OVERLAP if {a, b} == {10, 11} else 0.1

    candidates = table(4, rows=[10, 11, 12, 13], stems=["hallelujah", "hallelujah", "hallelujah", "other"])
    assert select(candidates, 4, Rules(overlap=overlap)).songs.rows.tolist() == [10, 12, 13]
    assert asked == [{10, 11}, {10, 12}], "only songs of one title are compared, and by row"


def test_songs_by_unknown_artists_are_not_one_artist():
    namesakes = table(5, artists=[-1] * 5, stems=["intro"] * 5)
    chosen = select(namesakes, 5, Rules(max_per_artist=1))
    assert (len(chosen), chosen.relaxed) == (5, ()), "nor are those of one title versions of each other"
    same_words = select(namesakes, 5, Rules(overlap=lambda a, b: float({a, b} == {0, 3})))
    assert same_words.songs.rows.tolist() == [0, 1, 2, 4], "unless their words say so"


def test_another_seed_is_another_list_of_nearly_the_same_relevance():
    rng = np.random.default_rng(0)
    candidates = table(400, scores=rng.normal(size=400), artists=rng.integers(0, 150, 400))
    rank = {int(r): i for i, r in enumerate(np.lexsort((candidates.rows, -candidates.scores)))}
    plain = select(candidates, 25)
    lists = [select(candidates, 25, Rules(variation=seed)).songs.rows.tolist() for seed in range(1, 21)]
    assert lists[0] == select(candidates, 25, Rules(variation=1)).songs.rows.tolist()
    shared = [len(set(rows) & set(plain.songs.rows.tolist())) for rows in lists]
    assert 10 <= np.mean(shared) <= 22
    assert np.mean([rank[r] for rows in lists for r in rows]) < 30, "plain songs have mean rank 13"


@pytest.mark.parametrize(("length", "caps"), [(0, {}), (2, {"max_per_artist": 0}), (2, {"max_per_album": 0})])
def test_less_than_one_is_a_mistake(length, caps):
    with pytest.raises(ValueError, match="expected 1 or more"):
        select(table(3), length, Rules(**caps))


def test_no_candidates_is_an_empty_list_that_says_so():
    assert select(table(0), 3).relaxed == ("0 songs instead of 3: no other song is left",)
    assert select(table(0), 3, Rules(variation=1)).songs.rows.tolist() == []


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="stems has 1 entries, rows has 2"):
        table(2, stems=["one"])
    with pytest.raises(ValueError, match="row 4 is a candidate twice"):
        table(3, rows=[2, 4, 4])
    with pytest.raises(ValueError, match="row 1 has no score"):
        table(2, scores=[1.0, NAN])


@given(songs(min_size=8), st.integers(1, 6), st.integers(1, 6), st.integers(1, 2))
@settings(max_examples=150)
def test_songs_that_stand_in_the_list_count_under_the_caps(candidates, first, more, per_album):
    """Two selections one after the other keep the caps as one does, or name the cap that they break."""
    begun = select(candidates, first, Rules(max_per_album=per_album)).songs
    chosen = select(candidates, more, Rules(max_per_album=per_album, before=begun))
    everyone = begun.followed_by(chosen.songs)
    sentences = " / ".join(chosen.relaxed)
    pairs = named(everyone)
    assert len(set(pairs)) == len(pairs), "two versions of one song"
    assert ("artist cap" in sentences) == (heaviest(everyone.artists) > 2)
    assert ("album cap" in sentences) == (heaviest(everyone.albums) > per_album)


@given(songs(min_size=2, max_size=40, artists=30, titles=200), st.integers(1, 20), st.integers(60_000, 4_000_000))
@settings(max_examples=150)
def test_a_duration_is_filled_under_the_rules_or_it_is_said(candidates, length, wanted):
    chosen = fill(candidates, wanted, length, Rules(max_per_album=2))
    sentences = " / ".join(chosen.relaxed)
    rows = chosen.songs.rows.tolist()
    assert len(set(rows)) == len(rows) <= length
    known = candidates.duration_ms[~np.isnan(candidates.duration_ms)]
    usual = np.median(known) if len(known) else 210_000
    lasts = np.where(np.isnan(chosen.songs.duration_ms), usual, chosen.songs.duration_ms)
    assert ("instead of" in sentences) == (abs(lasts.sum() - wanted) > NEAR_ENOUGH)
    assert ("unknown duration" in sentences) == bool(np.isnan(chosen.songs.duration_ms).any())
    assert ("artist cap" in sentences) == (heaviest(chosen.songs.artists) > 2)
    assert ("album cap" in sentences) == (heaviest(chosen.songs.albums) > 2)
    pairs = named(chosen.songs)
    assert len(set(pairs)) == len(pairs)


def test_of_the_next_songs_the_one_that_fits_best_comes_last():
    minutes = np.array([3, 3, 3, 5, 4, 2, 1]) * 60_000.0
    candidates = table(7, duration_ms=minutes)
    assert fill(candidates, 600_000, 20).songs.rows.tolist() == [0, 1, 4], "3 + 3 + 4 = 10"
    assert fill(candidates, 540_000, 20).songs.rows.tolist() == [0, 1, 2]
    assert fill(candidates, 30_000, 20).songs.rows.tolist() == [6], "the shortest"


def test_a_duration_out_of_reach_is_said_with_the_reason():
    candidates = table(3, duration_ms=[180_000.0, NAN, 200_000.0])
    assert fill(candidates, 3_600_000, 20).relaxed == (
        "1 song of unknown duration is counted as 3:10, as long as songs usually last",
        "lasts 9:30 instead of 1:00:00: no songs fit better",
    )
    assert fill(candidates, 3_600_000, 2).relaxed[-1] == "lasts 6:30 instead of 1:00:00: 2 songs are the most"
    long = table(20, artists=range(20), duration_ms=[180_000.0] * 10 + [240_000.0] * 10)
    assert fill(long, 2_000_000, 10).relaxed == (), "30:00, and one of the ten exchanged three times is none too many"
    seeds = table(1, rows=[99], artists=[99], stems=["seed"], duration_ms=[180_000.0])
    assert len(fill(candidates, 360_000, 20, Rules(before=seeds)).songs) == 1, "songs before last too"
