"""Patterns: the values that a fact has among the songs of a catalogue, and how many songs have each.

What a signal of facts gives to all songs follows from what it gives to one song of each value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.lazy import Remembered, lazy
from indexer.songs.table import Songs

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Values of a fact.

    rows      int64 (values,), ascending: a living song that has each
    counts    int64 (values,): how many living songs have it
    columns   what was gathered of `rows`, by name
    """

    rows: Rows
    counts: Rows
    columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, songs: Songs, fact: str) -> Patterns:
        """Of one of FACTS.

        >>> sorted(FACTS)
        ['era', 'genre', 'language']
        """
        rows = np.flatnonzero(songs.alive)
        first, counts = np.unique(FACTS[fact](songs, rows), return_index=True, return_counts=True)[1:]
        order = np.argsort(first)
        return cls(rows[first[order]], counts[order].astype(np.int64))


def _genres(songs: Songs, rows: Rows) -> Rows:
    """A number for each set of genres: sums of numbers drawn for each tell sets apart."""
    genres = songs.column("genre")
    owner, codes = genres.of_rows(rows)
    drawn = np.random.default_rng(0).integers(1, 2**40, len(genres.terms), np.int64)
    return np.bincount(owner, drawn[codes], minlength=len(rows)).astype(np.int64)


def _languages(songs: Songs, rows: Rows) -> Rows:
    return songs.single("language_key")[rows].astype(np.int64)


def _eras(songs: Songs, rows: Rows) -> Rows:
    year, decade = songs.year[rows].astype(np.int64), songs.decade[rows].astype(np.int64)
    return np.where(year >= 0, year, -1 - decade)


FACTS: Mapping[str, Callable[[Songs, Rows], Rows]] = {"genre": _genres, "language": _languages, "era": _eras}


class FactCounts:
    """How many living songs have each value of a fact; counted when it is first asked for."""

    def __init__(self, songs: Songs):
        self._songs = songs
        self._patterns = Remembered[str, Patterns](len(FACTS))

    def of(self, fact: str) -> Patterns:
        """Of one of FACTS."""
        return self._patterns.get(fact, lambda: Patterns.of(self._songs, fact))

    @lazy
    def _by_artist(self) -> tuple[Rows, Rows]:
        """Where each artist's songs begin, and the living rows of all artists' songs, artist by artist."""
        artists, alive = self._songs.column("artist_key"), np.flatnonzero(self._songs.alive)
        owner, codes = artists.of_rows(alive)
        starts = np.concatenate([[0], np.cumsum(self.songs_of_artist)])
        return starts, alive[owner[np.argsort(codes, kind="stable")]]

    def by_artists(self, codes: Iterable[int]) -> Rows:
        """int64, ascending: the living rows of the songs that any of the artists made or is a guest of."""
        starts, rows = self._by_artist
        return np.unique(np.concatenate([rows[:0], *(rows[starts[code] : starts[code + 1]] for code in codes)]))

    @lazy
    def songs_of_artist(self) -> Rows:
        """int64 (artists,): how many songs each made or is a guest of."""
        artists = self._songs.column("artist_key")
        codes = artists.of_rows(np.flatnonzero(self._songs.alive))[1]
        return np.bincount(codes, minlength=len(artists.terms)).astype(np.int64)
