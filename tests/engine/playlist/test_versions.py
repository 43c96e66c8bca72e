"""Versions and caps of plain answers: the better of two versions stays, caps are those of a greedy choice."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.playlist.versions import VERSION_OVERLAP, capped, lyric_overlap, without_other_versions
from indexer.text.names import stem_number


class Catalogue(SimpleNamespace):
    """The columns of `Songs` that are read."""

    def column(self, name):
        own = self.artist_codes if name == "artist_key" else self.album_codes
        return SimpleNamespace(codes_of=lambda row: own[row])


def catalogue(titles, artists, albums=None, lyrics=None):
    """`artists` and `albums` are numbers, -1 unknown, or lists of them."""
    n = len(titles)

    def lists(codes):
        return [code if isinstance(code, list) else [code] * (code != -1) for code in codes]

    return Catalogue(
        titles=titles,
        title_stems=np.array([stem_number(title) for title in titles], np.int64),
        artist_codes=lists(artists),
        album_codes=lists([-1] * n if albums is None else albums),
        lyrics=[""] * n if lyrics is None else lyrics,
    )


def test_the_better_ranked_version_stays():
    songs = catalogue(["Rain", "Rain - Live", "Rain (2011 Remaster)", "Rain", "Sun"], [0, 0, 0, 1, 1])
    assert without_other_versions(songs, np.array([1, 0, 4, 2, 3])).tolist() == [True, False, True, False, True]


def test_a_cover_is_a_version_where_the_words_are_the_same():
    words = "one two three four five six seven eight nine ten"
    songs = catalogue(
        ["Rain", "Rain", "Rain"], [0, 1, 2], lyrics=[words, words + " eleven", "other words are sung here"]
    )
    assert lyric_overlap(songs.lyrics[0], songs.lyrics[1]) >= VERSION_OVERLAP
    assert without_other_versions(songs, np.array([0, 1, 2])).tolist() == [True, False, True]


def test_songs_of_one_title_that_share_an_artist_are_versions():
    songs = catalogue(["Rain", "Rain (feat. Bo)", "Rain", "Rain"], [[0], [0, 1], [1, 2], [3]])
    assert without_other_versions(songs, np.arange(4)).tolist() == [True, False, True, True]


def test_no_more_are_looked_at_than_are_wanted():
    songs = catalogue([f"Song {i}" for i in range(9)], range(9))
    assert without_other_versions(songs, np.arange(9), most=4).tolist() == [True] * 4 + [False] * 5


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 4), max_size=3, unique=True), st.integers(0, 2)), max_size=40),
    st.one_of(st.none(), st.integers(1, 3)),
    st.one_of(st.none(), st.integers(1, 3)),
    st.one_of(st.none(), st.integers(1, 8)),
)
@settings(max_examples=200)
def test_caps_are_those_of_a_greedy_choice_and_hold_for_each_artist(pairs, per_artist, per_album, most):
    artists = [own for own, _ in pairs]
    albums = [-1 if not own or album == 0 else 10 * own[0] + album for own, album in pairs]
    songs = catalogue(["x"] * len(pairs), artists, albums)
    rows = np.random.default_rng(0).permutation(len(pairs))
    by_artist, by_album, expected = Counter(), Counter(), []
    for row in rows.tolist():
        own, album = artists[row], albums[row]
        fits = (
            (per_artist is None or all(by_artist[each] < per_artist for each in own))
            and (per_album is None or album == -1 or by_album[album] < per_album)
            and (most is None or sum(expected) < most)
        )
        expected.append(fits)
        by_artist.update(own if fits else ())
        by_album[album] += fits
    stays = capped(songs, rows, max_per_artist=per_artist, max_per_album=per_album, most=most)
    assert stays.tolist() == expected
    taken = Counter(artist for row in rows[stays].tolist() for artist in artists[row])
    assert per_artist is None or max(taken.values(), default=0) <= per_artist


def test_a_cap_below_one_is_a_mistake():
    with pytest.raises(ValueError, match="max_per_album is 0"):
        capped(catalogue(["x"], [0]), np.array([0]), max_per_album=0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 2)), min_size=1, max_size=30), st.integers(1, 30))
def test_versions_are_those_that_comparing_each_with_all_before_leaves(named, most):
    songs = catalogue([f"song {title}" if title else "" for title, _ in named], [artist for _, artist in named])
    rows, kept = np.arange(len(named)), list[int]()
    for row, (title, artist) in enumerate(named):
        if not any(named[other] == (title, artist) and title and artist != -1 for other in kept):
            kept.append(row)
    assert np.flatnonzero(without_other_versions(songs, rows)).tolist() == kept
    assert np.flatnonzero(without_other_versions(songs, rows, most=most)).tolist() == kept[:most]
