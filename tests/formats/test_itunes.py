"""Library.xml of Apple Music and iTunes: songs, playlists in order, what is left out and why, damage and harm."""

from __future__ import annotations

import plistlib
import tracemalloc
from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole

LIBRARY = Path(__file__).parent / "itunes_library.xml"
KIND = "itunes library"


def test_songs_and_playlists(tmp_path: Path) -> None:
    contents = imported(LIBRARY, KIND, tmp_path)
    assert contents.songs.keys() == {"Salt & Rope", "Tide Table"}
    rope = contents.songs["Salt & Rope"]
    assert (rope.artist, rope.album, rope.genres, rope.year, rope.explicit) == (
        "Inès Quay", "Low Water", ("folk",), 2011, True,
    )  # fmt: skip
    assert rope.audio is not None
    assert rope.audio.known() == {"tempo": 96.0, "duration_ms": 201_500.0}
    assert contents.songs["Tide Table"].artist == "The Moorings", "of the album, where the track names none"
    assert contents.plays == {"Salt & Rope": 12}
    assert contents.playlists == {"Night ferry": ["Tide Table", "Salt & Rope"]}
    assert contents.ids == ["itunes:00000000000000B3"], "its name may change, this does not"


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    remarks = imported(LIBRARY, KIND, tmp_path).remarks
    for what, kind, count in (
        ("song", "it is an episode of a podcast, no song", 1),
        ("song", "it is a music video, no song", 1),
        ("song", "it is a stream, no song", 1),
        ("playlist", "a list that the program keeps itself (Library, Music, Downloaded ...)", 2),
        ("column", "'Rating' is not used: a listener's own note", 1),
    ):
        assert remarks[what, kind] == count, remarks
    reasons = [each.reason for each in whole(LIBRARY).refusals]
    assert "Often played: a smart playlist: a rule chose its songs, not a listener" in reasons
    assert any("'999'" in each and "the library does not hold" in each for each in reasons)


def library(tracks: dict[str, object], playlists: list[object] | None = None) -> bytes:
    return plistlib.dumps({"Tracks": tracks, "Playlists": playlists or []}, sort_keys=False)


def test_any_library_that_python_writes_is_read(tmp_path: Path) -> None:
    """plistlib of the standard library is the oracle of the layout: order, escapes, scripts and empty values."""
    names = ["Señal", "<b>&</b>", "海の歌", "  two  spaces ", "Time"]
    tracks = {
        str(number): {
            "Track ID": number,
            "Name": name,
            "Artist": "Ada",
            "Total Time": 1000 * number,
            "Nested": {"a": [1]},
        }
        for number, name in enumerate(names, start=10)
    }
    items = [{"Track ID": number} for number in (14, 10, 12)]
    path = tmp_path / "Library.xml"
    path.write_bytes(
        library(tracks, [{"Name": "Mix", "Playlist Items": items}, {"Name": "Mix", "Playlist Items": items}])
    )
    batch = whole(path)
    assert [song.facts["title"] for song in batch.songs] == [" ".join(name.split()) for name in names]
    assert [song.facts["duration_ms"] for song in batch.songs] == [10_000, 11_000, 12_000, 13_000, 14_000]
    assert [row.playlist_id for row in batch.playlists] == ["itunes:mix", "itunes:mix (2)"]
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(path)
        titles = {song.song_id: song.title for song in catalogue.songs()}
        assert [[titles[each] for each in row.song_ids] for row in catalogue.playlists()] == [
            ["Time", "Señal", "海の歌"]
        ] * 2


@pytest.mark.parametrize("cut", [300, 1500, 4000, -9])
def test_a_library_that_breaks_off_changes_nothing(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "Library.xml"
    path.write_bytes(LIBRARY.read_bytes()[:cut])
    with Catalogue(tmp_path / "songs.db") as catalogue:
        with pytest.raises(SourceError, match=r"cut short|no known|No known|nothing that Refrain knows|Export Library"):
            catalogue.load(path)
        assert not list(catalogue.songs())


def test_another_property_list_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "Info.plist"
    path.write_bytes(plistlib.dumps({"CFBundleName": "Music"}))
    with pytest.raises(SourceError, match=r"property list, but no music library.*Export Library"):
        recognise(path)
    path.write_bytes(plistlib.dumps({"Tracks": {}}, fmt=plistlib.FMT_BINARY))
    with pytest.raises(SourceError, match=r"binary property list.*Export Library"):
        recognise(path)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_library(tmp_path: Path) -> None:
    """Ten times the tracks may not take three times the memory; a tree of them takes ten."""

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.xml"
        track = {"Name": "Salt", "Artist": "Ada", "Comments": "x" * 500}
        path.write_bytes(library({str(number): {"Track ID": number, **track} for number in range(count)}))
        source = recognise(path)
        tracemalloc.start()
        songs = sum(len(batch.songs) for batch in source.batches())
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert songs == count
        return used

    assert peak(20_000) < 3 * peak(2_000)
