"""The song table: the short way of reading it says what the long one does."""

from __future__ import annotations

from pathlib import Path

from indexer.songs.table import Outline, Songs
from indexer.store.generations import open_generation


def test_outlines_say_what_songs_say(demo_index: Path) -> None:
    generation = open_generation(demo_index)
    try:
        table = Songs(generation)
        rows = range(3, len(table))
        outlines = list(table.outlines(rows))
        songs = list(table.described(rows))
    finally:
        generation.close()
    assert len(outlines) == len(songs) > 100
    assert any(song.tags for song in songs)
    for outline, song in zip(outlines, songs, strict=True):
        assert outline == Outline(*(getattr(song, name) for name in Outline._fields))
