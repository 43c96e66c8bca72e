"""Neighbours of one song: how many of the first ten are by its artist, or of its finest genre, told neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import Dataset
from benchmarks.judge.metrics import Question
from benchmarks.systems.system import Rows
from indexer.songs.table import UNKNOWN, Songs

QUERIES, SEED = 500, 0
LEAST_SONGS = 5  # of an artist or a genre that is asked for
K = 10
TOLD = {"similar-artist": "artist", "same-genre": "genre"}  # the signal that would only repeat the question
TOLD_IT = ("same-artist", "mix")  # systems that know the artist and cannot be kept from it
SETTINGS = {"similar-artist": "songs of artists with 5 or more", "same-genre": "songs with a genre"}


def candidates(dataset: Dataset) -> Rows:
    """Songs with lyrics and audio features, so that no system is asked for what it cannot see; else all songs."""
    return dataset.whole if len(dataset.whole) > QUERIES else dataset.all


def questions(dataset: Dataset, task: str, *, limit: int | None = None) -> dict[str, list[Question]]:
    rows = candidates(dataset)
    codes = GROUPS[task](dataset.index.songs)[rows]
    size = np.bincount(codes[codes != UNKNOWN], minlength=1)
    asking = np.flatnonzero((codes != UNKNOWN) & (size[np.maximum(codes, 0)] >= LEAST_SONGS))
    drawn = np.random.default_rng(SEED).permutation(asking)[: min(QUERIES, limit or QUERIES)]
    return {SETTINGS[task]: [_question(rows, codes, place) for place in drawn.tolist()]}


def finest_genre(songs: Songs) -> npt.NDArray[np.int32]:
    """int32 (rows,): the code of each song's rarest genre, -1 where it has none.

    A source names broad genres beside fine ones ("pop", "dance pop"); the finest is the one that fewest songs have.
    """
    column = songs.column("genre")
    counts = Counter(column.codes.tolist())
    out = np.full(len(songs), UNKNOWN, np.int32)
    for row in np.flatnonzero(np.diff(column.starts) > 0).tolist():
        codes = column.codes[column.starts[row] : column.starts[row + 1]].tolist()
        out[row] = min(codes, key=lambda code: (counts[code], code))
    return out


def artist(songs: Songs) -> npt.NDArray[np.int32]:
    return songs.single("artist_key")


GROUPS: dict[str, Callable[[Songs], npt.NDArray[np.int32]]] = {"similar-artist": artist, "same-genre": finest_genre}


def _question(rows: Rows, codes: npt.NDArray[np.int32], place: int) -> Question:
    alike = rows[codes == codes[place]]
    return Question(rows[place : place + 1], alike[alike != rows[place]])
