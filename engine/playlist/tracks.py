"""Candidates: the songs that a playlist may be made of, as columns; Selection: those that were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

from indexer.records import AUDIO_NAMES
from indexer.songs.table import UNKNOWN, Songs

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]

_AUDIO = ("key", "mode", "tempo", "energy", "valence", "duration_ms")


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """n songs with what choosing and ordering read; floats are NaN where unknown.

    rows           (n,)   row numbers in the index, no row twice
    scores         (n,)   relevance, higher is better
    artists        (n, k) a number per artist, the main one first, then the others; -1 fills up, alone it is unknown
    albums         (n,)   a number per album of an artist, -1 unknown
    stems          (n,)   a number per title without version marks (`Songs.title_stems`), 0 unknown
    key, mode      (n,)   pitch class 0..11, 1 major and 0 minor
    tempo          (n,)   beats per minute
    energy, valence (n,)  0..1
    duration_ms    (n,)   milliseconds
    """

    rows: Integers
    scores: Floats
    artists: Integers
    albums: Integers
    stems: Integers
    key: Floats
    mode: Floats
    tempo: Floats
    energy: Floats
    valence: Floats
    duration_ms: Floats

    def __post_init__(self) -> None:
        for column in fields(self):
            entries = len(getattr(self, column.name))
            if entries != len(self.rows):
                raise ValueError(f"{column.name} has {entries} entries, rows has {len(self.rows)}")
        if self.artists.ndim != 2 or not self.artists.shape[1]:
            raise ValueError(f"artists has shape {self.artists.shape}, expected (songs, most artists of a song)")
        if np.isnan(self.scores).any():
            raise ValueError(f"row {self.rows[np.isnan(self.scores)][0]} has no score (NaN)")
        if len(set(self.rows.tolist())) < len(self.rows):
            unique, counts = np.unique(self.rows, return_counts=True)
            raise ValueError(f"row {unique[counts.argmax()]} is a candidate twice")

    @classmethod
    def of_rows(cls, songs: Songs, rows: npt.NDArray[np.int64], scores: Floats | None = None) -> Candidates:
        """Songs of an index; without scores all are of the same relevance."""
        audio = {name: songs.audio[rows, AUDIO_NAMES.index(name)] for name in _AUDIO}
        return cls(
            rows=rows,
            scores=np.zeros(len(rows), np.float32) if scores is None else scores,
            artists=songs.column("artist_key").padded(rows),
            albums=songs.single("album_key")[rows],
            stems=songs.title_stems[rows],
            **audio,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Sequence[int] | Integers) -> Candidates:
        """The songs at these places, in this order."""
        at = np.asarray(places, dtype=np.int64)
        return Candidates(**{c.name: getattr(self, c.name)[at] for c in fields(self)})

    def followed_by(self, other: Candidates) -> Candidates:
        """These songs, then the others."""
        names = [c.name for c in fields(self) if c.name != "artists"]
        columns = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        most = max(self.artists.shape[1], other.artists.shape[1])
        return Candidates(artists=np.concatenate([_wide(self.artists, most), _wide(other.artists, most)]), **columns)

    def artists_of(self, place: int) -> list[int]:
        """The known artists of one song."""
        return [artist for artist in self.artists[place].tolist() if artist != UNKNOWN]

    def artist_numbers(self) -> npt.NDArray[np.int64]:
        """int64 (n,): main artists numbered from 0 without holes; every unknown artist is one of its own."""
        artists = self.artists[:, 0].astype(np.int64)
        unknown = artists == UNKNOWN
        artists[unknown] = -2 - np.arange(int(unknown.sum()))
        return np.unique(artists, return_inverse=True)[1].astype(np.int64)

    def most_of(self, column: Literal["artists", "albums"]) -> int:
        """How many songs the artist or album with the most songs has, guests too; unknown ones do not count."""
        codes = getattr(self, column)
        return int(np.unique(codes[codes != UNKNOWN], return_counts=True)[1].max(initial=0))


def _wide(artists: Integers, most: int) -> Integers:
    """The artists of songs in so many columns, the new ones filled with UNKNOWN."""
    return np.pad(artists, ((0, 0), (0, most - artists.shape[1])), constant_values=UNKNOWN)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Songs in their order.

    relaxed   one sentence per rule that could not be kept, in the order in which they gave way
    """

    songs: Candidates
    relaxed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.songs)
