"""Whole answers: words and filters to twenty songs with title, artist and score; Refrain, and pieces glued by hand.

Every system has the same songs, the same sentence vectors of their lyrics, and the same vector of the words; the
words of title, artist and lyrics; and for filters the year, the languages and the genres of a song.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.systems.scoring import library
from benchmarks.systems.search.words import documents
from benchmarks.systems.system import Rows
from engine.engine import Engine
from engine.index import OpenIndex
from indexer.encoders.windows import WindowEncoder
from indexer.progress import Track, quiet
from indexer.text.tokens import tokenise

Vector = npt.NDArray[np.float32]

SONGS = 20
CANDIDATES = 100  # of each list that a peer fuses
RRF_K = 2  # of 2, 10 and 60 the best on other lines, and the default of Qdrant
YEARS = 10  # of a decade, which is what years are filtered by: of some songs only the decade is known


@dataclass(frozen=True, slots=True)
class Filters:
    """What every song of an answer must be; None is anything.

    decade   its first year
    """

    decade: int | None = None
    language: str | None = None
    genre: str | None = None

    def conditions(self) -> dict[str, Any]:
        """As the engine takes them."""
        years = None if self.decade is None else (self.decade, self.decade + YEARS - 1)
        given = {"year": years, "language": self.language, "genre": self.genre}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of a song beside words and vector.

    year        or the first of its decade, None where neither is known
    languages, genres   as they are looked up: without regard to case
    """

    row: int
    title: str
    artist: str
    year: int | None
    languages: list[str]
    genres: list[str]


@dataclass(frozen=True, slots=True)
class Found:
    """A song of an answer."""

    row: int
    title: str
    artist: str
    score: float


class AnswerSystem(ABC):
    """Answers words under filters.

    reason   why it is faster than Refrain, where it is
    slow     it scores every song in Python: it gets fewer questions where songs are many
    """

    name: str
    tuning = "as its documentation recommends"
    reason = ""
    slow = False
    _encoder: WindowEncoder

    def build(self, index: OpenIndex, folder: Path) -> None:
        """Index the living songs; what is written lies in the folder."""
        self._encoder = index.query_encoder
        self.store(index, np.flatnonzero(index.songs.alive), folder)

    @abstractmethod
    def store(self, index: OpenIndex, rows: Rows, folder: Path) -> None:
        """Index these rows."""

    def encode(self, text: str) -> Vector:
        """The vector of the words, by the index's encoder: of all that could be had here it is the quickest."""
        vector: Vector = self._encoder.encode([text])[0]
        return vector

    @abstractmethod
    def answer(self, text: str, vector: Vector, filters: Filters) -> Sequence[Found]:
        """At most SONGS songs that meet the filters, best first."""


def facts_of(index: OpenIndex, rows: Rows) -> Iterator[Facts]:
    """Of each row, in order."""
    songs = index.songs
    languages, genres = songs.column("language_key"), songs.column("genre")
    years = np.where(songs.year >= 0, songs.year, songs.decade)
    for row in rows.tolist():
        year = int(years[row])
        spoken = [term.casefold() for term in languages.of(row)]
        played = [term.casefold() for term in genres.of(row)]
        yield Facts(row, songs.titles[row], songs.artists[row], year if year >= 0 else None, spoken, played)


def words_of(index: OpenIndex, row: int) -> str:
    """What a peer that tokenises by itself indexes of a song."""
    songs = index.songs
    return f"{songs.titles[row]}\n{songs.artists[row]}\n{songs.lyrics[row]}"


@dataclass(frozen=True, slots=True)
class Known:
    """An encoder that has encoded the one text which is asked for, so that what follows can be timed alone."""

    vector: Vector

    def encode(self, texts: Sequence[str], *, track: Track = quiet) -> npt.NDArray[np.float32]:
        return np.tile(self.vector, (len(texts), 1))


