"""JSPF: as the specification has it and as ListenBrainz writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.errors import SourceError
from tests.formats.reading import imported, whole, written

FERRY = Path(__file__).parent / "ferry.jspf"


def test_songs_and_the_playlist(tmp_path: Path) -> None:
    contents = imported(FERRY, "jspf", tmp_path)
    assert contents.playlists == {"Night ferry": ["Salt & Rope", "Tide Table", "Lantern"]}
    assert contents.songs["Tide Table"].spotify_id == "0000000000000000000007"
    assert whole(FERRY).songs[0].ids == (("mbid", "0f3a1c9e-0000-4000-8000-000000000001"),)
    assert contents.songs["Lantern"].audio is None, "0 is no length"
    assert contents.remarks["entry", "a track is str, no object"] == 1


def test_a_page_of_playlists(tmp_path: Path) -> None:
    one = json.loads(FERRY.read_text("utf-8"))
    two = {"playlist": {"title": "Morning", "track": [{"title": "Gull", "creator": "Ada"}]}}
    batch = whole(written(tmp_path, "page.json", {"count": 2, "playlists": [one, two]}))
    assert [row.facts["name"] for row in batch.playlists] == ["Night ferry", "Morning"]
    assert len(batch.entries) == 4


@pytest.mark.parametrize("extension", [None, [], {"a": None}, {"a": {"additional_metadata": []}}, {"a": [1]}])
def test_extensions_of_others_do_no_harm(extension: object, tmp_path: Path) -> None:
    track = {"title": "Gull", "creator": "Ada", "extension": extension}
    (song,) = whole(written(tmp_path, "a.json", {"playlist": {"title": "x", "track": [track]}})).songs
    assert (song.facts["title"], song.song_id) == ("Gull", None)


def test_a_list_that_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"not whole JSON.*get it again"):
        whole(written(tmp_path, "mix.jspf", FERRY.read_text("utf-8")[:-20]))
