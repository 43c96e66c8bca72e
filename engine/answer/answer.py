"""Answers: candidates from every retriever that has a weight, one score from all signals, hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from engine.answer.ranked import Answer
from engine.answer.rerank import SecondPass, two_passes
from engine.query.query import Query
from engine.retrieve.background import BackgroundRetriever
from engine.retrieve.cooccurrence import CoOccurrenceRetriever
from engine.retrieve.lexical import LexicalRetriever
from engine.retrieve.pool import Pool
from engine.retrieve.popular import PopularRetriever
from engine.retrieve.ranking import Ranking
from engine.retrieve.retriever import Retriever
from engine.retrieve.target import TargetRetriever
from engine.retrieve.vectors import VectorRetriever
from engine.score.fusion import contributions, normalise, scores
from engine.score.signals import measure
from indexer.search.allowed import Allowed

POOL = 200  # candidates from each retriever at least
POOL_PER_HIT = 3  # and for each song that is to come back
FEW_EXCLUDED = 50  # songs that are taken out of what was found; of more, none is found


def answer(query: Query, weights: Mapping[str, float], k: int, allowed: Allowed | None = None) -> Answer:
    """The k best songs.

    allowed   the rows that may come back; None is every living row
    """
    return ranked(query, pool(query, weights, k, allowed), weights, k)


def ranked(query: Query, candidates: Pool, weights: Mapping[str, float], k: int) -> Answer:
    """The k best candidates: score = sum of weight x normalised signal.

    Cheap signals are measured for all candidates, dear ones that weigh little for the best of them.
    """
    weighed = {name: weight for name, weight in weights.items() if weight}
    if (
        "timbre" not in query.index.parts
    ):  # most catalogues have no files of sound, and pay nothing for what others have
        weighed.pop("timbre", None)
    first, second = two_passes(weighed)
    shares = contributions(normalise(measure(query, candidates, first)), list(first.values()))
    ranking = Ranking.of(candidates.rows, scores(shares))
    once = Answer(query, ranking, first, shares[np.searchsorted(candidates.rows, ranking.rows)])
    return (SecondPass(second).rerank(once, head_of(candidates.wanted)) if second else once).top(k)


def head_of(k: int) -> int:
    """How many songs are looked at closely where k are to come back."""
    return max(POOL, POOL_PER_HIT * k)


def pool(query: Query, weights: Mapping[str, float], k: int, allowed: Allowed | None) -> Pool:
    """The candidates of a query: what the retrievers propose, without seeds, songs to avoid and songs excluded.

    allowed   the rows that may be proposed; None is every living row
    """
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")
    index = query.index
    allowed, gone = index.living if allowed is None else allowed, query.own_rows
    if len(query.excluded_rows) <= FEW_EXCLUDED:
        gone = np.union1d(gone, query.excluded_rows)
    else:
        allowed = (allowed or Allowed(index.songs.alive)).without(query.excluded_rows)
    most = min(head_of(k) + len(gone), len(index.songs))
    rankings = {
        retriever.name: retriever.retrieve(query, most, allowed).without(gone)
        for retriever in _retrievers(query, weights)
    }
    rows = np.unique(np.concatenate([np.zeros(0, np.int64), *(ranking.rows for ranking in rankings.values())]))
    return Pool(index, rows, rankings, k)


def _retrievers(query: Query, weights: Mapping[str, float]) -> Iterator[Retriever]:
    """What has no weight is not retrieved."""
    if query.quoted or weights.get("lexical"):
        yield LexicalRetriever()
    if query.quoted:  # what is quoted must be sung: only the inverted index knows
        return
    names = [name for name in query.index.parts if weights.get(name) and query.parts[name].any()]
    if query.seeds:
        yield VectorRetriever("vectors", {name: max(weights[name], 0.0) for name in names})
    else:  # how much each part counts is not known before the words are compared with what is sung
        for name in names:
            yield VectorRetriever(f"vectors.{name}", {name: 1.0})
    if query.seeds and weights.get("cooccurrence"):
        yield CoOccurrenceRetriever()
    if query.target and weights.get("target"):
        yield TargetRetriever()
    if query.seeds or query.target:
        yield PopularRetriever()
    if query.seeds:
        yield BackgroundRetriever()
