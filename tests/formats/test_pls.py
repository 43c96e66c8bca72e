"""PLS: entries by their numbers, wherever their lines stand."""

from __future__ import annotations

from pathlib import Path

from tests.formats.reading import imported, whole, written

FERRY = Path(__file__).parent / "ferry.pls"


def test_songs_and_the_playlist(tmp_path: Path) -> None:
    contents = imported(FERRY, "pls", tmp_path)
    assert contents.playlists == {"ferry": ["Salt & Rope", "Lantern"]}
    rope, lantern = contents.songs["Salt & Rope"], contents.songs["Lantern"]
    assert (rope.artist, rope.audio and rope.audio.duration_ms) == ("Inès Quay", 201_000)
    assert (lantern.artist, lantern.audio) == ("The Moorings", None)
    assert sum(count for (what, _), count in contents.remarks.items() if what == "entry") == 1, "a stream"


def test_lines_of_any_order_case_and_nonsense(tmp_path: Path) -> None:
    text = "[Playlist]\ntitle12=Ada - B\nFILE2=/m/Ada - A.mp3\nLength2=abc\nfile12=b.mp3\nFile=x\nTitlex=1\n"
    batch = whole(written(tmp_path, "mix.pls", text))
    assert [song.facts["title"] for song in batch.songs] == ["A", "B"]
