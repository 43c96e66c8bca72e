"""Columns: what they are called in the world, their units, and what is said of those that are not used."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import SOUND_NAMES
from indexer.sources.columns import SHARES, ColumnMap
from indexer.sources.mapping import map_columns
from indexer.sources.meanings import meaning
from indexer.sources.tabular import SAMPLE_ROWS
from indexer.sources.validate import song_facts

SPOTIFY = "4aaaaaaaaaaaaaaaaaaaa"


def mapped(*rows: dict[str, Any]) -> ColumnMap:
    return map_columns(tuple(dict.fromkeys(name for row in rows for name in row)), rows)


def facts(*rows: dict[str, Any]) -> list[dict[str, object]]:
    columns = mapped(*rows)
    return [song_facts(columns.values(row), []) for row in rows]


def remark(columns: ColumnMap, name: str) -> tuple[str, str]:
    return next((column.field, column.remark) for column in columns.columns if column.name == name)


@pytest.mark.parametrize(
    ("field", "names"),
    {
        "title": [
            "Track Name",
            "Nom du titre",
            "曲目名称",
            "Lied",
            "Τίτλος",
            "songtitel",
            "trackName",
            "Título",
            "master_metadata_track_name",
        ],
        "artist": [
            "Artist Name(s)",
            "Künstlername(n)",
            "artist(s)_name",
            "アーティスト名",
            "artistName",
            "artists.name",
        ],
        "album": ["album.name", "Albumets namn", "track_album_name"],
        "year": ["Album Release Date", "Veröffentlichungsdatum des Albums", "released_year", "album.release_date"],
        "duration_ms": [
            "Duration (ms)",
            "Länge",
            "Track-Dauer (ms)",
            "length",
            "トラックの長さ（ミリ秒）",
            "msDuration"[2:],
        ],
        "spotify_id": ["Track URI", "URI du titre", "trackUri", "Spotify - id", "spotify_track_uri"],
        "energy": ["energy", "energy_%", "af_energy", "audio_features.energy", "Énergie", "Energy (%)"],
        "tempo": ["BPM", "tempo", "Tempo (BPM)", "テンポ"],
        "genre": ["Genres", "top genre", "Artist Genres", "track_genre"],
        "plays": ["Play Count", "streams", "playcount"],
    }.items(),
)
def test_what_columns_are_called(field: str, names: list[str]) -> None:
    for name in names:
        found = meaning(name)
        assert found is not None, name
        assert found[0] == field, name


def test_percent_is_seen_by_all_columns_together() -> None:
    rows = [
        {"title": "A", "energy": "73", "valence": "1", "liveness": 0},
        {"title": "B", "energy": "1", "valence": "38%", "liveness": 100},
    ]
    assert [(song["energy"], song["valence"], song["liveness"]) for song in facts(*rows)] == [
        (0.73, 0.01, 0.0),
        (0.01, 0.38, 1.0),
    ]
    assert remark(mapped(*rows), "valence")[1].startswith("percent by its values")


def test_one_wrong_share_among_fractions_is_no_percent() -> None:
    rows = [{"title": str(i), "energy": 0.1 * i, "valence": 0.5} for i in range(1, 9)] + [{"title": "x", "energy": 7.5}]
    columns = mapped(*rows)
    assert remark(columns, "energy") == ("energy", "")
    problems: list[str] = []
    song_facts(columns.values(rows[-1]), problems)
    assert problems == ["energy is 7.5, expected 0..1"]


@given(st.lists(st.sampled_from(range(0, 101)), min_size=8, max_size=30), st.sampled_from(sorted(SHARES)))
def test_shares_say_the_same_in_percent_and_as_fractions(values: list[int], name: str) -> None:
    other = next(share for share in sorted(SHARES) if share != name)
    percent = [{"title": "A", name: value, other: 50} for value in values]
    fractions = [{"title": "A", name: value / 100, other: 0.5} for value in values]
    for a, b in zip(facts(*percent), facts(*fractions), strict=True):
        assert a.get(name) == b.get(name)


@pytest.mark.parametrize(
    ("cells", "milliseconds", "words"),
    [
        ({"duration": "3:45"}, 225_000, "minutes:seconds"),
        ({"duration": "225"}, 225_000, "seconds by its values"),
        ({"length": 225_000}, 225_000, "milliseconds by its values"),
        ({"duration_ms": "225000"}, 225_000, ""),
        ({"Length (s)": "225"}, 225_000, "seconds"),
        ({"duration_min": "3.75"}, 225_000, "minutes"),
        ({"duration": "1:02:03"}, 3_723_000, "minutes:seconds"),
    ],
)
def test_lengths_of_time(cells: dict[str, Any], milliseconds: int, words: str) -> None:
    (song,) = facts({"title": "A", **cells})
    assert song["duration_ms"] == milliseconds
    assert remark(mapped({"title": "A", **cells}), next(iter(cells)))[1] == words


@pytest.mark.parametrize(
    ("cells", "key", "mode"),
    [
        ({"key": "C#", "mode": "Major"}, 1, 1),
        ({"key": "C♯/D♭ Minor"}, 1, 0),
        ({"Camelot": "8A"}, 9, 0),
        ({"key": "8B", "mode": ""}, 0, 1),
        ({"Initial Key": "Ebm"}, 3, 0),
        ({"Tonart": "B-Dur"}, 10, 1),
        ({"Tonart": "h-Moll"}, 11, 0),
        ({"key": "1d"}, 0, 1),
        ({"key": 7, "mode": 0}, 7, 0),
        ({"key": "7", "mode": "moll"}, 7, 0),
        ({"key": "F", "mode": "Minor", "Camelot": "4A"}, 5, 0),
        ({"key": "F#", "Camelot": "11A"}, 6, 0),
        ({"key": -1, "mode": 0}, None, 0),
    ],
)
def test_keys(cells: dict[str, Any], key: int | None, mode: int) -> None:
    (song,) = facts({"title": "A", **cells})
    assert (song.get("key"), song.get("mode")) == (key, mode)


def test_all_keys_of_the_wheels_agree_with_their_names() -> None:
    camelot = ["Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "Db"]
    for number, name in enumerate(camelot, start=1):
        open_key = (number + 4) % 12 + 1
        named, wheel, opened = facts(
            *({"title": "A", "key": cell} for cell in (f"{name}m", f"{number}A", f"{open_key}m"))
        )
        assert named == wheel == opened
    for number, name in enumerate(["B", "F#", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E"], start=1):
        named, wheel = facts(*({"title": "A", "key": cell} for cell in (f"{name} major", f"{number}B")))
        assert named == wheel


@pytest.mark.parametrize(
    ("cell", "year"),
    [("2011-03-04", 2011), ("4.3.1999", 1999), ("March 4, 2011", 2011), (1975, 1975), (1975.0, 1975),
     ("20110304", 2011), ("04-Mar-99", 1999), ("2011-03-04T00:00:00Z", 2011), (0, None), ("unknown", None)],
)  # fmt: skip
def test_dates_of_every_habit(cell: object, year: int | None) -> None:
    (song,) = facts({"title": "A", "release date": cell})
    assert song.get("year") == year


def test_an_id_column_counts_only_if_its_values_look_like_ids() -> None:
    rows = [{"id": number, "title": "A", "artist": "B"} for number in (1, 2, 3)]
    assert remark(mapped(*rows), "id") == ("", "row numbers, no ids of a known catalogue")
    rows = [{"id": f"{SPOTIFY}{number}", "title": "A"} for number in (1, 2, 3)]
    assert remark(mapped(*rows), "id") == ("spotify_id", "its values are ids of Spotify")
    rows = [{"track_id": f"USABC110000{number}", "title": "A"} for number in (1, 2, 3)]
    assert remark(mapped(*rows), "track_id") == ("isrc", "its values are ISRCs")
    rows = [{"song_id": number, "title": "A"} for number in (1, 2, 3)]
    assert remark(mapped(*rows), "song_id")[0] == ""


def test_columns_of_zeros_and_of_nothing_say_nothing() -> None:
    rows = [{"title": str(i), "instrumentalness": 0, "tempo": 0, "year": "NA", "key": 0} for i in range(25)]
    columns = mapped(*rows)
    assert remark(columns, "instrumentalness") == ("", "it holds nothing but 0: unknown")
    assert remark(columns, "tempo") == ("", "it holds nothing but 0: unknown")
    assert facts(*rows)[0] == {"title": "0", "key": 0.0}


def test_the_better_filled_of_two_columns_wins_and_the_other_fills_its_gaps() -> None:
    rows = [{"language_ft": "en", "lang": ""}, {"language_ft": "", "lang": "de"}, {"language_ft": "es", "lang": ""}]
    full = [{"title": "A", "genre": "rock", "genres": None}, {"title": "B", "genre": "pop", "genres": "folk"}]
    columns = mapped(*full)
    assert remark(columns, "genres") == ("genre", "read where 'genre' is empty, which is better filled")
    assert [song.get("language") for song in facts(*({"title": "A", **row} for row in rows))] == ["en", "de", "es"]


def test_short_names_count_only_together() -> None:
    one = {"title": "A", "artist": "B", "pop": 1, "rock": 0}
    assert remark(mapped(one), "pop") == ("", "no known meaning")
    many = {"title": "A", "bpm": 97, "nrgy": 89, "dnce": 67, "dB": -4, "live": 8, "val": 80, "dur": 217, "acous": 19,
            "spch": 4, "pop": 83}  # fmt: skip
    (song,) = facts(many)
    assert (song["energy"], song["tempo"], song["popularity"], song["duration_ms"]) == (0.89, 97, 83, 217_000)
    assert song["valence"] == 0.8
    assert song["loudness"] == -4


def test_numbered_artists_are_one_list() -> None:
    (song,) = facts({"title": "A", "Artist Name 1": "Ada", "Artist Name 2": "Bo", "Artist Name 3": ""})
    assert song["artist"] == "Ada, Bo"


def test_unused_cells_are_counted_also_of_keys_that_come_late() -> None:
    rows: list[dict[str, Any]] = [{"title": "A", "notes": "x"}, {"title": "B", "notes": ""}, {"title": "C", "late": 3}]
    columns = mapped(*rows[:2])
    for row in rows:
        columns.values(row)
    assert columns.unused_cells == {"notes": 1, "late": 1}


@given(st.dictionaries(st.text(max_size=20), st.one_of(st.none(), st.text(max_size=20), st.integers(), st.floats())))
def test_any_row_is_read_and_every_cell_is_used_or_counted(row: dict[str, Any]) -> None:
    columns = mapped(row)
    values = columns.values(row)
    problems: list[str] = []
    known = song_facts(values, problems)
    assert set(values) <= {column.field for column in columns.columns}
    assert all(0 <= float(str(known[name])) <= 1 for name in SOUND_NAMES if name in known and name in SHARES)


def test_zeros_at_the_beginning_of_a_long_file_are_no_reason_to_drop_what_comes_later() -> None:
    rows = [{"title": f"T{n}", "popularity": 0, "duration": 0} for n in range(SAMPLE_ROWS)]
    columns = mapped(*rows)
    late = {"title": "Late", "popularity": 87, "duration": 200}
    assert song_facts(columns.values(late), []) == {"title": "Late", "popularity": 87.0, "duration_ms": 200_000.0}
    assert song_facts(columns.values(rows[0]), []) == {"title": "T0"}
    assert remark(columns, "popularity") == ("popularity", "0 is unknown: its first rows hold nothing else")


def test_what_a_spreadsheet_makes_of_minutes_and_what_is_no_length() -> None:
    rows = [{"title": "A", "length": "03:41:00"}, {"title": "B", "length": "04:02:00"}]
    assert [song["duration_ms"] for song in facts(*rows)] == [221_000, 242_000]
    guess = mapped(*({"title": "A", "duration": cell} for cell in ("3.41", "4.02", "2.59")))
    assert remark(guess, "duration")[1].startswith("neither seconds nor milliseconds")


def test_a_scale_of_ten_is_no_percent() -> None:
    rows = [{"title": str(cell), "Energy": cell, "Camelot": "8A"} for cell in (7, 5, 10, 3)]
    assert [song["energy"] for song in facts(*rows)] == [0.7, 0.5, 1.0, 0.3]
    assert remark(mapped(*rows), "Energy") == ("energy", "of ten by its values")


def test_signs_that_html_writes_otherwise_are_signs() -> None:
    rows = [
        {"title": "Tin &amp;amp; Salt", "artist": "Ada &amp; Bo", "genre": "R&amp;B", "album": "A&B;C"},
        {"title": "Don&#39;t", "artist": ["Ada &quot;Jo&quot;", "Bo"], "genre": "set()", "album": "&lt;3"},
    ]
    first, second = facts(*rows)
    assert first == {"title": "Tin & Salt", "artist": "Ada & Bo", "genres": ("r&b",), "album": "A&B;C"}
    assert second["title"] == "Don't"
    assert second["artists"] == ('Ada "Jo"', "Bo")
    assert second["album"] == "<3"
    assert "genres" not in second, "an empty set of Python"


def test_commas_that_are_escaped_part_no_artists() -> None:
    one, two, three = facts(
        {"Track Name": "Oar", "Artist Name(s)": "Tyler\\, Painter, Ana"},
        {"Track Name": "Tin", "Artist Name(s)": "Tyler\\, Painter"},
        {"Track Name": "Salt", "Artist Name(s)": "Earth, Wind & Ash"},
    )
    assert (one["artist"], one["artists"]) == ("Tyler, Painter, Ana", ("Tyler, Painter", "Ana"))
    assert (two["artist"], two["artists"]) == ("Tyler, Painter", ("Tyler, Painter",))
    assert "artists" not in three


def test_bare_numbers_among_minutes_and_seconds() -> None:
    cells = ["3:20", "3m 20s", "3'20\"", "200", "200000", 200]
    columns = mapped(*({"length": cell} for cell in ["3:21", "3:22", *cells, "3.2"]))
    assert [columns.values({"length": cell})["duration_ms"] for cell in cells] == [200_000] * 6
    problems: list[str] = []
    assert song_facts(columns.values({"title": "Oar", "length": "3.2"}), problems) == {"title": "Oar"}
    assert problems == ["duration_ms is '3.2 among minutes:seconds', expected a number"]


def test_a_name_that_comes_again_has_its_meaning() -> None:
    """CSV says "title" twice, pandas makes "title.1" of it."""
    for again in ("title (2)", "title.1"):
        assert [each.get("title") for each in facts({"title": "Oar", again: ""}, {"title": "", again: "Tin"})] == [
            "Oar",
            "Tin",
        ]
    first = facts({"artist": "Ada", "artist (2)": "", "artist (3)": ""})[0]
    assert first["artist"] == "Ada", "names that come again are no list of numbered artists"
    assert remark(mapped({"track.disc_number": 1}), "track.disc_number") == ("", "its place on a disc")


def test_what_players_write_for_no_artist_is_none() -> None:
    for nobody in ("<unknown>", "[Unknown]", "Unknown Artist", "N/A"):
        assert song_facts({"title": "Oar", "artist": nobody}, []) == {"title": "Oar"}
    assert song_facts({"title": "Oar", "artist": "Unknown Mortals"}, [])["artist"] == "Unknown Mortals"
