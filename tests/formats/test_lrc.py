"""LRC: lyrics with times."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import disguised, imported, whole, written

TEXT = """\
[ti:Slow Ebb]
[ar:Ines Calder]
[al:Tides]
[length: 3:21]
[by:somebody]
[offset:+200]

[00:12.00]The boats are in
[00:17.20]<00:17.20>and <00:18.00>nobody <00:18.80>sings
[01:40.00][00:21.10]Ebb, ebb
[00:25.00]
[00:30.00]Slow
"""
WORDS = "The boats are in\nand nobody sings\nEbb, ebb\n\nSlow\nEbb, ebb"


def test_one_file_is_one_song_whose_lines_are_in_the_order_in_which_they_are_sung(tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "x.lrc", TEXT), "lrc", tmp_path)
    (song,) = contents.songs.values()
    assert (song.title, song.artist, song.album, song.lyrics) == ("Slow Ebb", "Ines Calder", "Tides", WORDS)
    assert song.audio is not None
    assert song.audio.duration_ms == 201_000
    assert contents.remarks[("column", "'by' is not used: about the file, not about the song")] == 1


def test_what_the_tags_do_not_say_the_name_says(tmp_path: Path) -> None:
    lines = "[00:01.00]The boats are in\n[00:04.00]and nobody sings\n"
    for name, expected in {
        "Ines Calder - Slow Ebb.lrc": {"title": "Slow Ebb", "artist": "Ines Calder"},
        "The Quays - Salt - Live.lrc": {"title": "Salt - Live", "artist": "The Quays"},
        "Slow Ebb.lrc": {"title": "Slow Ebb"},
        "07 - Ines Calder - Slow Ebb.lrc": {"title": "Slow Ebb", "artist": "Ines Calder"},
        "07. Slow Ebb.lrc": {"title": "Slow Ebb"},
    }.items():
        (song,) = whole(written(tmp_path, name, lines)).songs
        assert {key: song.facts[key] for key in ("title", "artist") if key in song.facts} == expected
        assert song.facts["lyrics"] == "The boats are in\nand nobody sings"
    for other in disguised(tmp_path / "Ines Calder - Slow Ebb.lrc", tmp_path / "d"):
        if other.suffix != ".zip" and other.suffix != ".gz":
            assert recognise(other).format.name == "lrc"


@pytest.mark.parametrize(
    "text",
    [
        "[00:01]The boats are in\n[00:04]and nobody sings\n",
        "[00:01:50]The boats are in\n[00:04:99]and nobody sings\n",
        "[id: abc]\n[tool:x]\n[ti:Slow Ebb]\n[00:01.500]The boats are in\r\n[00:04.250]and nobody sings\n",
        "[00:04.00]and nobody sings\n[00:01.00]The boats are in\n",
        "[ti:Slow Ebb]\n[ar:Ines Calder]\nThe boats are in\nand nobody sings\n",
    ],
)
def test_times_of_all_habits(text: str, tmp_path: Path) -> None:
    (song,) = whole(written(tmp_path, "Slow Ebb", text)).songs
    assert song.facts["title"] == "Slow Ebb"
    assert song.facts["lyrics"] == "The boats are in\nand nobody sings"


def test_no_words_are_no_lyrics(tmp_path: Path) -> None:
    batch = whole(written(tmp_path, "x", "[ti:Slow Ebb]\n[ar:Ines Calder]\n[00:01.00]\n[00:05.00]\n"))
    assert "lyrics" not in batch.songs[0].facts
    assert "no words beside the times: no lyrics" in [each.reason for each in batch.refusals]


def test_neighbours(tmp_path: Path) -> None:
    """A playlist is none, nor are lyrics whose verses are named in brackets, nor JSON that begins with a bracket."""
    with pytest.raises(SourceError):
        recognise(written(tmp_path, "a", "[Verse: one]\nThe boats are in\n[Chorus]\nEbb, ebb\n"))
    assert recognise(written(tmp_path, "b", '[{"title": "Salt", "artist": "The Quays"}]')).format.name == "json songs"
    with pytest.raises(SourceError, match="cannot be read as lrc"):
        recognise(tmp_path / "b", kind="lrc")
    assert len(whole(written(tmp_path, "c", TEXT), "lrc").songs) == 1
