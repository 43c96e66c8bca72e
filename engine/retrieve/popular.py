"""Candidates by popularity: what is left to propose where a query has nothing in common with any song."""

from __future__ import annotations

import numpy as np

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from engine.retrieve.retriever import Mask


class PopularRetriever:
    """The most popular songs."""

    name = "popular"

    def retrieve(self, query: Query, k: int, allowed: Mask | None) -> Ranking:
        by_popularity = query.index.by_popularity  # the most popular first, ties by row
        rows = by_popularity[:k] if allowed is None else _first(by_popularity, k, allowed)
        return Ranking.sorted(rows, np.nan_to_num(query.index.popularity[rows]))


def _first(rows: np.typing.NDArray[np.int64], k: int, allowed: Mask) -> np.typing.NDArray[np.int64]:
    """The first k of the rows that are allowed; reads on only until they are found.

    >>> _first(np.array([3, 1, 0, 2]), 2, np.array([True, False, True, True])).tolist()
    [3, 0]
    """
    found: list[np.typing.NDArray[np.int64]] = []
    start, block, missing = 0, 4 * k, k
    while missing > 0 and start < len(rows):
        part = rows[start : start + block]
        found.append(part[allowed[part]][:missing])
        missing -= len(found[-1])
        start, block = start + block, 4 * block
    return np.concatenate([np.zeros(0, np.int64), *found])
