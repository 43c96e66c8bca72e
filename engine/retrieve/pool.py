"""Pool: the candidates of a query as a table, whose columns are gathered when a signal first asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.retrieve.ranking import Ranking
from indexer.store.columns import halves

Rows = npt.NDArray[np.int64]
Column = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pool:
    """The songs to be scored.

    rows       int64 (n,) ascending
    rankings   what each retriever returned, by its name
    wanted     how many of them are to come back
    columns    name -> array (n, ...): those gathered so far. A backend that answers with columns hands them over here;
               what is missing is read from the index
    """

    index: OpenIndex
    rows: Rows
    rankings: Mapping[str, Ranking]
    wanted: int
    columns: dict[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> Column:
        """One of COLUMNS for these songs, (n, ...)."""
        if name not in self.columns:
            self.columns[name] = COLUMNS[name](self.index, self.rows)
        return self.columns[name]

    def of_rows(self, rows: Rows) -> Pool:
        """Other candidates of the same query: rows int64, ascending."""
        return Pool(self.index, rows, self.rankings, self.wanted)


def _floats(table: npt.NDArray[np.floating], rows: Rows) -> Column:
    """float32: these rows of a table."""
    taken = table.take(rows, axis=0)  # half the time of table[rows]
    return halves(taken) if taken.dtype == np.float16 else taken


def _genres(index: OpenIndex, rows: Rows) -> Column:
    """int64 (terms, 2): place in the pool and code of each genre of each song."""
    owner, codes = index.songs.column("genre").of_rows(rows)
    return np.stack([owner, codes.astype(np.int64)], axis=1)


def _artists(index: OpenIndex, rows: Rows) -> Column:
    """int64 (artists, 2): place in the pool and code of each artist of each song."""
    owner, codes = index.songs.column("artist_key").of_rows(rows)
    return np.stack([owner, codes.astype(np.int64)], axis=1)


COLUMNS: Mapping[str, Callable[[OpenIndex, Rows], Column]] = {
    "sentence": lambda index, rows: _floats(index.sentence, rows),  # unit or zero
    "audio": lambda index, rows: _floats(index.audio, rows),  # scaled; zero where unknown
    "taste": lambda index, rows: _floats(index.parts["taste"], rows),  # unit or zero
    "timbre": lambda index, rows: _floats(index.parts["timbre"], rows),  # unit or zero
    "tbert": lambda index, rows: _floats(index.tbert, rows),  # unit or zero
    "factors": lambda index, rows: _floats(index.factors, rows),  # zero for a song of no playlist
    "history": lambda index, rows: index.cooccurrence.totals.take(rows) > 0,  # whether a playlist holds the song
    "has_lyrics": lambda index, rows: index.songs.has_lyrics.take(rows),
    "artist": _artists,
    "language": lambda index, rows: index.songs.single("language_key").take(rows),  # codes, -1 unknown
    "genre": _genres,
    "year": lambda index, rows: index.songs.year.take(rows),  # -1 unknown
    "decade": lambda index, rows: index.songs.decade.take(rows),  # -1 unknown
    "popularity": lambda index, rows: index.popularity.take(rows),  # 0..1, NaN unknown
}
