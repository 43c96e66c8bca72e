"""Retrievers: each proposes candidates for a query; the union of their rankings is what gets scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.query.query import Query
from engine.retrieve.ranking import Ranking

Mask = npt.NDArray[np.bool_]


class Retriever(Protocol):
    """Proposes songs. `name` is the key under which signals find its ranking."""

    name: str

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        """At most k songs for the query, only rows that `allowed` holds (None: every living row)."""
        ...


class LexicalRetriever:
    """BM25: the words typed, or the seeds' keywords."""

    name = "lexical"

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        lexical = query.index.lexical
        if query.text and not query.seeds:
            return Ranking.of(*lexical.search_text(query.text, k, allowed=allowed, lines_of=query.index.lines_of))
        if not query.terms:
            return Ranking.empty()
        return Ranking.of(*lexical.search_terms(query.terms, k, allowed=allowed))


class VectorRetriever:
    """Cosine of the stored parts, weighted: the weights live in the query."""

    def __init__(self, name: str, weights: Mapping[str, float]):
        self.name = name
        self.weights = weights

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        index = query.index
        parts = {name: query.parts[name] for name, weight in self.weights.items() if weight and query.parts[name].any()}
        if not parts:
            return Ranking.empty()
        vector = index.layout.query({name: self.weights[name] for name in parts}, parts)
        found = Ranking.of(*index.vectors.search(vector, k, allowed=allowed))
        # A song that has none of the parts compared scores exactly 0 and was not found by likeness.
        return Ranking(found.rows[found.scores != 0], found.scores[found.scores != 0])


class CoOccurrenceRetriever:
    """The seeds' neighbours by shared playlists."""

    name = "cooccurrence"

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        rows, values = query.cooccurrence
        keep = (query.index.songs.alive if allowed is None else allowed)[rows]
        return Ranking.of(rows[keep], values[keep]).top(k)


class PopularRetriever:
    """The most popular songs: what is left to say where a query has nothing in common with any song."""

    name = "popular"

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        if not query.seeds and not query.target:
            return Ranking.empty()
        by_popularity = query.index.by_popularity
        if allowed is not None:
            by_popularity = by_popularity[allowed[by_popularity]]
        rows = by_popularity[:k]  # in order already: the most popular first, ties by row
        return Ranking(rows, np.nan_to_num(query.index.popularity[rows]))


class TargetRetriever:
    """Songs whose audio features are nearest to the target values."""

    name = "target"

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        if not query.target:
            return Ranking.empty()
        near = query.index.closeness(query.target)
        near = np.where(np.isnan(near), -np.inf, near)
        if allowed is not None:
            near = np.where(allowed, near, -np.inf)
        rows = np.argpartition(-near, min(k, len(near) - 1))[:k] if len(near) else np.zeros(0, np.int64)
        return Ranking.of(rows[np.isfinite(near[rows])], near[rows][np.isfinite(near[rows])])
