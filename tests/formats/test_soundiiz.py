"""Soundiiz' tables: one playlist a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole, written

PLAIN = "title;artist;album;isrc\nSlow Ebb;Ines Calder;Tides;ptaaa2100001\nSalt;The Quays;Low Water;\n"
LONG = (
    "title;artist;album;isrc;addedDate;addedBy;duration;url\n"
    "Slow Ebb;Ines Calder;Tides;PTAAA2100001;2024-02-03;somebody;225s;https://open.spotify.com/track/4zZzZzZzZzZzZzZzZzZz01\n"
    "Salt;The Quays;Low Water;;2024-02-03;somebody;190s;\n"
)
COMMAS = (
    "title,artist,album,isrc,platform,trackId,duration,addedDate,url\n"
    "Slow Ebb,Ines Calder,Tides,PTAAA2100001,deezer,17,225,2024-02-03,https://www.deezer.com/track/17\n"
)


@pytest.mark.parametrize("text", [PLAIN, LONG])
def test_a_playlist_is_called_after_its_file(text: str, tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "Night_Boats.csv", text), "soundiiz", tmp_path)
    assert contents.playlists == {"Night Boats": ["Slow Ebb", "Salt"]}
    assert contents.ids == ["soundiiz:night boats"]
    batch = whole(tmp_path / "Night_Boats.csv")
    assert ("isrc", "PTAAA2100001") in batch.songs[0].ids
    if text == LONG:
        assert batch.songs[0].facts["duration_ms"] == 225_000
        assert ("spotify", "4zZzZzZzZzZzZzZzZzZz01") in batch.songs[0].ids


def test_the_layout_with_commas(tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "Boats.csv", COMMAS), "soundiiz", tmp_path)
    assert contents.playlists == {"Boats": ["Slow Ebb"]}


def test_a_table_that_may_be_a_list_of_songs_is_said_to_be(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", PLAIN.replace(";", ","))
    source = recognise(path)
    assert (source.format.name, source.others) == ("soundiiz", ("songs",))
    assert len(whole(path, "songs").playlists) == 0
    assert len(whole(path, "soundiiz").playlists) == 1


def test_neighbours_and_damage(tmp_path: Path) -> None:
    other = PLAIN.replace("isrc", "isrc;energy").replace("\nS", "\nS")
    assert recognise(written(tmp_path, "a", other)).format.name == "songs"
    with pytest.raises(SourceError, match="a quote is opened and never closed"):
        whole(written(tmp_path, "b", PLAIN + '"Mast'))
