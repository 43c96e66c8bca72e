"""Answers: candidates from every retriever that has a weight, one score from all signals, hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np

from engine.answer.ranked import Answer
from engine.answer.rerank import SecondPass, two_passes
from engine.query.query import Query
from engine.retrieve.artists import ArtistRetriever
from engine.retrieve.cooccurrence import CoOccurrenceRetriever
from engine.retrieve.lexical import LexicalRetriever
from engine.retrieve.pool import Pool
from engine.retrieve.popular import PopularRetriever
from engine.retrieve.ranking import Ranking
from engine.retrieve.retriever import Retriever
from engine.retrieve.target import TargetRetriever
from engine.retrieve.vectors import LyricsRetriever, VectorRetriever
from engine.score.fusion import LEAST_SPREAD, contributions, scores
from engine.score.signals import moments_of, z_scores
from indexer.search.allowed import Allowed

POOL = 200  # candidates from each retriever at least, where nobody says how many songs are to come back
# Songs that are scored beside the k that are to come back: LEAST, and k more up to SPARE. For seeds that no playlist
# holds 100 instead of 300 lose an eighth of the 20 best, and save 0.5 ms. On development playlists of
# shared/data 1,000 songs for 500 have the NDCG@500 of scoring every song (0.348, 0.475, 0.519 with 1, 5 and 10 seeds);
# 600 lose 0.001, 0.003 and 0.001.
LEAST, SPARE = 300, 400
EVERY_UP_TO = 1_000  # songs that may come back: looking for candidates among them costs more than scoring all
FEW_EXCLUDED = 2_000  # songs that are looked for beside the others and taken out of what was found


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
    shares = contributions(z_scores(query, candidates, list(first)), list(first.values()))
    ranking = Ranking.of(candidates.rows, scores(shares))
    once = Answer(query, ranking, first, shares[np.searchsorted(candidates.rows, ranking.rows)])
    return (SecondPass(second).rerank(once, head_of(candidates.wanted)) if second else once).top(k)


def head_of(k: int) -> int:
    """How many songs are looked at closely where k are to come back."""
    return k + LEAST


def pool(query: Query, weights: Mapping[str, float], k: int, allowed: Allowed | None) -> Pool:
    """The candidates of a query: what the retrievers propose, without seeds, songs to avoid and songs excluded.

    allowed   the rows that may be proposed; None is every living row. Where they are few, all are candidates
    """
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")
    index = query.index
    allowed, gone = index.living if allowed is None else allowed, query.own_rows
    if len(query.excluded_rows) > FEW_EXCLUDED:
        allowed = (allowed or Allowed(index.songs.alive)).without(query.excluded_rows)
    elif len(query.excluded_rows):
        gone = np.union1d(gone, query.excluded_rows)
    # What is excluded is often what is nearest, as a history is: the lists that hold it must not be all that are read.
    beside = len(gone) if len(query.excluded_rows) <= FEW_EXCLUDED else len(gone) + FEW_EXCLUDED
    by_words = query.has_text and not query.seeds
    every = allowed is not None and not by_words and allowed.count <= EVERY_UP_TO
    rankings: dict[str, Ranking] = {}
    for retriever, share in _retrievers(query, weights, every=every):
        most = head_of_words(k) if by_words else head_of(k) + (min(k, SPARE) if share == "many" else 0)
        found = retriever.retrieve(query, min(most + beside, len(index.songs)), allowed)
        rankings[retriever.name] = found.without(gone)
    if every and allowed is not None:
        rows = np.setdiff1d(allowed.rows, gone, assume_unique=True)
    else:
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *(ranking.rows for ranking in rankings.values())]))
    return Pool(index, rows, rankings, k)


def head_of_words(k: int) -> int:
    """How many songs each retriever proposes for words: signals are compared with those of the others proposed."""
    return max(POOL, 3 * k)


def _retrievers(
    query: Query, weights: Mapping[str, float], *, every: bool
) -> Iterator[tuple[Retriever, Literal["many", "few"]]]:
    """What proposes candidates, and whether it proposes spare ones. What has no weight is not retrieved.

    every   whether all songs that may come back are candidates
    """
    if query.quoted or weights.get("lexical"):
        yield LexicalRetriever(), "many"
    if query.quoted or every:  # what is quoted must be sung: only the inverted index knows
        return
    if not query.seeds:  # how much each part counts is not known before the words are compared with what is sung
        for name in query.index.parts:
            if weights.get(name) and query.parts[name].any():
                yield LyricsRetriever() if name == "lyrics" else VectorRetriever(f"vectors.{name}", {name: 1.0}), "many"
    elif scaled := scaled_weights(query, weights):
        yield VectorRetriever("vectors", scaled), "many"
    if query.seeds and weights.get("artist", 0.0) > 0:
        yield ArtistRetriever(), "few"
    if query.seeds and weights.get("cooccurrence"):
        yield CoOccurrenceRetriever(), "few"
    if query.target and weights.get("target"):
        yield TargetRetriever(), "many"
    if query.seeds or query.target:
        alike = query.seeds and scaled.keys() - {"popularity"}
        yield PopularRetriever(), "few" if alike else "many"


def scaled_weights(query: Query, weights: Mapping[str, float]) -> dict[str, float]:
    """Weight / deviation of what the FAISS index holds: with it a product is the query's score but for a constant.

    What is weighed against is not looked for, but for popularity, which is known of every song.
    """
    names = [name for name in query.index.layout.names if weights.get(name, 0.0) > 0 or name == "popularity"]
    spreads = {name: moments[1] for name in names if (moments := moments_of(query, name))}
    return {
        name: weights[name] / spread for name, spread in spreads.items() if weights.get(name) and spread > LEAST_SPREAD
    }
