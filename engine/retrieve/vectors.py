"""Candidates by likeness: the nearest songs by the stored parts, weighted in the query."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from indexer.search.allowed import Allowed

FloatVector = npt.NDArray[np.float32]


class VectorRetriever:
    """Sum over the parts, the factors and the popularity of weight x product with the query."""

    def __init__(self, name: str, weights: Mapping[str, float]):
        self.name = name
        self.weights = weights

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        index = query.index
        vectors = {name: compared_by(query, name) for name, weight in self.weights.items() if weight}
        parts = {name: vector for name, vector in vectors.items() if vector.any()}
        if not parts.keys() - {"popularity"}:
            return Ranking.empty()
        vector = index.layout.query({name: self.weights[name] for name in parts}, parts)
        rows, scores = index.vectors.search(vector, k, allowed=allowed)
        if "popularity" in parts or "factors" in parts:  # every song has them, if only none
            return Ranking.sorted(rows, scores)
        # A song that has none of the parts compared was not found by likeness. Its score is 0 in a flat index; in one
        # that keeps a byte a number, each number is wrong by 1/255 at most, half a step of what lies between -1 and 1.
        # Where a score may be as little as that, the parts themselves are asked.
        known = scores > float(np.abs(vector).sum()) / 255
        doubtful = np.flatnonzero(~known)
        known[doubtful] = np.any([index.parts[name][rows[doubtful]].any(axis=1) for name in parts], axis=0)
        return Ranking.sorted(rows[known], scores[known])


class LyricsRetriever:
    """The nearest lyrics, in an index of their own: its lists are gathered by them alone."""

    name = "vectors.lyrics"

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        index, wanted = query.index.lyrics_vectors, query.parts["lyrics"]
        if index is None or not wanted.any():
            return Ranking.empty()
        has_lyrics = query.index.songs.has_lyrics
        if allowed is not None:
            # A song without lyrics is nearer than lyrics of another sense, and would take their place.
            allowed = Allowed(allowed.mask & has_lyrics)
        rows, scores = index.search(wanted, k, allowed=allowed)
        known = has_lyrics[rows]
        return Ranking.sorted(rows[known], scores[known])


def compared_by(query: Query, name: str) -> FloatVector:
    """What one column of the index is multiplied with; zero where the query knows nothing of it."""
    if name == "popularity":
        return np.ones(1, np.float32)
    return query.listener_factors if name == "factors" else query.parts[name]
