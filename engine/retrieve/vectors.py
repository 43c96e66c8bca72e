"""Candidates by likeness: the nearest songs by the stored parts, weighted in the query."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from indexer.search.allowed import Allowed


class VectorRetriever:
    """Sum over the parts of weight x cosine."""

    def __init__(self, name: str, weights: Mapping[str, float]):
        self.name = name
        self.weights = weights

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        index = query.index
        parts = {name: query.parts[name] for name, weight in self.weights.items() if weight and query.parts[name].any()}
        if not parts:
            return Ranking.empty()
        vector = index.layout.query({name: self.weights[name] for name in parts}, parts)
        rows, scores = index.vectors.search(vector, k, allowed=allowed)
        # A song that has none of the parts compared was not found by likeness. Its score is 0 in a flat index; in one
        # that keeps a byte a number, each number is wrong by 1/255 at most, half a step of what lies between -1 and 1.
        # Where a score may be as little as that, the parts themselves are asked.
        known = scores > float(np.abs(vector).sum()) / 255
        doubtful = np.flatnonzero(~known)
        known[doubtful] = np.any([index.parts[name][rows[doubtful]].any(axis=1) for name in parts], axis=0)
        return Ranking.sorted(rows[known], scores[known])
