"""Traktor's NML: tracks, keys by number, playlists by the paths of their tracks."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from tests.formats.reading import imported, whole

COLLECTION = Path(__file__).parent / "collection.nml"


def test_songs_and_playlists(tmp_path: Path) -> None:
    contents = imported(COLLECTION, "traktor", tmp_path)
    rope = contents.songs["Salt & Rope"]
    assert (rope.artist, rope.album, rope.year, rope.genres) == ("Inès Quay", "Low Water", 2011, ("house",))
    assert rope.audio is not None
    assert rope.audio.known() == {"tempo": 123.999, "duration_ms": 201_000.0, "key": 9.0, "mode": 0.0}
    tide = contents.songs["Tide Table"]
    assert tide.audio is not None
    assert (tide.audio.key, tide.audio.mode) == (3.0, 0.0), "in letters, where no number is given"
    assert contents.songs["Lantern"].artist == "The Moorings", "a track without a title is called after its file"
    assert contents.plays == {"Salt & Rope": 4}
    assert contents.playlists == {"Night ferry": ["Lantern", "Salt & Rope"]}
    assert contents.ids == ["traktor:boats / night ferry"]


@pytest.mark.parametrize("value", range(24))
def test_keys_by_number(value: int, tmp_path: Path) -> None:
    path = tmp_path / "collection.nml"
    path.write_text(COLLECTION.read_text("utf-8").replace('VALUE="21"', f'VALUE="{value}"'), "utf-8")
    facts = whole(path).songs[0].facts
    assert (facts["key"], facts["mode"]) == (value % 12, 1.0 if value < 12 else 0.0)


def test_what_is_left_out_is_said() -> None:
    reasons = [each.reason for each in whole(COLLECTION).refusals]
    assert "Fast: a smart playlist: a rule chose its songs, not a listener" in reasons
    assert "To do: it has no tracks" in reasons
    assert any("gone.mp3" in each for each in reasons)


def test_a_collection_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "cut.nml"
    path.write_bytes(COLLECTION.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"not whole XML.*get it again"):
        whole(path)
