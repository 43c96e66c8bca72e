"""Genius: the JSON of LyricsGenius in its shapes, and the tables that were made of Genius."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole, written

WORDS = "The boats are in, and nobody sings"


def song(number: int, title: str, **more: object) -> dict[str, object]:
    return {
        "annotation_count": 2,
        "artist_names": "Ines Calder (Ft. The Quays)",
        "featured_artists": [{"id": 7, "name": "The Quays"}],
        "full_title": f"{title} by Ines Calder (Ft. The Quays)",
        "id": number,
        "lyrics_state": "complete",
        "language": "en",
        "primary_artist": {"id": 3, "name": "Ines Calder", "url": "https://genius.example/artists/3"},
        "release_date_components": {"year": 2021, "month": 3, "day": 4},
        "release_date_for_display": "March 4, 2021",
        "stats": {"pageviews": 1234, "unreviewed_annotations": 0},
        "tags": [{"id": 1, "name": "Shanty", "primary": True}],
        "title": title,
        "title_with_featured": f"{title} (Ft. The Quays)",
        "url": "https://genius.example/x-lyrics",
        "album": {"id": 5, "name": "Tides", "artist": {"name": "Various"}, "full_title": "Tides by Various"},
        "song_relationships": [{"type": "samples", "songs": [{"title": "Another", "lyrics_state": "complete"}]}],
        "lyrics": WORDS,
        "artist": "Ines Calder",
        **more,
    }


SHAPES = {
    "song.json": song(1, "Slow Ebb"),
    "artist.json": {"alternate_names": [], "name": "Ines Calder", "id": 3, "songs": [song(1, "Slow Ebb")]},
    "album.json": {
        "name": "Tides",
        "artist": {"name": "Various"},
        "tracks": [{"number": 1, "song": song(1, "Slow Ebb")}],
    },
    "array.json": [song(1, "Slow Ebb")],
    "api.json": {"meta": {"status": 200}, "response": {"song": song(1, "Slow Ebb")}},
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_song_alone_of_an_artist_and_of_an_album(name: str, tmp_path: Path) -> None:
    contents = imported(written(tmp_path, name, SHAPES[name]), "genius", tmp_path)
    (found,) = contents.songs.values()
    assert (found.title, found.artist, found.album, found.year) == ("Slow Ebb", "Ines Calder", "Tides", 2021)
    assert (found.language, found.lyrics, found.tags) == ("en", WORDS, ("Shanty",))
    assert contents.plays == {"Slow Ebb": 1234}
    assert contents.playlists == {}, "neither an artist nor an album is a playlist"
    assert contents.remarks[("column", "'id' is not used: no known meaning")] == 1
    assert not whole(tmp_path / name).songs[0].ids


def test_what_is_missing_is_taken_from_elsewhere(tmp_path: Path) -> None:
    bare = song(1, "Slow Ebb", primary_artist=None, release_date_components=None, release_date="2019-01-02", album=None)
    (found,) = imported(written(tmp_path, "x", [bare]), "genius", tmp_path).songs.values()
    assert (found.artist, found.year, found.album) == ("Ines Calder", 2019, None)


def test_the_first_versions_of_lyricsgenius_and_bare_objects_are_songs(tmp_path: Path) -> None:
    first = {"artist": "Ines Calder", "songs": [{"title": "Salt", "album": "Tides", "year": "2021-03-04",
                                                 "lyrics": WORDS, "image": "", "artist": "Ines Calder"}]}  # fmt: skip
    contents = imported(written(tmp_path, "a", first), "json songs", tmp_path)
    assert contents.playlists == {}
    assert (contents.songs["Salt"].lyrics, contents.songs["Salt"].year) == (WORDS, 2021)


TABLES = {
    "song_lyrics.csv": (
        "title,tag,artist,year,views,features,lyrics,id,language_cld3,language_ft,language\n"
        f'Salt,rap,Ines Calder,2021,1234,"{{""The Quays""}}","{WORDS}",1,en,en,en\n'
    ),
    "azlyrics.csv": (
        'ARTIST_NAME,ARTIST_URL,SONG_NAME,SONG_URL,LYRICS\n"Ines Calder",https://az.example/i,"Salt",'
        f'https://az.example/s,"{WORDS}"\n'
    ),
    "spotify_millsongdata.csv": f'artist,song,link,text\nInes Calder,Salt,/i/salt.html,"{WORDS}"\n',
    "lyrics.csv": f'index,song,year,artist,genre,lyrics\n0,Salt,2021,Ines Calder,Rap,"{WORDS}"\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_the_big_tables_are_songs_with_lyrics(name: str, tmp_path: Path) -> None:
    contents = imported(written(tmp_path, name, TABLES[name]), "songs", tmp_path)
    found = contents.songs["Salt"]
    assert (found.artist, found.lyrics) == ("Ines Calder", WORDS)
    if "2021" in TABLES[name]:
        assert (found.year, found.genres) == (2021, ("rap",))
    if "views" in TABLES[name]:
        assert found.language == "en"
        assert contents.plays == {"Salt": 1234}
    assert not whole(tmp_path / name).songs[0].ids


def test_neighbours_and_damage(tmp_path: Path) -> None:
    spotify = [{"name": "Salt", "artists": [{"name": "The Quays"}], "id": "4zZzZzZzZzZzZzZzZzZz01"}]
    assert recognise(written(tmp_path, "a", spotify)).format.name == "json songs"
    path = written(tmp_path, "b", [song(1, "Slow Ebb"), song(2, "Salt")])
    path.write_text(path.read_text("utf-8")[:-30], "utf-8")
    with pytest.raises(SourceError, match="not whole JSON after item 1"):
        whole(path, "genius")
