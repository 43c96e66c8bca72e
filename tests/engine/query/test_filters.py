"""Filters hold exactly: against a brute-force reading of every condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.query.filters import Filters, audio_values, parse_range
from indexer.errors import FilterError
from indexer.records import AudioFeatures, Song
from indexer.songs.table import Songs, write_songs
from indexer.store.generations import new_generation, open_generation
from indexer.text.names import fold

GENRES = ("rock", "hard rock", "folk")
ARTISTS = ("The Bees", "Élan", "Mo & Jo")


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
        "year": st.tuples(st.integers(1985, 1995), st.integers(1995, 2005)),
        "genre": st.lists(st.sampled_from(GENRES), min_size=1, max_size=2),
        "not_genre": st.sampled_from(GENRES),
        "language": st.sampled_from(["en", "es"]),
        "artist": st.sampled_from(["bees", "elan", "Mo and Jo"]),
        "not_artist": st.sampled_from(ARTISTS),
        "album": st.sampled_from(["one", "Two"]),
        "tag": st.sampled_from(["sad", "LOUD"]),
        "not_tag": st.just("sad"),
        "explicit": st.sampled_from(["yes", "no"]),
        "has": st.sampled_from(["lyrics", "audio"]),
        "energy": st.tuples(st.floats(0, 0.5, width=32), st.floats(0.5, 1, width=32)),
        "tempo": st.just("90..120"),
        "popularity": st.just("..50"),
    },
)


def index_of(folder: Path, songs: list[Song]) -> Songs:
    numbered = [Song(**{f: getattr(s, f) for f in Song.__slots__ if f != "song_id"}, song_id=f"s{i}")
                for i, s in enumerate(songs)]  # fmt: skip
    with new_generation(folder, {}) as draft:
        write_songs(draft, ((song, "digest") for song in numbered))
    return Songs(open_generation(folder))


def meets(song: Song, conditions: dict[str, Any]) -> bool:
    """The conditions read one by one, as a person would."""

    def words(name: str) -> list[str]:
        value = conditions.get(name, [])
        return [value] if isinstance(value, str) else list(value)

    checks = []
    if "year" in conditions:
        low, high = conditions["year"]
        years = [song.year] if song.year is not None else range(song.decade, song.decade + 10) if song.decade else []
        checks.append(bool(years) and all(low <= year <= high for year in years))
    for name, having in (("genre", song.genres), ("tag", song.tags)):
        if name in conditions:
            checks.append(any(w.lower() in having for w in words(name)))
        if f"not_{name}" in conditions:
            checks.append(not any(w.lower() in having for w in words(f"not_{name}")))
    if "language" in conditions:
        checks.append(song.language in words("language"))
    if "artist" in conditions:
        checks.append(fold(song.artist) in map(fold, words("artist")))
    if "not_artist" in conditions:
        checks.append(fold(song.artist) not in map(fold, words("not_artist")))
    if "album" in conditions:
        checks.append(song.album is not None and song.album.lower() in [w.lower() for w in words("album")])
    if "explicit" in conditions:
        checks.append(song.explicit is (conditions["explicit"] == "yes"))
    if "has" in conditions:
        checks.append(getattr(song, conditions["has"]) is not None)
    energy, tempo = (song.audio.energy, song.audio.tempo) if song.audio else (None, None)
    if "energy" in conditions:
        checks.append(energy is not None and conditions["energy"][0] <= energy <= conditions["energy"][1])
    if "tempo" in conditions:
        checks.append(tempo is not None and 90 <= tempo <= 120)
    if "popularity" in conditions:
        checks.append(song.popularity is not None and song.popularity <= 50)
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
    with new_generation(tmp_path / "ix", {}) as draft:
        write_songs(draft, ((s, "d") for s in songs))
    with new_generation(tmp_path / "ix", {}) as draft:
        assert draft.base is not None
        write_songs(draft, [(Song("C", "x", song_id="c"), "d")], base=Songs(draft.base), dead=[0])
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


def test_ranges_and_values() -> None:
    assert parse_range("year", "1990") == (1990, 1990)
    assert parse_range("loudness", "-20..-5") == (-20, -5)
    assert parse_range("energy", 0.5) == (0.5, 0.5)
    with pytest.raises(FilterError, match=r"expected 0\.\.1"):
        audio_values("target", {"energy": 8})
    with pytest.raises(FilterError, match="expected one of danceability"):
        audio_values("target", {"engery": 0.8})


def test_a_bound_is_read_as_the_column_stores_it(tmp_path: Path) -> None:
    index = index_of(tmp_path / "ix", [Song("A", "x", audio=AudioFeatures(energy=0.8))])
    assert Filters.of({"energy": "0.8"}).mask(index).tolist() == [True]
