"""Listens in tables and JSON of other programs, and what merely looks like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.sources import recognise
from tests.formats.reading import imported, lines, whole, written

TITLES = ("Slow Ebb", "Gull Song", "Salt")


def rows(time: str, *, header: str, more: str = "") -> str:
    return (
        header
        + "\n"
        + "".join(f"{time.format(10 + 4 * at)},Ines Calder,{title},Tides{more}\n" for at, title in enumerate(TITLES))
    )


@pytest.mark.parametrize(
    "text",
    [
        rows("2021-03-04T10:{}:00Z", header="played_at,artist,title,album"),
        rows("2021-03-04 10:{}", header="scrobble time,artist name,track name,album"),
        rows("2021-03-04 10:{}", header="endTime,artistName,trackName,albumName,msPlayed", more=",200000"),
        rows(
            "2021-03-04T10:{}:00Z",
            header="ts,master_metadata_album_artist_name,master_metadata_track_name,"
            "master_metadata_album_album_name,ms_played,skipped",
            more=",200000,FALSE",
        ),
    ],
)
def test_tables_of_other_programs(text: str, tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "x.csv", text), "listens", tmp_path)
    assert contents.plays == dict.fromkeys(TITLES, 1)
    assert list(contents.playlists.values()) == [list(TITLES)]
    assert contents.songs["Salt"].artist == "Ines Calder"


@pytest.mark.parametrize("name", ["date", "timestamp", "time"])
def test_a_doubtful_name_is_said_to_be(name: str, tmp_path: Path) -> None:
    """A column "date" with times of day, and no other sign: listens, or songs."""
    source = recognise(written(tmp_path, "x.csv", rows("2021-03-04 10:{}", header=f"{name},artist,title,album")))
    assert (source.format.name, source.others) == ("listens", ("songs",))
    batch = whole(tmp_path / "x.csv", "songs")
    assert len(batch.songs) == 3
    assert not batch.playlists


def test_json_of_other_programs(tmp_path: Path) -> None:
    listens = [
        {"track": {"title": title, "artist": "Ines Calder"}, "played_at": f"2021-03-04T10:{10 + 4 * at}:00.000Z"}
        for at, title in enumerate(TITLES)
    ]
    for name, content in {"a.json": listens, "b.json": {"items": listens}, "c.jsonl": lines(*listens)}.items():
        contents = imported(written(tmp_path / name, name, content), "listens", tmp_path / name)
        assert contents.plays == dict.fromkeys(TITLES, 1)
        assert list(contents.playlists.values()) == [list(TITLES)]


def test_the_recently_played_songs_of_spotifys_web_api(tmp_path: Path) -> None:
    songs = [
        {"track": {"id": f"4zZzZzZzZzZzZzZzZzZz0{at}", "name": title, "artists": [{"name": "Ines Calder"}],
                   "album": {"name": "Tides", "release_date": "2021-03-04", "total_tracks": 9}, "duration_ms": 201_000},
         "played_at": f"2021-03-04T10:{10 + 4 * at}:00.000Z", "context": {"type": "album"}}
        for at, title in enumerate(TITLES)
    ]  # fmt: skip
    for key in ("items", "data"):
        path = written(tmp_path / key, "x", {"href": "https://api.example", "limit": 50, key: songs})
        contents = imported(path, "listens", tmp_path / key)
        assert contents.plays == dict.fromkeys(TITLES, 1)
        assert contents.songs["Salt"].spotify_id == "4zZzZzZzZzZzZzZzZzZz02"
        assert contents.songs["Salt"].year == 2021


@pytest.mark.parametrize(
    "text",
    [
        rows("2021-03-{}", header="date,artist,title,album"),  # a chart
        rows("2021-03-{}", header="listened_at,artist,title,album"),  # days
        rows("2021-03-04 10:00", header="timestamp,artist,title,album"),  # when a list was made
        rows("2021-03-04 10:{}", header="last played,artist,title,album"),  # a library
        rows("2021-03-04 10:{}", header="played_at,artist,title,album,play count", more=",7"),  # a library
        rows("2021-03-04 10:{}", header="timestamp,artist,title,album,danceability", more=",0.5"),  # a crawl
        rows("2021-03-04 10:{}", header="Added At,artist,title,album"),  # a playlist
        rows("2021-03-04 10:{}", header="played_at,artist,title,playlist"),  # a broadcast
    ],
)
def test_neighbours_are_songs(text: str, tmp_path: Path) -> None:
    source = recognise(written(tmp_path, "x.csv", text))
    assert (source.format.name, source.others) == ("songs", ())
    labels = [value for batch in source.batches() for song in batch.songs for value in song.labels.values()]
    assert labels == ([7, 7, 7] if "play count" in text else [])


def test_a_listening_history_with_audio_features_is_one(tmp_path: Path) -> None:
    text = rows("2021-03-04T10:{}:00Z", header="played_at,artist,title,album,danceability", more=",0.5")
    contents = imported(written(tmp_path, "x.csv", text), "listens", tmp_path)
    assert contents.songs["Salt"].audio is not None
    assert contents.songs["Salt"].audio.danceability == 0.5
