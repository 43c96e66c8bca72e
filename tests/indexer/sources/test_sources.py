"""Sources: formats are known by content, values arrive or are explained, a bad file is one sentence."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources import FORMATS as KNOWN
from indexer.sources import Batch, import_order, recognise
from indexer.sources.cells import plain, texts
from indexer.sources.identifiers import spotify_track
from indexer.sources.validate import MAX_ID, song_facts

FORMATS = Path(__file__).parents[2] / "formats"
EXAMPLES = {
    "songs.csv": "songs",
    "songs.jsonl": "songs",
    "lyrics_only.csv": "songs",
    "spotify_features.csv": "songs",
    "hit_predictor.csv": "songs",
    "mpd.slice.0-2.json": "mpd slice",
    "deezer_moods.csv": "deezer moods",
    "playlists.csv": "playlists",
    "playlists.jsonl": "playlists",
    "playlist_entries.csv": "playlist entries",
    "song_tags.csv": "tags",
    "artist_tags.csv": "tags",
    "genius_songs.csv": "songs",
    "pandas_index.tsv": "songs",
    "songs_with_playlists.jsonl": "songs",
    "track_genres.csv": "songs",
    "pipes.csv": "songs",
    "sunday_boats.csv": "exportify",
    "songs.json": "json songs",
    "itunes_library.xml": "itunes library",
    "rekordbox.xml": "rekordbox",
    "collection.nml": "traktor",
    "virtualdj_database.xml": "virtualdj",
    "ferry.xspf": "xspf",
    "ferry.jspf": "jspf",
    "ferry.m3u8": "m3u",
    "ferry.pls": "pls",
    "ferry.wpl": "wpl",
    "refrain_playlist.csv": "refrain playlist",
    "refrain_answer.json": "refrain answer",
}


def read(path: Path) -> Batch:
    """All of a file in one batch."""
    whole = Batch()
    for batch in recognise(path).batches():
        for kind in ("songs", "playlists", "entries", "tags", "refusals"):
            getattr(whole, kind).extend(getattr(batch, kind))
    return whole


def table(folder: Path, text: str, name: str = "table") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_every_format_has_an_example() -> None:
    for format in KNOWN:
        module = format.recognise.__module__.rpartition(".")[2]
        assert format.name in EXAMPLES.values() or (FORMATS / f"test_{module}.py").exists(), format.name
    assert set(EXAMPLES) == {path.name for path in FORMATS.iterdir() if path.is_file() and path.suffix != ".py"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_is_known_by_its_content_not_by_its_name(name: str, tmp_path: Path) -> None:
    anonymous = tmp_path / "download (3)"
    shutil.copy(FORMATS / name, anonymous)
    assert recognise(anonymous).format.name == EXAMPLES[name]


@pytest.mark.parametrize(
    "name", [name for name, kind in EXAMPLES.items() if name.endswith(".csv") and kind != "exportify"]
)
def test_a_table_says_the_same_in_csv_utf16_jsonl_and_parquet(name: str, tmp_path: Path) -> None:
    expected = read(FORMATS / name)
    text = (FORMATS / name).read_text("utf-8")
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
        other = tmp_path / name
        other.write_bytes((b"\xff\xfe" if encoding == "utf-16-le" else b"") + text.encode(encoding))
        assert read(other) == expected
    other.write_bytes(text.replace("\n", "\r\n").encode())
    assert read(other).entries == expected.entries
    opened = recognise(FORMATS / name).opened
    with opened.path.open(newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file, delimiter=opened.delimiter))
    other.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert read(other) == expected
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), other)
    assert read(other) == expected


def test_import_order_puts_songs_first() -> None:
    shuffled = sorted((FORMATS / name for name in EXAMPLES), key=lambda path: path.name[::-1])
    names = [source.path.name for source in import_order(map(recognise, shuffled))]
    songs = [name for name, format in EXAMPLES.items() if format in ("songs", "json songs")]
    assert set(names[: len(songs)]) == set(songs)
    assert set(names[-2:]) == {"song_tags.csv", "artist_tags.csv"}
    assert names.index("playlists.csv") < names.index("playlist_entries.csv")


def test_songs_of_genius_are_songs_with_their_tag_as_genre() -> None:
    batch = read(FORMATS / "genius_songs.csv")
    assert not batch.tags
    assert [song.facts.get("genres") for song in batch.songs] == [("rock",), ("r&b",), None]
    assert [song.facts.get("language") for song in batch.songs] == ["en", "en", None]
    assert ["lyrics" in song.facts for song in batch.songs] == [True, True, False], "NA is no lyric"


def test_a_table_with_an_index_column_without_a_name() -> None:
    batch = read(FORMATS / "pandas_index.tsv")
    assert [song.facts for song in batch.songs] == [
        {"title": "Salt Road", "artist": "Marrow & Lantern", "energy": 0.5},
        {"title": "Brass Umbrella", "artist": "Oda Finch", "energy": 0.25},
    ]
    assert [(refusal.what, refusal.reason) for refusal in batch.refusals] == [("column", "'' is not used: row numbers")]


def test_songs_that_list_their_playlists_are_songs(tmp_path: Path) -> None:
    assert len(read(FORMATS / "songs_with_playlists.jsonl").songs) == 2
    song = {"title": "A", "artist": "B", "lyrics": "la " * 40_000, "playlists": [{"pid": 1, "tracks": []}]}
    assert len(read(table(tmp_path, json.dumps(song) + "\n" + json.dumps(song))).songs) == 2
    info = {"info": {"slice": "0-9", "version": "v1"}, "playlists": [{"pid": 3, "name": "P" * 90_000, "tracks": []}]}
    for indent in (None, 2):
        (playlist,) = read(table(tmp_path, json.dumps(info, indent=indent))).playlists
        assert playlist.playlist_id == "mpd:3"


def test_several_artists_in_one_cell_stay_one_text() -> None:
    first, *_ = read(FORMATS / "track_genres.csv").songs
    assert first.facts["artist"] == "Marrow & Lantern;Oda Finch"


def test_a_table_with_pipes() -> None:
    (song,) = read(FORMATS / "pipes.csv").songs
    assert (song.facts["artist"], song.facts["genres"]) == ("Marrow, Lantern", ("folk", "indie folk"))


def test_a_blank_line_before_the_header(tmp_path: Path) -> None:
    (song,) = read(table(tmp_path, "\n  \nsong_id,title\na,A\n")).songs
    assert song.song_id == "a"


def test_column_names_people_use(tmp_path: Path) -> None:
    header = "Track ID;Track Name;Artists;Release Date;Energy"
    line = f"{'a' * 22};Salt Road;['Marrow', \"Lantern's\"];2001-05-06;0.5"
    (song,) = read(table(tmp_path, f"{header}\n{line}\n")).songs
    assert song.song_id is None
    assert song.ids == (("spotify", "a" * 22),)
    names = {"title": "Salt Road", "artist": "Marrow, Lantern's", "artists": ("Marrow", "Lantern's")}
    assert song.facts == names | {"year": 2001, "energy": 0.5}
    (song,) = read(table(tmp_path, "id,name,artist\n17,Salt Road,Marrow\n")).songs
    assert (song.song_id, song.ids) == (None, ()), "a row number is no id"
    (song,) = read(table(tmp_path, f"song_id,title,uri\nx,Salt,spotify:track:{'b' * 22}\n")).songs
    assert (song.song_id, song.ids) == ("x", (("spotify", "b" * 22),))


def test_keys_of_jsonl_may_differ_and_come_late(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"song_id": str(i), "title": "T"} for i in range(300)]
    rows.append({"song_id": "late", "Track Name": "Late", "artists": ["A", "B"], "explicit": True, "tags": ["x"]})
    last = read(table(tmp_path, "\n".join(map(json.dumps, rows)))).songs[-1]
    assert last.facts == {"title": "Late", "artist": "A, B", "artists": ("A", "B"), "explicit": True}
    assert last.tags == ("x",)


@pytest.mark.parametrize(
    ("values", "facts", "problems"),
    [
        ({"year": "2019-06-14"}, {"year": 2019}, []),
        ({"year": "1975-03"}, {"year": 1975}, []),
        ({"year": 2004.0}, {"year": 2004}, []),
        ({"year": 0}, {}, []),
        ({"year": 20199}, {}, ["year is 20199, expected 1860..2100"]),
        ({"year": "MCMXC"}, {}, ["year is 'MCMXC', expected a number"]),
        ({"decade": "1990s"}, {"decade": 1990}, []),
        ({"decade": 1994}, {"decade": 1990}, []),
        ({"genre": "edm|R-B", "subgenre": ["Neo Soul", "edm"]}, {"genres": ("edm", "r&b", "neo soul")}, []),
        ({"explicit": "Yes"}, {"explicit": True}, []),
        ({"explicit": 0}, {"explicit": False}, []),
        ({"explicit": "NA"}, {}, []),
        ({"explicit": "maybe"}, {}, ["explicit is 'maybe', expected true or false"]),
        ({"language": "EN"}, {"language": "en"}, []),
        ({"language": "zh-cn"}, {"language": "zh"}, []),
        ({"language": "English"}, {"language": "en"}, []),
        ({"language": "eng"}, {"language": "en"}, []),
        ({"language": "ger"}, {"language": "de"}, []),
        ({"language": "yue"}, {"language": "yue"}, []),
        ({"language": "und"}, {}, []),
        ({"language": "NA"}, {}, []),
        (
            {"language": "Elvish!"},
            {},
            ["language is 'Elvish!', expected a code such as 'en' or a name such as 'English'"],
        ),
        ({"popularity": "66.0"}, {"popularity": 66.0}, []),
        ({"popularity": "101"}, {}, ["popularity is 101, expected 0..100"]),
        ({"tempo": "0", "key": "-1", "energy": "nan", "mode": "NA"}, {}, []),
        ({"energy": "0.8", "valence": "-1.4"}, {"energy": 0.8}, ["valence is -1.4, expected 0..1"]),
        ({"energy": float("inf")}, {}, ["energy is inf, expected 0..1"]),
        ({"energy": 10**400}, {}, ["energy is inf, expected 0..1"]),
        ({"title": "NA", "artist": "None", "album": "nan"}, {}, []),
        ({"title": "None", "artist": "Ada"}, {"title": "None", "artist": "Ada"}, []),
        ({"title": "NA"}, {}, []),
        ({"artist": "A;B"}, {"artist": "A;B"}, []),
        ({"lyrics": "NA", "genre": "nan", "explicit": "None", "decade": "n/a", "popularity": "-"}, {}, []),
        ({"lyrics": "[Instrumental]", "energy": "#N/A"}, {}, []),
        ({"lyrics": "Instrumental"}, {}, []),
        ({"lyrics": "None of this"}, {"lyrics": "None of this"}, []),
        ({"lyrics": "NA NA NA NA"}, {"lyrics": "NA NA NA NA"}, []),
        ({"genre": "misc"}, {}, []),
        ({"genre": ["Rock", "nan"]}, {"genres": ("rock",)}, []),
        ({"genre": "['a',{[]:1}]"}, {"genres": ("['a'", "{[]:1}]")}, []),
        ({"lyrics": "a\x00b\nc"}, {"lyrics": "ab\nc"}, []),
        ({"lyrics": " \n"}, {}, []),
        ({"title": None, "lyrics": float("nan")}, {}, []),
    ],
)
def test_values(values: dict[str, object], facts: dict[str, object], problems: list[str]) -> None:
    found: list[str] = []
    assert song_facts(values, found) == facts
    assert found == problems


@given(st.text())
@example("\ud800")
def test_plain_text_has_no_control_characters_and_stays(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert once.isprintable() or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in once)
    once.encode("utf-8")


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())))
def test_any_cell_is_a_fact_or_a_problem(cell: object) -> None:
    names = ("title", "artist", "year", "decade", "popularity", "language", "explicit", "genre", "lyrics", "energy")
    problems: list[str] = []
    facts = song_facts(dict.fromkeys(names, cell), problems)
    assert all(value not in (None, "", ()) for value in facts.values())
    assert texts(cell, "|") == [text for text in texts(cell, "|") if text]
    assert len(spotify_track(cell)) in (0, 22)


def test_rows_that_are_no_rows(tmp_path: Path) -> None:
    path = table(tmp_path, 'song_id,title\na,A\n\nb\nc,C,too much\nd,"quo""ted\nover lines"\n"e" ,E\n')
    batch = read(path)
    assert [(song.song_id, song.facts.get("title")) for song in batch.songs] == [
        ("a", "A"),
        ("b", None),
        ("d", 'quo"ted over lines'),
        ("e", "E"),
    ]
    assert [(r.row, r.what, r.reason) for r in batch.refusals] == [
        (3, "song", "line 5 has 3 cells, the header has 2"),
    ]
    path = table(tmp_path, '{"song_id": "a", "title": "A"}\n[1, 2]\n{"title": "B"}\n')
    assert [refusal.reason for refusal in read(path).refusals] == ["line 2 is not a JSON object but list"]


def test_a_lyric_of_one_megabyte_in_a_csv(tmp_path: Path) -> None:
    path = table(tmp_path, 'song_id,title,lyrics\na,A,"' + "la la\n" * 200_000 + '"\n')
    (refusal,) = read(path).refusals
    assert refusal.reason == "a: lyrics has 1,200,000 characters, cut to 50,000"


def test_ids_that_no_index_takes(tmp_path: Path) -> None:
    long = "x" * (MAX_ID + 1)
    for text in (f"song_id,title\n{long},T\n", f"playlist_id,name\n{long},N\n", f"playlist_id,song_id\n{long},a\n"):
        (refusal,) = read(table(tmp_path, text)).refusals
        assert f"expected at most {MAX_ID}" in refusal.reason


def test_an_mpd_slice_of_any_shape(tmp_path: Path) -> None:
    def track(i: int) -> dict[str, str]:
        return {"track_uri": f"spotify:track:{i:022}", "track_name": "T" * 9_000}

    playlists = [{"pid": i, "name": f"P{i}", "tracks": [track(i)]} for i in range(300)]
    for indent in (None, 1):
        path = table(tmp_path, json.dumps({"playlists": playlists, "info": {}}, indent=indent))
        batch = read(path)
        assert [row.playlist_id for row in batch.playlists] == [f"mpd:{i}" for i in range(300)]
        assert len(batch.entries) == 300
    path.write_text(path.read_text()[:-4])
    with pytest.raises(SourceError, match=r"not whole JSON after item 300 .* get it again"):
        read(path)
    path.write_text(path.read_text()[:1_500_000])
    with pytest.raises(SourceError, match=r"not whole JSON after item \d+ .* get it again"):
        read(path)
    (refusal,) = read(table(tmp_path, '{"playlists": [{"pid": 1, "tracks": []}, {"name": "no pid"}]}')).refusals
    assert refusal.reason == "no pid or no tracks; expected both"


BAD = {
    "empty": (b"", "is empty; expected songs or playlists"),
    "blank": (b" \n\n", "is empty"),
    "bom": (b"\xef\xbb\xbf", "is empty; expected songs or playlists"),
    "bom16": (b"\xff\xfe", "is empty; expected songs or playlists"),
    "huge.jsonl": (b'{"title": "A", "year": ' + b"9" * 5_000 + b"}", "is not whole JSON"),
    "huge.json": (b'{"info": {},\n"playlists": [{"pid": ' + b"9" * 5_000 + b', "tracks": []}]}', "is not whole JSON"),
    "deep.json": (b'{"info": {},\n"playlists": [{"pid": ' + b"[" * 100_000, "is not whole JSON"),
    "page.csv": (b"\n<!DOCTYPE html><html>", "is an HTML page; download the file itself"),
    "packed": (b"\x1f\x8b\x08\x00", "gzip-compressed .unpack it with gunzip"),
    "array": (b'[{"name": "A"}]', "is whole JSON, but holds nothing that Refrain knows"),
    "cut.parquet": (b"PAR1\x00\x00", "begins like parquet but cannot be read .* get it again"),
    "cut.jsonl": (b'{"title": "A", "artist": "B"}\n{"tit', "line 2 is not JSON .* get it again"),
    "quote.csv": (b'song_id,title\na,A\nb,"B\nc,C\n', "line 3: a quote is opened and never closed"),
    "columns.csv": (
        b"recipe,flour\nbread,500\n",
        r"has the columns: recipe, flour\. No known layout .* needs a title or an id",
    ),
    "nested.jsonl": (b'{"title": ' + b"[" * 100_000, "is not whole JSON"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_sentence(name: str, tmp_path: Path) -> None:
    content, message = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_bytes_far_into_a_file_are_found(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    start = b"song_id,title\n" + b"".join(b"s%d,T\n" % i for i in range(30_000))
    path.write_bytes(start + b"x,Caf\xe9\n")
    batch = read(path)
    assert batch.songs[-1].facts["title"] == "Café"
    assert f"read as Windows-1252 (cp1252), for byte {len(start) + 5:,} is not UTF-8" in batch.refusals[-1].reason
    path.write_bytes(start + "x,Café\n".encode() * 30 + b"x,Caf\xe9\n")
    batch = read(path)
    assert batch.songs[-1].facts["title"] == "Caf\ufffd", "one broken byte makes no other encoding of the rest"
    assert "1 bytes are not UTF-8" in batch.refusals[-1].reason
    path.write_bytes("song_id,title\na,A\n".encode("utf-16") + b"\x00")
    with pytest.raises(SourceError, match=r"not UTF-16 text .*; the file is damaged"):
        read(path)


def test_damage_inside_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "songs"
    columns = {"song_id": [f"{i:09}" for i in range(50_000)], "title": [f"T{i * 7}" for i in range(50_000)]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    content = bytearray(path.read_bytes())
    content[1_000:60_000] = b"\x07" * 59_000
    path.write_bytes(content)
    with pytest.raises(SourceError, match="cut short or damaged"):
        read(path)


def test_dates_and_texts_in_parquet_that_python_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "songs"
    days = pyarrow.array([0, 2**31 - 1, None], pyarrow.int32()).cast(pyarrow.date32())
    raw = pyarrow.array([b"A", b"B", b"\xff\xfe"], pyarrow.binary())
    text = pyarrow.StringArray.from_buffers(3, *raw.buffers()[1:])
    pyarrow.parquet.write_table(pyarrow.table({"song_id": ["a", "b", "c"], "title": text, "release_date": days}), path)
    batch = read(path)
    assert [(song.song_id, song.facts["year"]) for song in batch.songs] == [("a", 1970)]
    assert [refusal.row for refusal in batch.refusals] == [2, 3]
    assert "column 'release_date' holds a date32[day] that cannot be read" in batch.refusals[0].reason
    assert "column 'title' holds a string that cannot be read" in batch.refusals[1].reason
    pyarrow.parquet.write_table(pyarrow.table({"song_id": ["a"], "title": pyarrow.array([b"Caf\xc3\xa9"])}), path)
    assert read(path).songs[0].facts["title"] == "Café"


def test_a_file_name_that_is_not_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    path.write_text("song_id,title,year\na,A,x\n", "utf-8")
    (refusal,) = read(path).refusals
    assert refusal.file == "caf\ufffd.csv"
    path.write_text("recipe\nbread\n", "utf-8")
    with pytest.raises(SourceError, match=r"caf.\.csv has the columns: recipe") as caught:
        read(path)
    str(caught.value).encode("utf-8")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(SourceError, match="is a device or a pipe; save what it holds as a file first"):
            recognise(path)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder, expected a file; `refrain import"):
        recognise(tmp_path)
    with pytest.raises(SourceError, match="does not exist; check the name"):
        recognise(tmp_path / "none.csv")


def test_a_file_without_rights(ordinary_user: Path) -> None:
    path = table(ordinary_user, "song_id,title\na,A\n")
    path.chmod(0)
    with pytest.raises(SourceError, match=r"may not be read by this user; .* chmod u\+r"):
        recognise(path)


def test_quotes_behind_spaces_are_quotes(tmp_path: Path) -> None:
    path = tmp_path / "songs.csv"
    path.write_text('title, artist, album\n"Oar", "Ada, Bo", "Quay"\nTin, Ada, "Salt"\n', "utf-8")
    batch = read(path)
    assert [(song.facts["artist"], song.facts["album"]) for song in batch.songs] == [
        ("Ada, Bo", "Quay"),
        ("Ada", "Salt"),
    ]
    path.write_text('title,artist\nOar, "Ada" Bo\n', "utf-8")
    assert [song.facts["artist"] for song in read(path).songs] == ['"Ada" Bo'], "no quote around a cell"
