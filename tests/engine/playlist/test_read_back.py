"""What a playlist is written as, an import reads: the same songs in the same order, whatever they are called."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.answer.hits import Hit
from engine.engine import Engine
from engine.playlist.formats import ENDINGS, one_line, playlist_text
from engine.playlist.playlist import Playlist
from indexer.catalogue import Catalogue
from indexer.records import Song
from indexer.text.formulas import harmless, without_apostrophe

NASTY = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)), st.sampled_from("\n\r\t\x00\u2028\u202e#/\\:\"',;=-+@|[]{}()&<>")
    ),
    max_size=15,
)
NAMES = st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=5)
SPOTIFY = "4uLU6hMCjMI75M1A2tKUQC"


def made(songs: list[Song], name: str = "Night ferry") -> Playlist:
    return Playlist(
        name,
        tuple(
            Hit(
                song.song_id, song.title, song.artist, 0.5, rank, album=song.album, year=song.year,
                duration_ms=song.audio.duration_ms if song.audio else None, spotify_id=song.spotify_id,
            )
            for rank, song in enumerate(songs, start=1)
        ),
    )  # fmt: skip


def songs_of(catalogue: Catalogue) -> dict[str, Song]:
    return {song.song_id: song for song in catalogue.songs()}


def saved(playlist: Playlist, ending: str, folder: Path) -> Path:
    path = folder / f"Night ferry{ending}"
    path.write_bytes(playlist_text(playlist, ending).encode())
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@given(NAMES)
@example([("=1+1", "-A"), ("'=1", "'39"), ("A - B", ""), ("C", "D - E"), ("x=1 y", ""), ("#EXTINF:1,a", "#b")])
@example([("None", "-"), ("['a', 'b']", "Ada"), ("Ada, Bo", "Ada & Bo feat. Cy")])
@settings(max_examples=15, deadline=None)
def test_a_playlist_comes_back(
    ending: str, tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("mix")
    rows = [
        {
            "title": f"{title} {place}",
            "artist": artist,
            "duration_ms": 200_000.4 + place,
            "year": 2001,
            "album": "Tides",
        }
        for place, (title, artist) in enumerate(names)
    ]
    rows[0]["spotify_id"] = SPOTIFY
    (folder / "songs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with Catalogue(folder / "own.db") as own:
        own.load(folder / "songs.jsonl")
        before = songs_of(own)
        songs = sorted(before.values(), key=lambda song: song.title[::-1])
        path = saved(made(songs), ending, folder)
        own.load(path)
        assert songs_of(own) == before, "the catalogue that wrote it knows better"
        (playlist,) = own.playlists()
        assert (playlist.name, list(playlist.song_ids)) == ("Night ferry", [song.song_id for song in songs])
        assert not own.load(path).changed
    with Catalogue(folder / "empty.db") as empty:
        empty.load(path)
        arrived = songs_of(empty)
        (playlist,) = empty.playlists()
        assert [arrived[song_id].title for song_id in playlist.song_ids] == [one_line(song.title) for song in songs]
        assert [arrived[song_id].artist for song_id in playlist.song_ids] == [one_line(song.artist) for song in songs]


def test_every_file_of_a_playlist_is_one_playlist(demo: Engine, tmp_path: Path) -> None:
    """Its format changes, its name does not: each import replaces the one before with the same."""
    made_here = demo.playlist(["Chlorine Hair"], 8)
    with Catalogue(tmp_path / "songs.db") as catalogue:
        for ending in (".m3u8", ".xspf", ".jspf", ".json"):
            catalogue.load(made_here.save(tmp_path / f"mix{ending}"))
            (playlist,) = catalogue.playlists()
            assert playlist.name == made_here.name
            titles = {song.song_id: song.title for song in catalogue.songs()}
            assert [titles[song_id] for song_id in playlist.song_ids] == [hit.title for hit in made_here]


def test_an_answer_brings_songs_and_no_playlist(demo: Engine, tmp_path: Path) -> None:
    answer = demo.recommend(["Chlorine Hair"], k=5)
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer.to_dict()), "utf-8")
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(path)
        assert {song.title for song in catalogue.songs()} == {hit.title for hit in answer}
        assert not list(catalogue.playlists())


@given(st.text(), st.integers(0, 3))
@example("=1", 0)
@example("\n", 1)
def test_the_apostrophe_before_a_formula_is_taken_back(text: str, apostrophes: int) -> None:
    text = "'" * apostrophes + text
    assert without_apostrophe(harmless(text)) == text


def test_a_table_of_somebody_else_loses_no_apostrophe(tmp_path: Path) -> None:
    path = tmp_path / "songs.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["title", "artist"], ["'=1", "Ada"]])
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(path)
        assert [song.title for song in catalogue.songs()] == ["'=1"]