class Refrain(AnswerSystem):
    """`Engine.search` to plain values: with the signals and the best line of each song, which no peer gives."""

    name = "refrain"
    tuning = "nothing here: the program's default weights"

    def store(self, index: OpenIndex, rows: Rows, folder: Path) -> None:
        self._engine = Engine.open(index.path)

    def answer(self, text: str, vector: Vector, filters: Filters) -> Sequence[Found]:
        index = self._engine.index
        vars(index)["query_encoder"] = Known(vector)
        hits = self._engine.search(text, SONGS, filters=filters.conditions())
        return [
            Found(row, song["title"], song["artist"], song["score"])
            for row, song in zip(hits.rows.tolist(), hits.to_dict()["songs"], strict=True)
        ]


class Glued(AnswerSystem):
    """BM25 and the vectors' products of every song, masks for filters, reciprocal rank fusion: fifty lines of numpy.

    The fusion's k was chosen on other lines.
    """

    name = "glued-bm25s"
    tuning = f"bm25s with numba, products by numpy, {CANDIDATES} of each by reciprocal rank fusion (k {RRF_K})"
    reason = "everything is an array in memory, and it says nothing of why"

    def store(self, index: OpenIndex, rows: Rows, folder: Path) -> None:
        self._rows = rows
        self._vectors = index.sentence[rows].astype(np.float32)
        facts = list(facts_of(index, rows))
        self._names = [(each.title, each.artist) for each in facts]
        self._decade = np.array([-1 if each.year is None else each.year // YEARS * YEARS for each in facts])
        self._members: dict[tuple[str, str], list[int]] = {}
        for at, each in enumerate(facts):
            for kind, terms in (("language", each.languages), ("genre", each.genres)):
                for term in terms:
                    self._members.setdefault((kind, term), []).append(at)
        self.index_words(index, rows)

    def index_words(self, index: OpenIndex, rows: Rows) -> None:
        self._bm25: Any = library("bm25s").BM25(backend="numba")
        self._bm25.index(list(documents(index, rows)), show_progress=False)

    def bm25(self, words: list[str], allowed: npt.NDArray[np.bool_]) -> Rows:
        """Places of the best songs that are allowed and have one of the words."""
        known = [word for word in words if word in self._bm25.vocab_dict]
        if not known:
            return np.zeros(0, np.int64)
        most = min(CANDIDATES, len(allowed))
        at, scores = self._bm25.retrieve(
            [known], k=most, show_progress=False, n_threads=1, weight_mask=allowed.astype(np.float32)
        )  # fmt: skip
        return np.asarray(at[0][scores[0] > 0], np.int64)

    def answer(self, text: str, vector: Vector, filters: Filters) -> Sequence[Found]:
        allowed = np.ones(len(self._rows), bool)
        if filters.decade is not None:
            allowed &= self._decade == filters.decade
        for kind, term in (("language", filters.language), ("genre", filters.genre)):
            if term is not None:
                members = np.zeros(len(allowed), bool)
                members[self._members.get((kind, term.casefold()), [])] = True
                allowed &= members
        products = np.where(allowed, self._vectors @ vector, 0.0)
        near = _best(products)
        fused: dict[int, float] = {}
        for ranking in (self.bm25(tokenise(text), allowed), near[products[near] > 0]):
            for rank, at in enumerate(ranking.tolist(), start=1):
                fused[at] = fused.get(at, 0.0) + 1 / (RRF_K + rank)
        best = sorted(fused, key=lambda at: (-fused[at], at))[:SONGS]
        return [Found(int(self._rows[at]), *self._names[at], fused[at]) for at in best]


class GluedRankBm25(Glued):
    """The same with rank_bm25, as most examples glue it."""

    name = "glued-rank-bm25"
    tuning = f"rank_bm25, products by numpy, {CANDIDATES} of each by reciprocal rank fusion (k {RRF_K})"
    slow = True

    def index_words(self, index: OpenIndex, rows: Rows) -> None:
        self._bm25 = library("rank_bm25").BM25Okapi(documents(index, rows))

    def bm25(self, words: list[str], allowed: npt.NDArray[np.bool_]) -> Rows:
        scores = np.where(allowed, self._bm25.get_scores(words), 0.0)
        near = _best(scores)
        return near[scores[near] > 0]


def _best(scores: npt.NDArray[np.floating[Any]]) -> Rows:
    """Places of the best CANDIDATES scores, best first."""
    at = np.argpartition(-scores, min(CANDIDATES, len(scores)) - 1)[:CANDIDATES]
    return at[np.argsort(-scores[at], kind="stable")]
