"""Entries of lists: they name songs, and what the catalogue knows of these stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from tests.formats.reading import written
from tests.indexer.sources.sound.collection import sound_file

TABLE = "title,artist,album,duration_ms,energy\nGull Song,Ada Pier,,200000,0.5\nTide,Bo,Sheds,,\n"
LIST = (
    "#EXTM3U\n#EXTINF:201,ADA PIER - Gull Song\n#EXTALB:Low Water\na.mp3\n"
    "#EXTINF:99,Bo - Tide\n#EXTALB:Other\nb.mp3\n#EXTINF:50,Cy - New\nc.mp3\n"
)


@pytest.fixture
def catalogue(tmp_path: Path):
    with Catalogue(tmp_path / "songs.db") as opened:
        opened.load(written(tmp_path, "songs.csv", TABLE))
        yield opened


def test_a_list_fills_what_is_unknown_and_replaces_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(written(tmp_path, "mix.m3u8", LIST))
    songs = {song.title: song for song in catalogue.songs()}
    gull, tide = songs["Gull Song"], songs["Tide"]
    assert (gull.artist, gull.album, gull.audio and gull.audio.duration_ms) == ("Ada Pier", "Low Water", 200_000)
    assert (tide.album, tide.audio and tide.audio.duration_ms) == ("Sheds", 99_000)
    assert songs["New"].artist == "Cy", "a song that nobody knows yet is as the list has it"
    assert len(songs) == 3


def test_a_key_counts_only_where_the_catalogue_has_it(catalogue: Catalogue, tmp_path: Path) -> None:
    (known,) = (song.song_id for song in catalogue.songs() if song.title == "Tide")
    lines = f"#EXTM3U\n#REFRAIN-SONG:{known}\n#EXTINF:1,x - y\na.mp3\n"
    lines += "#REFRAIN-SONG:elsewhere\n#EXTINF:1,Ada Pier - Gull Song\nb\n"
    catalogue.load(written(tmp_path, "mix.m3u8", lines))
    titles = {song.song_id: song.title for song in catalogue.songs()}
    (playlist,) = catalogue.playlists()
    assert [titles[song_id] for song_id in playlist.song_ids] == ["Tide", "Gull Song"]
    assert "elsewhere" not in titles


def test_an_entry_is_the_song_of_its_file_whatever_the_list_calls_it(tmp_path: Path) -> None:
    music = tmp_path / "music"
    for number, name in enumerate(("one", "two")):
        sound_file(music / "sub" / f"{name}.flac", pitch=220 * (number + 1), title=f"Song {name}", artist="Ada")
    lines = f"#EXTM3U\n#EXTINF:9,No - Body\nsub/two.flac\n#EXTINF:9,Some - Other\n{tmp_path}/x/../music/sub/one.flac\n"
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load_folder(music)
        before = {song.song_id: song for song in catalogue.songs()}
        catalogue.load(written(music, "mix.m3u8", lines))
        (playlist,) = catalogue.playlists()
        assert [before[song_id].title for song_id in playlist.song_ids] == ["Song two", "Song one"]
        assert {song.song_id: song for song in catalogue.songs()} == before
