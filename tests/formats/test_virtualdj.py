"""VirtualDJ's database.xml: beats in seconds become a tempo; of old versions the names are read."""

from __future__ import annotations

from pathlib import Path

from tests.formats.reading import imported, whole

DATABASE = Path(__file__).parent / "virtualdj_database.xml"
OLD = """<?xml version="1.0" encoding="ISO-8859-1"?>
<VirtualDJ_Database Version="6"><Song FilePath="C:\\a.mp3" FileSize="1">
<Display Author="Inès Quay" Title="Salt"/><Infos SongLength="13500"/><BPM Bpm="21483" Phase="7"/></Song>
</VirtualDJ_Database>
"""


def test_songs(tmp_path: Path) -> None:
    contents = imported(DATABASE, "virtualdj", tmp_path)
    tide = contents.songs["Tide Table"]
    assert (tide.artist, tide.album, tide.year, tide.genres) == ("The Moorings", "Low Water", 2011, ("house",))
    assert tide.audio is not None
    assert tide.audio.known() == {"tempo": 124.0, "duration_ms": 180_500.0, "key": 9.0, "mode": 0.0}
    assert contents.songs["Salt & Rope"].artist == "Inès Quay", "called after its file"
    assert contents.plays == {"Tide Table": 3}


def test_an_old_database_in_its_declared_encoding(tmp_path: Path) -> None:
    path = tmp_path / "database.xml"
    path.write_bytes(OLD.encode("latin-1"))
    (song,) = whole(path).songs
    assert song.facts == {"title": "Salt", "artist": "Inès Quay"}, "its numbers count in other units"
