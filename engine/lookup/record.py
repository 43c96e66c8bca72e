"""One song whole: what the catalogue says of it, and what the index knows beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.index import OpenIndex
from engine.plain import song_dict
from indexer.records import Song

MOODS = 5  # moods that a record names


@dataclass(frozen=True, slots=True)
class SongRecord:
    """A song of the catalogue and what an index made of it.

    playlists   how many of the catalogue's playlists that may be learned from hold it
    keywords    the words of its lyrics that tell it from others, best first
    moods       (mood, share of songs that it is more of it than, 0..1), the likeliest first; () where nothing is known
    notes       a sentence where several songs have the name, about which was taken
    """

    song: Song
    playlists: int
    keywords: tuple[str, ...]
    moods: tuple[tuple[str, float], ...]
    notes: tuple[str, ...] = ()

    def to_dict(self, *, lyrics: bool = False) -> dict[str, Any]:
        """Everything, as JSON has it; the lyrics only when they are wanted."""
        moods = [{"name": name, "above": share} for name, share in self.moods]
        more = {"playlists": self.playlists, "keywords": list(self.keywords), "moods": moods, "notes": list(self.notes)}
        return song_dict(self.song, lyrics=lyrics) | more


def record_of(index: OpenIndex, row: int) -> SongRecord:
    """The record of a row."""
    columns = index.songs.moods
    moods: list[tuple[str, float]] = []
    if columns.names and columns.known[row]:
        odds = columns.probabilities[row].astype(np.float32) / np.maximum(columns.base_rates, 1e-6)
        best = np.argsort(-odds, kind="stable")[:MOODS]
        moods = [(columns.names[i], round(float(columns.rank(columns.names[i])[row]), 3)) for i in best.tolist()]
    return SongRecord(
        song=index.songs.song(row),
        playlists=len(set(index.cooccurrence.playlists_of(row))),
        keywords=tuple(index.keywords[row].split()),
        moods=tuple(moods),
    )
