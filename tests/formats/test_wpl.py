"""Windows Media Player's and Zune's playlists."""

from __future__ import annotations

from pathlib import Path

from tests.formats.reading import imported, whole

FERRY = Path(__file__).parent / "ferry.wpl"


def test_songs_and_the_playlist(tmp_path: Path) -> None:
    contents = imported(FERRY, "wpl", tmp_path)
    assert contents.playlists == {"Night ferry": ["Salt & Rope", "Lantern"]}
    rope, lantern = contents.songs["Salt & Rope"], contents.songs["Lantern"]
    assert (rope.artist, rope.album) == ("Inès Quay", "Low Water")
    assert (lantern.artist, lantern.album, lantern.audio and lantern.audio.duration_ms) == (
        "The Moorings", "Low Water", 240_000,
    )  # fmt: skip
    assert contents.remarks["entry", "'': neither an artist and title nor a path that says them"] == 1


def test_files_are_relative_to_the_list(tmp_path: Path) -> None:
    (tmp_path / "Playlists").mkdir()
    path = tmp_path / "Playlists" / "ferry.wpl"
    path.write_bytes(FERRY.read_bytes())
    assert whole(path).songs[0].files == (f"{tmp_path}/Music/Inès Quay/Low Water/03 Salt & Rope.mp3",)
