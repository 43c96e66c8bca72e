"""Lists of songs in files: every way to name a song finds it, each once, and what is not found is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.lookup.files import read_list
from indexer.errors import SourceError

BOAT = "My Landlord Bought a Boat"
POOL = "Chlorine Hair"


@pytest.fixture
def ids(demo: Engine) -> list[str]:
    return [demo.find(BOAT)[0].song_id, demo.find(POOL)[0].song_id]


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", f"title,artist\n{BOAT},Ludie Sparrow\n{POOL},Milkthistle Year\n"),
        ("a.csv", f"Track Name;Artist Name(s)\n{BOAT} - Remastered 2011;Ludie Sparrow\n{POOL};Milkthistle Year\n"),
        ("a.csv", "song_id,title\n{0},anything\n{1},\n"),
        ("a.csv", "playlist_id,song_id,position\np,{0},0\np,{1},1\n"),
        ("a.jsonl", f'{{"title": "{BOAT}", "artist": "Ludie Sparow"}}\n' + '{"song_id": "{1}"}\n'),
        ("a.txt", f"# my list\n\n{BOAT}, Ludie Sparrow\n{{1}}\n{{1}}\n"),
        ("a.m3u8", f"#EXTM3U\n#EXTINF:200,x\nLudie Sparrow - {BOAT}\n#EXTINF:100,y\nMilkthistle Year - {POOL}\n"),
        (
            "a.m3u",
            f"#EXTM3U\n#EXTINF:200,Ludie Sparrow - {BOAT}\n/music/01.mp3\n"
            f"#EXTINF:-1 tvg-id=\"x\",Milkthistle Year - {POOL}\nC:\\Music\\b side\\02.flac\n",
        ),
        ("a.m3u", f"/music/Ludie Sparrow - {BOAT}.mp3\n#EXTALB:x\nfile:///m/Milkthistle Year - {POOL}.ogg\n"),
    ],
    ids=["names", "exported", "ids", "entries", "jsonl", "text", "m3u8", "extinf", "file names"],
)  # fmt: skip
def test_songs_are_found_however_they_are_listed(
    demo: Engine, ids: list[str], tmp_path: Path, name: str, text: str
) -> None:
    for place, song_id in enumerate(ids):
        text = text.replace(f"{{{place}}}", song_id)
    found = read_list(demo.index, write(tmp_path, name, text))
    assert [song.song_id for song in found.songs] == ids
    assert found.missing == ()


def test_a_playlist_that_was_saved_is_a_list(demo: Engine, tmp_path: Path) -> None:
    made = demo.playlist([POOL], 12)
    for ending in ("m3u8", "csv"):
        found = read_list(demo.index, made.save(tmp_path / f"mix.{ending}"))
        assert [song.song_id for song in found.songs] == [hit.song_id for hit in made]


def test_what_is_not_found_is_named_and_the_rest_is_read(demo: Engine, ids: list[str], tmp_path: Path) -> None:
    rows = [
        {"title": "Nobody Wrote This", "artist": "No One"},
        {"spotify_id": "4uLU6hMCjMI75M1A2tKUQC"},
        {"artist": "only an artist"},
        {"title": BOAT, "artist": "Somebody Else Altogether"},
        {"song_id": ids[1]},
    ]
    found = read_list(demo.index, write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))))
    assert [song.song_id for song in found.songs] == ids[1:]
    assert found.missing[:1] == ("Nobody Wrote This, No One",)
    assert set(found.missing[1:]) == {
        "4uLU6hMCjMI75M1A2tKUQC", f"{BOAT}, Somebody Else Altogether",
        "row 3: neither an id nor a title; give it a song_id or a title",
    }  # fmt: skip


def test_a_song_that_the_index_does_not_hold_comes_with_its_content(demo: Engine, tmp_path: Path) -> None:
    rows = [
        {"title": "Nobody Wrote This", "artist": "No One", "lyrics": "copper rain\nin a velvet morning", "year": 1994},
        {"title": "Nor This", "artist": "No One", "energy": 0.7, "tempo": 101},
    ]
    words, sound = read_list(demo.index, write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))).songs
    assert (words.song_id, words.year, words.lyrics) == ("", 1994, "copper rain\nin a velvet morning")
    assert sound.audio is not None
    assert sound.audio.known() == {"energy": 0.7, "tempo": 101}


def test_an_ambiguous_name_is_not_guessed(demo: Engine, tmp_path: Path) -> None:
    artist = demo.find(POOL)[0].artist
    assert read_list(demo.index, write(tmp_path, "a.txt", f"{artist}\n")).songs == ()


def test_a_file_that_is_no_list_is_refused(demo: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No known layout"):
        read_list(demo.index, write(tmp_path, "a.csv", "colour,weight\nred,2\n"))
    with pytest.raises(SourceError, match="does not exist"):
        read_list(demo.index, tmp_path / "nowhere.txt")
    (tmp_path / "broken.txt").write_bytes(b"\x00\x01\x02 no text")
    with pytest.raises(SourceError, match="is no text and of no known kind"):
        read_list(demo.index, tmp_path / "broken.txt")
