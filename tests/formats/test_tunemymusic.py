"""TuneMyMusic's tables: playlists of any service."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole, written

TEXT = """\
Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id
Slow Ebb,Ines Calder,Tides,Night Boats,Playlist,PTAAA2100001,4zZzZzZzZzZzZzZzZzZz01
The Quays - Gull Song,,,Night Boats,Playlist,,
Salt,The Quays,Low Water,Favorite Songs,Favorite,,
,Ines Calder,,Followed,Artist,,
Low Water,The Quays,Low Water,,Album,,
Rope,The Quays,,,Playlist,,
"""


def test_each_row_says_its_playlist(tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "My Spotify Library.csv", TEXT), "tunemymusic", tmp_path)
    assert contents.playlists == {"Night Boats": ["Slow Ebb", "Gull Song"], "Favorite Songs": ["Salt"]}
    assert contents.ids == ["tunemymusic:favorite songs", "tunemymusic:night boats"]
    assert contents.songs["Gull Song"].artist == "The Quays"
    assert contents.songs["Slow Ebb"].spotify_id == "4zZzZzZzZzZzZzZzZzZz01"
    assert "Rope" in contents.songs, "a song in no playlist"
    assert contents.remarks[("song", "no track name: an artist or an album")] == 2
    assert "Low Water" not in contents.songs
    assert contents.remarks[("column", "'Type' is not used: about the file, not about the song")] == 6


def test_other_services_and_neighbours(tmp_path: Path) -> None:
    apple = TEXT.replace("Spotify - id", "Apple - id").replace("4zZzZzZzZzZzZzZzZzZz01", "1440833098")
    batch = whole(written(tmp_path, "a", apple), "tunemymusic")
    assert batch.songs[0].ids == (("isrc", "PTAAA2100001"),)
    plain = "Track name,Artist name,Album,Playlist name\nSalt,The Quays,,Boats\n"
    assert recognise(written(tmp_path, "b", plain)).format.name == "songs"
    with pytest.raises(SourceError, match="a quote is opened and never closed"):
        whole(written(tmp_path, "c", TEXT + '"Mast'))
