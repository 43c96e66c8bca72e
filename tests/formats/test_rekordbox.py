"""The XML export of rekordbox: tracks, nested playlists by TrackID and by Location."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from tests.formats.reading import imported, whole

COLLECTION = Path(__file__).parent / "rekordbox.xml"


def test_songs_and_playlists(tmp_path: Path) -> None:
    contents = imported(COLLECTION, "rekordbox", tmp_path)
    rope = contents.songs["Salt & Rope"]
    assert (rope.artist, rope.album, rope.year, rope.genres) == ("Inès Quay", "Low Water", 2011, ("house",))
    assert rope.audio is not None
    assert rope.audio.known() == {"tempo": 124.0, "duration_ms": 201_000.0, "key": 9.0, "mode": 0.0}, "8A is A minor"
    tide, lantern = contents.songs["Tide Table"], contents.songs["Lantern"]
    assert (tide.year, tide.audio and tide.audio.known()) == (None, {"duration_ms": 180_000.0}), "0 is unknown"
    assert lantern.audio is not None
    assert (lantern.audio.key, lantern.audio.mode) == (6.0, 0.0)
    assert contents.plays == {"Salt & Rope": 4}
    assert contents.ids == ["rekordbox:boats / night ferry", "rekordbox:night ferry"]


def test_playlists_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    batch = whole(COLLECTION)
    by_list: dict[str, list[tuple[int, object]]] = {}
    for entry in batch.entries:
        assert isinstance(entry.song, int)
        song = batch.songs[entry.song].facts["title"]
        by_list.setdefault(entry.playlist_id, []).append((entry.position, song))
    assert {name: [song for _, song in sorted(songs, key=lambda each: each[0])] for name, songs in by_list.items()} == {
        "rekordbox:boats / night ferry": ["Lantern", "Salt & Rope"],
        "rekordbox:night ferry": ["Tide Table"],
    }
    assert {row.facts["name"] for row in batch.playlists} == {"Night ferry"}


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    reasons = [each.reason for each in whole(COLLECTION).refusals]
    assert "To do: it has no tracks" in reasons
    assert any("'9999'" in each for each in reasons)
    assert any(each.startswith("<POSITION_MARK> is not used") for each in reasons)


def test_the_files_of_this_machine_are_named() -> None:
    assert [song.files for song in whole(COLLECTION).songs] == [("/Users/ines/Music/Salt & Rope.mp3",), (), ()]


def test_a_collection_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_bytes(COLLECTION.read_bytes()[:-40])
    with pytest.raises(SourceError, match=r"not whole XML.*get it again"):
        whole(path)


def test_a_track_without_a_name_is_called_as_its_file(tmp_path: Path) -> None:
    track = '<TRACK TrackID="7" Name="" Artist="" Location="file://localhost/C:/Music/Ines%20Calder%20-%20Oar.mp3"/>'
    path = tmp_path / "collection.xml"
    path.write_text(f'<DJ_PLAYLISTS Version="1.0.0"><COLLECTION Entries="1">{track}</COLLECTION></DJ_PLAYLISTS>')
    assert [(song.facts["title"], song.facts["artist"]) for song in whole(path).songs] == [("Oar", "Ines Calder")]
