"""Songs as JSON of any shape: what stands around a song, and songs without names."""

from __future__ import annotations

from pathlib import Path

from indexer.catalogue import Catalogue
from tests.formats.reading import contents_of, imported, written

ID = "5bbbbbbbbbbbbbbbbbbbb"  # and a digit: an id of Spotify


def track(number: int, title: str) -> dict[str, object]:
    """A track as an album of the Spotify Web API lists it."""
    return {
        "artists": [{"name": "Ines Calder", "id": "x"}], "disc_number": 1, "duration_ms": 201000, "explicit": False,
        "id": f"{ID}{number}", "name": title, "track_number": number, "type": "track",
        "uri": f"spotify:track:{ID}{number}",
    }  # fmt: skip


def features(number: int, energy: float) -> dict[str, object]:
    """What the Spotify Web API said of how a track sounds: no title, no artist."""
    return {
        "danceability": 0.7, "energy": energy, "key": 1, "mode": 0, "tempo": 120.5, "type": "audio_features",
        "id": f"{ID}{number}", "uri": f"spotify:track:{ID}{number}",
        "track_href": f"https://api.spotify.com/v1/tracks/{ID}{number}", "duration_ms": 201000,
    }  # fmt: skip


def test_tracks_of_an_album_are_on_it(tmp_path: Path) -> None:
    tracks = {"items": [track(1, "Slow Ebb"), track(2, "Gull Song")], "next": None}
    album = {
        "album_type": "album", "artists": [{"name": "Ines Calder"}], "name": "Tides", "release_date": "2011-03-04",
        "type": "album", "total_tracks": 2, "tracks": tracks,
    }  # fmt: skip
    for place, document in enumerate((album, {"albums": [album]}, [{"album": album}])):
        folder = tmp_path / str(place)
        contents = imported(written(folder, "album.json", document), "json songs", folder)
        assert {(song.album, song.year) for song in contents.songs.values()} == {("Tides", 2011)}
        assert (sorted(contents.songs), contents.playlists) == (["Gull Song", "Slow Ebb"], {})


def test_features_without_a_name_are_of_the_song_with_their_id(tmp_path: Path) -> None:
    names = written(tmp_path, "tracks.json", {"tracks": [track(1, "Slow Ebb"), track(2, "Gull Song")]})
    pages = {"audio_features": [features(1, 0.25), None, features(2, 0.5)]}
    for place, document in enumerate((pages, [features(1, 0.25), features(2, 0.5)], [pages])):
        with Catalogue(tmp_path / f"{place}.db") as catalogue:
            catalogue.load(names)
            report = catalogue.load(written(tmp_path, "features.json", document))
            assert (report.format, report.counts["songs"].changed) == ("json songs", 2)
            songs = contents_of(catalogue).songs
            assert {title: song.audio and song.audio.energy for title, song in songs.items()} == {
                "Slow Ebb": 0.25,
                "Gull Song": 0.5,
            }
