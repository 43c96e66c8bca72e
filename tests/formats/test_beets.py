"""beets' export as JSON, JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, lines, whole, written

MBID = "0f3a1c9e-0000-4000-8000-00000000000"


def item(number: int, title: str, **more: object) -> dict[str, object]:
    return {
        "title": title,
        "artist": "Ines Calder",
        "artist_sort": "Calder, Ines",
        "albumartist": "Various",
        "albumartist_sort": "Various",
        "album": "Tides",
        "albumtype": "album",
        "track": number,
        "tracktotal": 9,
        "year": 2021,
        "original_year": 0,
        "genre": "Shanty",
        "length": 201.5,
        "bpm": 0,
        "initial_key": "Am",
        "mb_trackid": f"{MBID}{number}",
        "mb_albumid": MBID + "9",
        "isrc": "PTAAA210000" + str(number),
        "lyrics": "The boats are in, and nobody sings",
        "path": f"/music/tides/{number}.flac",
        "bitrate": 900_000,
        **more,
    }


ITEMS = [item(1, "Slow Ebb"), item(2, "Salt", length=190.0, bpm=96, lyrics="", initial_key="")]


def table(items: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(items[0]))
    writer.writeheader()
    writer.writerows(items)
    return out.getvalue()


def test_all_its_layouts_say_the_same(tmp_path: Path) -> None:
    clock = [{**each, "length": "3:21" if each["title"] == "Slow Ebb" else "3:10"} for each in ITEMS]
    for name, content in {
        "a.json": json.dumps(ITEMS, indent=4, ensure_ascii=False),
        "b.jsonl": lines(*ITEMS),
        "c.csv": table(ITEMS),
        "d.csv": table(clock),
    }.items():
        contents = imported(written(tmp_path / name, name, content), "beets", tmp_path / name)
        ebb, salt = contents.songs["Slow Ebb"], contents.songs["Salt"]
        assert (ebb.artist, ebb.album, ebb.year, ebb.genres) == ("Ines Calder", "Tides", 2021, ("shanty",)), name
        assert ebb.audio is not None
        assert salt.audio is not None
        assert ebb.audio.duration_ms == pytest.approx(201_500, abs=500)
        assert (ebb.audio.key, ebb.audio.mode, salt.audio.tempo, ebb.audio.tempo) == (9, 0, 96, None)
        assert (ebb.lyrics, salt.lyrics) == ("The boats are in, and nobody sings", None)
        assert contents.playlists == {}
        ids = {song.facts["title"]: dict(song.ids) for song in whole(tmp_path / name / name).songs}
        assert ids["Slow Ebb"] == {"isrc": "PTAAA2100001", "mbid": MBID + "1"}
        assert any(kind.startswith("'bitrate' is not used") for _, kind in contents.remarks)


def test_neighbours_and_damage(tmp_path: Path) -> None:
    """A table with ids of MusicBrainz is of beets only if its other columns are."""
    other = f"title,artist,mb_trackid\nSalt,The Quays,{MBID}1\n"
    assert recognise(written(tmp_path, "a", other)).format.name == "songs"
    path = written(tmp_path, "b", json.dumps(ITEMS)[:-9])
    with pytest.raises(SourceError, match="not whole JSON after item 1"):
        whole(path, "beets")
