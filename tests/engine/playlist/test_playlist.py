"""Playlists: every file reads back to the same songs, whatever a title holds, and none is ever half written."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.answer.hits import Hit
from engine.playlist.formats import as_json, csv_table, file_name, jspf, m3u8, one_line, xspf
from engine.playlist.playlist import Playlist, playlist_name
from engine.query.filters import Filters
from indexer.errors import RequestError
from indexer.text.formulas import harmless
from indexer.text.printable import HARMFUL

RAIN = Hit(
    "s1", "Salt Road", "Marrow & Lantern", 1.5, 1, {"lyrics": 1.0, "audio": 0.5}, "both sing of roads", "down the salt",
    album="Tides", duration_ms=215_600.0, year=1994, tempo=98.0, key=9.0, mode=0.0, energy=0.4,
    spotify_id="4uLU6hMCjMI75M1A2tKUQC",
)  # fmt: skip
BARE = Hit("s2", "Äther", "Ñandú", 0.25, 2)
MIX = Playlist("Evening", (RAIN, BARE), ("artist cap 2 -> 3: only 1 of 2 songs fit",))


def test_it_is_its_songs():
    assert len(MIX) == 2
    assert list(MIX) == [RAIN, BARE]


def test_m3u8():
    assert m3u8(MIX) == (
        "#EXTM3U\n"
        "#PLAYLIST:Evening\n"
        "#EXTINF:216,Marrow & Lantern - Salt Road\n"
        "spotify:track:4uLU6hMCjMI75M1A2tKUQC\n"
        "#EXTINF:-1,Ñandú - Äther\n"
        "#REFRAIN-SONG:s2\n"
        "Ñandú - Äther\n"
    )


def test_jspf_as_the_specification_has_it():
    """Durations are whole milliseconds, identifiers a list of URIs, an unknown field is absent."""
    rain, bare = json.loads(jspf(MIX))["playlist"]["track"]
    assert rain["identifier"] == ["spotify:track:4uLU6hMCjMI75M1A2tKUQC"]
    assert rain["duration"] == 215_600
    assert isinstance(rain["duration"], int)
    assert (rain["title"], rain["creator"], rain["album"]) == ("Salt Road", "Marrow & Lantern", "Tides")
    assert rain["annotation"] == "both sing of roads"
    assert set(bare) == {"title", "creator", "extension"}
    added = bare["extension"]["https://musicbrainz.org/doc/jspf#track"]["additional_metadata"]
    assert added == {"refrain_song_id": "s2"}


def test_csv_has_one_line_a_song_and_leaves_the_unknown_empty():
    rain, bare = csv.DictReader(csv_table(MIX).splitlines())
    assert (rain["position"], rain["title"], rain["artist"], rain["year"]) == (
        "1",
        "Salt Road",
        "Marrow & Lantern",
        "1994",
    )
    assert float(rain["tempo"]) == 98.0
    assert (bare["album"], bare["year"], bare["duration_ms"], bare["spotify_id"]) == ("", "", "", "")


def test_json_holds_everything():
    told = json.loads(as_json(MIX))
    assert told["name"] == "Evening"
    assert told["relaxed"] == list(MIX.relaxed)
    assert told["songs"][0]["signals"] == {"lyrics": 1.0, "audio": 0.5}
    for song, hit in zip(told["songs"], (RAIN, BARE), strict=True):
        assert Hit(**song | {"artists": tuple(song["artists"]), "featured": tuple(song["featured"])}) == hit


nasty = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\n\r\t\x00\x0b\x0c\x85\u2028\u2029\u202e#/\\:\"',;=-\x7f\ufeff"),
    ),
    max_size=20,
)
playlists = st.lists(st.tuples(nasty, nasty, nasty), max_size=6).map(
    lambda songs: Playlist("mix", tuple(Hit(f"id{i}", t, a, 0.0, i + 1, reason=r) for i, (t, a, r) in enumerate(songs)))
)


@given(playlists, nasty)
@settings(max_examples=150)
def test_no_title_breaks_the_m3u(playlist, name):
    text = m3u8(Playlist(name, playlist.songs))
    lines = text.splitlines()
    assert lines == text[:-1].split("\n"), "a reader that knows other line ends sees the same lines"
    assert lines[0] == "#EXTM3U"
    assert lines[1].startswith("#PLAYLIST:")
    assert sum(line.startswith("#EXTINF:-1,") for line in lines) == len(playlist)
    entries = [line for line in lines if not line.startswith("#")]
    assert len(entries) == len(playlist)
    for entry in entries:
        assert entry.strip()
        assert entry[0] not in "#.~/"
        assert not set(entry) & set('/\\:*?"<>|')


@given(playlists)
@settings(max_examples=100)
def test_jspf_json_and_csv_read_back_to_the_same_titles_in_one_line(playlist):
    titles = [one_line(song.title) for song in playlist]
    artists = [one_line(song.artist) for song in playlist]
    tracks = json.loads(jspf(playlist))["playlist"]["track"]
    assert [t["title"] for t in tracks] == titles
    assert [t["creator"] for t in tracks] == artists
    assert [s["title"] for s in json.loads(as_json(playlist))["songs"]] == titles
    rows = list(csv.DictReader(io.StringIO(csv_table(playlist), newline="")))
    assert [r["title"] for r in rows] == [harmless(title) for title in titles]
    assert [r["artist"] for r in rows] == [harmless(artist) for artist in artists]


@given(playlists)
@settings(max_examples=100)
def test_no_cell_of_the_csv_is_a_formula(playlist):
    for row in csv.reader(io.StringIO(csv_table(playlist), newline="")):
        for cell in row:
            assert cell.lstrip()[:1] not in set("=+-@＝＋－＠") or cell.lstrip("-").replace(".", "").isdigit()
            assert cell[:1] not in set("\t\r\n")


@pytest.mark.parametrize("cell", ["=1+1", "\n=1+1", " =1", "\t=1", "\r1", "＝1+1", "＋1", "－1", "＠a", "\u3000=1"])
def test_what_a_spreadsheet_computes_is_text(cell):
    assert harmless(cell) == f"'{cell}"
    assert harmless("1 = 1") == "1 = 1"


@given(playlists, nasty)
@settings(max_examples=100)
def test_no_file_holds_what_a_terminal_obeys_or_turns_round(playlist, name):
    mix = Playlist(name, playlist.songs)
    for write in (m3u8, xspf, jspf, as_json, csv_table):
        assert not HARMFUL.search(write(mix).replace("\r\n", "").replace("\n", ""))


def test_a_title_with_a_line_end_stays_one_line_of_an_m3u():
    text = m3u8(Playlist("x\n#EXTM3U", (Hit("s\n#EXTINF", "a\n#EXTINF:1,b\nhttp://evil", "c\r\nd", 0.0, 1),)))
    assert text.splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:x #EXTM3U",
        "#EXTINF:-1,c d - a #EXTINF:1,b http://evil",
        "#REFRAIN-SONG:s #EXTINF",
        "c d - a #EXTINF_1,b http___evil",
    ]
    assert len(m3u8(Playlist("x", (Hit("s\n#EXTINF", "", "", 0.0, 1),))).splitlines()) == 5


def test_a_playlist_repeats_the_request_that_it_answers():
    request = {"kind": "playlist", "seeds": ["Salt Road"], "length": 2}
    whole = json.loads(as_json(Playlist("mix", (RAIN,), ("less",), request)))
    assert list(whole) == ["name", "songs", "relaxed", "notes", "query"]
    assert whole["query"] == request


@dataclass
class Asking:
    seed_artists: tuple[str, ...] = ()
    seed_genres: tuple[str, ...] = ()
    text: str = ""
    target: dict[str, float] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)


@pytest.mark.parametrize(
    ("asking", "seeds", "name"),
    [
        ({}, ["Salt Road", "Tides"], "Like Salt Road, Tides"),
        ({"seed_artists": ("Can",)}, ["A", "B", "C"], "Like A, B, C and 1 more"),
        ({"seed_genres": ("krautrock",), "text": "rain"}, [], "Like krautrock"),
        ({"text": " rainy \n sunday "}, [], "rainy sunday"),
        ({"text": "x" * 100}, [], "x" * 59 + "…"),
        ({"filters": Filters.of({"mood": "sad"})}, [], "Sad songs"),
        ({"filters": Filters.of({"genre": "rock", "year": "1990..1999"})}, [], "Rock, 1990s"),
        (
            {"filters": Filters.of({"genre": "rock", "mood": "sad", "tempo": "90.."})},
            [],
            "Rock, sad, tempo from 90",
        ),
        ({"filters": Filters.of({"year": "..1979"})}, [], "Up to 1979"),
        ({"filters": Filters.of({"year": 1994}), "target": {"energy": 0.8}}, [], "1994, energy near 0.8"),
        ({"target": {"energy": 0.8}}, [], "Songs with energy near 0.8"),
        ({"target": {"happy": 1.0}}, [], "Happy songs"),
        ({"filters": Filters.of({"has": "lyrics"})}, [], "Songs"),
    ],
)
def test_a_playlist_that_nobody_named_is_called_after_what_was_asked_for(asking, seeds, name):
    assert playlist_name(Asking(**asking), seeds) == name


@pytest.mark.parametrize(
    ("ending", "text"), [(".m3u8", m3u8), (".xspf", xspf), (".jspf", jspf), (".csv", csv_table), (".json", as_json)]
)
def test_the_ending_chooses_the_format(tmp_path, ending, text):
    for name in (f"mix{ending}", f"MIX2{ending.upper()}"):
        path = MIX.save(tmp_path / name)
        assert path.read_bytes().decode("utf-8") == text(MIX)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([f"mix{ending}", f"MIX2{ending.upper()}"])


@pytest.mark.parametrize("name", ["mix.mp3", "mix", "mix.m3u8.gz"])
def test_another_ending_lists_them_all(tmp_path, name):
    with pytest.raises(RequestError, match=r"\.m3u8, \.xspf, \.jspf, \.csv, \.json"):
        MIX.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    path = MIX.save(tmp_path / "mix.json")
    before = path.read_bytes()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space left"):
        Playlist("other", (BARE,)).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        MIX.save(tmp_path / "nowhere" / "mix.csv")


def test_half_a_surrogate_pair_does_not_stop_a_file(tmp_path):
    path = Playlist("mix", (Hit("s", "cut \ud83d", "x", 0.0, 1),)).save(tmp_path / "mix.json")
    assert json.loads(path.read_text(encoding="utf-8"))["songs"][0]["title"] == "cut"


def test_a_name_is_a_plain_file_name():
    assert file_name("AC/DC - T.N.T.") == "AC_DC - T.N.T."
    assert file_name("../../etc/passwd") == "_._.._etc_passwd"
    assert Path(file_name("..")).name == "_."
    assert file_name("\n") == "_"


def test_a_hit_cannot_be_built_wrong():
    with pytest.raises(ValueError, match="rank of s is 0"):
        Hit("s", "t", "a", 0.0, 0)
    with pytest.raises(ValueError, match="score of s is nan"):
        Hit("s", "t", "a", float("nan"), 1)
