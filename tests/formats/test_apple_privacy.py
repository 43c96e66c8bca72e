"""Apple Music in the copy of one's data that Apple sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole, written

COLUMNS = (
    "Album Name,Container Artist Name,Event Start Timestamp,Event Type,End Reason Type,"
    "Media Duration In Milliseconds,Media Type,Play Duration Milliseconds,Song Name\n"
)
EVENTS = """\
Tides,Ines Calder,2021-03-04T10:08:00.123Z,PLAY_END,NATURAL_END_OF_TRACK,201000,AUDIO,201000,Slow Ebb
Tides,Ines Calder,2021-03-04T10:08:00.123Z,PLAY_START,,201000,AUDIO,0,Slow Ebb
Low Water,The Quays,2021-03-04T10:12:00Z,PLAY_END,NATURAL_END_OF_TRACK,190000,AUDIO,190000,Gull Song
Low Water,The Quays,2021-03-04T10:16:00Z,PLAY_END,TRACK_SKIPPED_FORWARDS,190000,AUDIO,60000,Rope
Tides,Ines Calder,2021-03-04T10:18:00Z,PLAY_END,NATURAL_END_OF_TRACK,170000,AUDIO,170000,Salt
Tides,,2021-03-04T10:22:00Z,PLAY_END,NATURAL_END_OF_TRACK,170000,AUDIO,170000,Mast
,,2021-03-04T10:26:00Z,PLAY_END,NATURAL_END_OF_TRACK,170000,VIDEO,170000,A clip
"""
ACTIVITY = COLUMNS + EVENTS
DAYS = """\
Country,Track Identifier,Media type,Date Played,Hours,Play Duration Milliseconds,Play Count,Skip Count,Track Description
PT,17,AUDIO,20210304,"10, 11",201000,1,0,Ines Calder - Slow Ebb
PT,17,AUDIO,20210305,9,201000,1,0,Ines Calder - Slow Ebb
PT,18,AUDIO,20210305,9,12000,0,1,The Quays - Rope
"""


def test_ends_of_songs_are_plays(tmp_path: Path) -> None:
    path = written(tmp_path, "Apple Music Play Activity.csv", ACTIVITY)
    contents = imported(path, "apple music history", tmp_path)
    assert contents.plays == {"Slow Ebb": 1, "Gull Song": 1, "Salt": 1}
    assert contents.playlists == {"Session 2021-03-04 10:08": ["Slow Ebb", "Gull Song", "Salt"]}
    found = contents.songs["Slow Ebb"]
    assert found.audio is not None
    assert (found.artist, found.album, found.audio.duration_ms) == ("Ines Calder", "Tides", 201_000)
    listens = {kind.partition(";")[0]: count for (what, kind), count in contents.remarks.items() if what == "listen"}
    assert listens == {
        "the beginning of a song or another event: its end is the play": 1,
        "skipped: no play": 1,
        "Apple left out the artist": 1,
        "no song: a video, a station or another event": 1,
    }


def test_days_are_plays_without_sessions(tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "x.csv", DAYS), "apple music history", tmp_path)
    assert contents.plays == {"Slow Ebb": 2}
    assert contents.playlists == {}
    assert contents.songs["Rope"].artist == "The Quays"


def test_the_library_is_a_list_of_songs(tmp_path: Path) -> None:
    track = {
        "Content Type": "Song",
        "Track Identifier": 182889262,
        "Title": "Slow Ebb",
        "Sort Name": "Slow Ebb",
        "Artist": "Ines Calder",
        "Album": "Tides",
        "Album Artist": "Various",
        "Genre": "Shanty",
        "Track Year": 2021,
        "Track Duration": 201000,
        "Track Play Count": 44,
        "Last Played Date": "2024-08-02T21:36:11Z",
        "Release Date": "2021-03-04T07:00:00Z",
        "Beats Per Minute": 0,
    }
    contents = imported(written(tmp_path, "Apple Music Library Tracks.json", [track]), "json songs", tmp_path)
    (found,) = contents.songs.values()
    assert (found.title, found.artist, found.album, found.year) == ("Slow Ebb", "Ines Calder", "Tides", 2021)
    assert contents.plays == {"Slow Ebb": 44}


def test_neighbours_and_damage(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No known layout"):
        recognise(written(tmp_path, "a", "Song Name,Event Start Timestamp\nSalt,2021-03-04T10:08:00Z\n"))
    with pytest.raises(SourceError, match="a quote is opened and never closed"):
        whole(written(tmp_path, "b", ACTIVITY + '"Tides'), "apple music history")
