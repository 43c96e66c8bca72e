"""Answers: candidates from every retriever, one score from all signals, hits with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.answer.hits import Hit
from engine.answer.reasons import reason
from engine.query.filters import Filters
from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from engine.retrieve.retrievers import (
    CoOccurrenceRetriever,
    LexicalRetriever,
    PopularRetriever,
    Retriever,
    TargetRetriever,
    VectorRetriever,
)
from engine.score.fusion import contributions, normalise, scores
from engine.score.signals import Pool, measure
from indexer.search.lexical import best_line
from indexer.text.tokens import tokenise

MOST_SONGS = 5_000  # k at most: what a reranker downstream may ask for
POOL = 200  # candidates from each retriever at least
POOL_PER_HIT = 3  # and for each song asked for

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answer:
    """The songs of a query, ranked.

    names    the signals
    shares   float32 (songs, signals): what each signal gave to each score
    """

    query: Query
    ranking: Ranking
    names: tuple[str, ...]
    shares: npt.NDArray[np.float32]

    def hits(self, rows: Sequence[int] | None = None) -> Iterator[Hit]:
        """Hits in the order of the ranking, or of `rows`; a row that is not ranked (a seed) has score 0."""
        place = {row: i for i, row in enumerate(self.ranking.rows.tolist())}
        tokens = tokenise(self.query.text)
        for rank, row in enumerate(self.ranking.rows.tolist() if rows is None else rows, 1):
            i = place.get(row)
            signals = {} if i is None else {
                n: v for n, v in zip(self.names, self.shares[i].tolist(), strict=True) if v
            }  # fmt: skip
            yield _hit(self.query, row, rank, 0.0 if i is None else float(self.ranking.scores[i]), signals, tokens)


def answer(query: Query, weights: Mapping[str, float], k: int, filters: Filters) -> Answer:
    """The k best songs under the filters."""
    return ranked(query, pool(query, weights, k, filters.mask(query.index.songs) if filters else None), weights, k)


def ranked(query: Query, candidates: Pool, weights: Mapping[str, float], k: int) -> Answer:
    """The k best candidates: score = sum of weight x normalised signal."""
    weights = {name: weight for name, weight in weights.items() if weight}  # the others need not be computed
    shares = contributions(normalise(measure(query, candidates, weights)), list(weights.values()))
    ranking = Ranking.of(candidates.rows, scores(shares)).top(k)
    return Answer(query, ranking, tuple(weights), shares[np.searchsorted(candidates.rows, ranking.rows)])


def pool(query: Query, weights: Mapping[str, float], k: int, allowed: Mask | None) -> Pool:
    """The candidates of a query: what every retriever proposes, without seeds and songs to avoid.

    allowed   bool (rows,): the rows that may be proposed; None is every living row
    """
    if not 1 <= k <= MOST_SONGS:
        raise ValueError(f"k is {k}, expected 1..{MOST_SONGS}")
    songs = query.index.songs
    if allowed is None and len(query.index) < len(songs):
        allowed = np.array(songs.alive)
    unwanted = sorted(query.rows)
    if allowed is not None:
        allowed[unwanted] = False
    wanted = max(POOL, POOL_PER_HIT * k) + len(unwanted)
    found = {}
    for retriever in _retrievers(query, weights):
        found[retriever.name] = retriever.retrieve(query, wanted, allowed).without(unwanted)
    return Pool(np.unique(np.concatenate([ranking.rows for ranking in found.values()])), found)


def _retrievers(query: Query, weights: Mapping[str, float]) -> Iterator[Retriever]:
    yield LexicalRetriever()
    if query.quotes:  # what is quoted must be sung: only the inverted index knows
        return
    names = [name for name in query.index.layout.names if name in weights and query.parts[name].any()]
    if query.seeds:  # each part alone as well, and the artists' other songs, gain 0.4 percent of NDCG@500 for 2 ms
        yield VectorRetriever("vectors", {name: max(weights[name], 0.0) for name in names})
    else:  # how much each part counts is not known before the words are compared with what is sung
        for name in names:
            yield VectorRetriever(f"vectors.{name}", {name: 1.0})
    if query.seeds or query.target:
        yield CoOccurrenceRetriever()
        yield PopularRetriever()
        yield TargetRetriever()


def _hit(query: Query, row: int, rank: int, score: float, signals: dict[str, float], tokens: list[str]) -> Hit:
    songs = query.index.songs
    line = best_line(songs.lyrics[row], tokens) if tokens else None
    return Hit(
        song_id=songs.song_ids[row],
        title=songs.titles[row],
        artist=songs.artists[row],
        score=score,
        rank=rank,
        signals=signals,
        reason="One of the seeds" if row in query.rows else reason(query, row, signals, line),
        line=line,
        album=songs.text("album", row),
        year=songs.when(row)[0],
        spotify_id=songs.text("spotify_id", row),
        **{name: songs.feature(name, row) for name in ("duration_ms", "tempo", "key", "mode", "energy")},
    )
