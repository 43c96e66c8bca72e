"""What Refrain writes: a song that it shows is that song, and keywords of the index are no tags of listeners."""

from __future__ import annotations

from pathlib import Path

from indexer.catalogue import Catalogue
from tests.formats.reading import written

SHOWN = {
    "title": "Slow Ebb", "artist": "Ines Calder", "song_id": "ines calder|slow ebb", "artists": ["Ines Calder"],
    "album": None, "year": 2011, "genres": ["folk"], "tags": ["calm"], "energy": 0.25, "has_lyrics": True,
    "playlists": 0, "keywords": ["tide", "river"], "moods": [], "notes": [],
}  # fmt: skip


def test_a_song_that_was_shown_changes_nothing(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "songs.db") as catalogue:
        song = {name: SHOWN[name] for name in ("title", "artist", "song_id", "year", "genres", "tags", "energy")}
        catalogue.load(written(tmp_path, "songs.json", [song]))
        before = list(catalogue.songs())
        report = catalogue.load(written(tmp_path, "shown.json", SHOWN))
        assert report.format == "refrain answer"
        assert report.counts["songs"].unchanged == 1
        assert list(catalogue.songs()) == before
        assert {tag for _, tag, _ in catalogue.song_tags()} == {"calm"}
        assert [each.kind for each in report.remarks if "keywords" in each.kind], "and it is said"
