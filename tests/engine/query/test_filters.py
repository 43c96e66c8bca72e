"""Filters hold exactly: against a brute-force reading of every condition."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.query.filters import RANGES, WORDS, Filters, parse_range
from engine.query.targets import audio_values
from indexer.errors import FilterError
from indexer.records import AUDIO_RANGES, AudioFeatures, Song
from indexer.songs.table import Songs
from indexer.songs.write import write_songs
from indexer.store.generations import open_generation
from indexer.store.publish import new_generation
from indexer.text.names import fold

FACTS = {"stages": {}, "config": "{}"}
GENRES = ("rock", "hard rock", "folk")
ARTISTS = ("The Bees", "Élan", "Mo & Jo", "")


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


SONG = st.builds(
    Song,
    title=st.sampled_from(["A", "B"]),
    artist=st.sampled_from(ARTISTS),
    album=some(st.sampled_from(["One", "Two"])),
    year=some(st.integers(1985, 2005)),
    decade=some(st.sampled_from([1980, 1990, 2000])),
    language=some(st.sampled_from(["en", "es"])),
    genres=st.lists(st.sampled_from(GENRES), max_size=2, unique=True).map(tuple),
    tags=st.lists(st.sampled_from(["sad", "loud"]), max_size=2, unique=True).map(tuple),
    explicit=some(st.booleans()),
    popularity=some(st.floats(0, 100, width=32)),
    lyrics=some(st.just("la la")),
    audio=some(st.builds(AudioFeatures, energy=st.floats(0, 1, width=32), tempo=some(st.floats(60, 180, width=32)))),
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "year": st.tuples(some(st.integers(1985, 1995)), some(st.integers(1995, 2005))),
        "genre": st.lists(st.sampled_from(GENRES), min_size=1, max_size=2),
        "not_genre": st.sampled_from(GENRES),
        "language": st.sampled_from(["en", "es"]),
        "artist": st.sampled_from(["bees", "elan", "Mo and Jo"]),
        "not_artist": st.sampled_from(ARTISTS[:3]),
        "album": st.sampled_from(["one", "Two"]),
        "tag": st.sampled_from(["sad", "LOUD"]),
        "not_tag": st.just("sad"),
        "explicit": st.sampled_from(["yes", "no"]),
        "has": st.sampled_from(["lyrics", "audio"]),
        "energy": st.tuples(some(st.floats(0, 0.5, width=32)), some(st.floats(0.5, 1, width=32))),
        "tempo": st.sampled_from(["90..120", "..120", "90.."]),
        "popularity": st.sampled_from(["..50", "50..", "20..80"]),
    },
)


def index_of(folder: Path, songs: list[Song]) -> Songs:
    numbered = [Song(**{f: getattr(s, f) for f in Song.__slots__ if f != "song_id"}, song_id=f"s{i}")
                for i, s in enumerate(songs)]  # fmt: skip
    with new_generation(folder, FACTS) as (draft, _):
        write_songs(draft, ((song, "digest") for song in numbered))
    return Songs(open_generation(folder))


def ends(pair: tuple[float | None, float | None]) -> tuple[float, float]:
    low, high = pair
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def meets(song: Song, conditions: dict[str, Any]) -> bool:
    """The conditions read one by one, as a person would."""

    def words(name: str) -> list[str]:
        value = conditions.get(name, [])
        return [value] if isinstance(value, str) else list(value)

    checks = []
    if "year" in conditions:
        low, high = ends(conditions["year"])
        years = [song.year] if song.year is not None else range(song.decade, song.decade + 10) if song.decade else []
        checks.append(bool(years) and all(low <= year <= high for year in years))
    for name, having in (("genre", song.genres), ("tag", song.tags)):
        if name in conditions:
            checks.append(any(w.lower() in having for w in words(name)))
        if f"not_{name}" in conditions:
            checks.append(bool(having) and not any(w.lower() in having for w in words(f"not_{name}")))
    if "language" in conditions:
        checks.append(song.language in words("language"))
    if "artist" in conditions:
        checks.append(fold(song.artist) in map(fold, words("artist")))
    if "not_artist" in conditions:
        checks.append(bool(song.artist) and fold(song.artist) not in map(fold, words("not_artist")))
    if "album" in conditions:
        checks.append(song.album is not None and song.album.lower() in [w.lower() for w in words("album")])
    if "explicit" in conditions:
        checks.append(song.explicit is (conditions["explicit"] == "yes"))
    if "has" in conditions:
        checks.append(getattr(song, conditions["has"]) is not None)
    energy, tempo = (song.audio.energy, song.audio.tempo) if song.audio else (None, None)
    if "energy" in conditions:
        low, high = ends(conditions["energy"])
        checks.append(energy is not None and low <= energy <= high)
    for name, value in (("tempo", tempo), ("popularity", song.popularity)):
        if name in conditions:
            low, _, high = conditions[name].partition("..")
            checks.append(value is not None and float(low or "-inf") <= value <= float(high or "inf"))
    return all(checks)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(songs=st.lists(SONG, min_size=1, max_size=12), conditions=CONDITIONS)
def test_filters_against_brute_force(
    tmp_path_factory: pytest.TempPathFactory, songs: list[Song], conditions: dict[str, Any]
) -> None:
    index = index_of(tmp_path_factory.mktemp("ix") / "ix", songs)
    expected = [meets(song, conditions) for song in songs]
    try:
        mask = Filters.of(conditions).mask(index)
    except FilterError:
        positive = [n for n in ("genre", "language", "artist", "album", "tag", "not_genre", "not_artist", "not_tag")
                    if n in conditions]  # fmt: skip
        assert positive, "only a word that no song has may be refused"
        assert not any(expected) or any(n.startswith("not_") for n in positive)
    else:
        assert mask.tolist() == expected


def test_dead_rows_never_pass(tmp_path: Path) -> None:
    songs = [Song("A", "x", song_id="a"), Song("B", "x", song_id="b")]
    with new_generation(tmp_path / "ix", FACTS) as (draft, _):
        write_songs(draft, ((s, "d") for s in songs))
    with new_generation(tmp_path / "ix", FACTS) as (draft, _):
        assert draft.base is not None
        write_songs(draft, [(Song("C", "x", song_id="c"), "d")], base=draft.base, dead=[0])
    index = Songs(open_generation(tmp_path / "ix"))
    assert Filters.of({"artist": "x"}).mask(index).tolist() == [False, True, True]
    assert [index.row_of(i) for i in "abc"] == [None, 1, 2]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"yaer": "1990"}, "nearest: 'year'"),
        ({"year": "1990-1999"}, "expected a number"),
        ({"year": ".."}, "expected a range"),
        ({"tempo": "120..90"}, "range is empty"),
        ({"tempo": float("nan")}, "NaN"),
        ({"explicit": "perhaps"}, "expected yes or no"),
        ({"has": "video"}, "expected one of lyrics, audio"),
        ({"genre": ""}, "expected a word"),
        ({"genre": 7}, "expected a word"),
    ],
)
def test_a_wrong_filter_says_what_was_expected(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(FilterError, match=message):
        Filters.of(conditions)


def test_a_word_that_no_song_has_names_the_nearest(tmp_path: Path) -> None:
    index = index_of(tmp_path / "ix", [Song("A", "The Bees", genres=("hard rock",))])
    with pytest.raises(FilterError, match="nearest: hard rock"):
        Filters.of({"genre": "hardrock"}).mask(index)


def test_an_unknown_value_meets_no_condition(tmp_path: Path) -> None:
    unknown = Song("", "", lyrics="la la")
    everything = Song(
        "A", "x", album="One", year=1990, language="en", genres=("rock",), explicit=False, popularity=50.0,
        audio=AudioFeatures(**{name: low for name, (low, _) in AUDIO_RANGES.items()}), tags=("sad",), lyrics="la la",
    )  # fmt: skip
    other = Song("B", "y", album="Two", language="es", genres=("folk",), tags=("loud",))
    index = index_of(tmp_path / "ix", [unknown, everything, other])
    words = {"genre": "rock", "not_genre": "folk", "language": "en", "artist": "x", "not_artist": "y", "album": "One",
             "tag": "sad", "not_tag": "loud", "explicit": "no", "has": "audio"}  # fmt: skip
    ranges = dict.fromkeys(RANGES, (None, 1000000000.0)) | {"explicit": "no"}
    always_known = {"version_kind", "not_version_kind"}
    assert set(words) | set(ranges) | {"mood", "not_mood"} | always_known == {*WORDS, *RANGES, "explicit", "has"}, (
        "every filter"
    )
    for name, value in (words | ranges).items():
        assert not Filters.of({name: value}).mask(index)[0], name
        assert Filters.of({name: value}).mask(index)[1], name


def test_a_decade_beyond_an_open_end_does_not_pass(tmp_path: Path) -> None:
    index = index_of(tmp_path / "ix", [Song("A", "x", decade=1990), Song("A", "x", year=1975), Song("A", "x")])
    assert Filters.of({"year": "..1979"}).mask(index).tolist() == [False, True, False]
    assert Filters.of({"year": "..1999"}).mask(index).tolist() == [True, True, False]
    assert Filters.of({"year": "1980.."}).mask(index).tolist() == [True, False, False]


def test_many_artists_are_looked_up_and_not_searched(tmp_path: Path) -> None:
    index = index_of(tmp_path / "ix", [Song("A", f"artist {i}") for i in range(3000)])
    Filters.of({"artist": "artist 7"}).mask(index)
    with mock.patch.object(type(index.column("artist_key").terms), "__getitem__", side_effect=AssertionError):
        assert Filters.of({"artist": ["Artist 9", "ARTIST 11"]}).mask(index).sum() == 2


def test_ranges_and_values() -> None:
    assert parse_range("year", "1990") == (1990, 1990)
    assert parse_range("loudness", "-20..-5") == (-20, -5)
    assert parse_range("energy", 0.5) == (0.5, 0.5)
    assert parse_range("energy", "1e-3..") == (0.001, math.inf)
    for words, years in {
        "1990s": (1990, 1999), "90s": (1990, 1999), "'80s": (1980, 1989), "00s": (2000, 2009), "10s": (2010, 2019),
        "1980s..1990s": (1980, 1999), "..1970s": (-math.inf, 1979), "2000s..": (2000, math.inf), "1994": (1994, 1994),
    }.items():  # fmt: skip
        assert parse_range("year", words) == years, words
    with pytest.raises(FilterError, match="1920s or 2020s"):
        parse_range("year", "20s")
    with pytest.raises(FilterError, match="expected a number"):
        parse_range("tempo", "90s")
    with pytest.raises(FilterError, match=r"expected 0\.\.1"):
        audio_values("target", {"energy": 8})
    with pytest.raises(FilterError, match="expected one of danceability"):
        audio_values("target", {"engery": 0.8})


def test_a_bound_is_read_as_the_column_stores_it(tmp_path: Path) -> None:
    index = index_of(tmp_path / "ix", [Song("A", "x", audio=AudioFeatures(energy=0.8))])
    assert Filters.of({"energy": "0.8"}).mask(index).tolist() == [True]
