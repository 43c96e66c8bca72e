"""Shazam's library."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole, written

HEADER = "Index,TagTime,Title,Artist,URL,TrackKey\n"
ROWS = (
    '1,2022-02-27,"Slow Ebb (Live)","INES CALDER",https://www.shazam.com/track/604290360/slow-ebb,604290360\n'
    '2,2022-02-27,"Salt, and Rope","The Quays",https://www.shazam.com/track/604290358/salt,604290358\n'
)


@pytest.mark.parametrize("title", ["Shazam Library\n", ""])
def test_what_was_recognised_is_one_playlist(title: str, tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "shazamlibrary.csv", title + HEADER + ROWS), "shazam", tmp_path)
    assert contents.playlists == {"Shazam Library": ["Slow Ebb (Live)", "Salt, and Rope"]}
    assert contents.ids == ["shazam:library"]
    assert contents.songs["Salt, and Rope"].audio is None, "TrackKey is no musical key"
    assert contents.plays == {}, "a day is no time of listening"
    assert contents.remarks[("column", "'TagTime' is not used: when it was recognised")] == 2


def test_neighbours_and_damage(tmp_path: Path) -> None:
    other = "Index,Title,Artist,URL\n1,Salt,The Quays,https://example.org\n"
    assert recognise(written(tmp_path, "a", other)).format.name == "songs"
    assert len(whole(written(tmp_path, "b", HEADER + ROWS), "shazam").entries) == 2
    with pytest.raises(SourceError, match="cannot be read as shazam"):
        recognise(tmp_path / "a", kind="shazam")
    with pytest.raises(SourceError, match="a quote is opened and never closed"):
        whole(written(tmp_path, "c", HEADER + ROWS + '3,2022-02-27,"Mast'))
