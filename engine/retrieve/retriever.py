"""The protocol of a retriever: each proposes candidates, and the union of their rankings is what gets scored."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from indexer.search.allowed import Allowed

Rows = npt.NDArray[np.int64]


class Retriever(Protocol):
    """Proposes songs. `name` is the key under which signals find its ranking."""

    name: str

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        """At most k songs for the query, only rows that `allowed` has (None: no row of the index is dead)."""
        ...


def first_allowed(rows: Rows, k: int, allowed: Allowed | None) -> Rows:
    """The first k of `rows` that are allowed; reads no further than to where they are found.

    >>> first_allowed(np.array([3, 1, 0, 2]), 2, Allowed(np.array([True, False, True, True]))).tolist()
    [3, 0]
    """
    if allowed is None:
        return rows[:k]
    taken = [np.zeros(0, np.int64)]
    start, block, missing = 0, 4 * k, k
    while missing > 0 and start < len(rows):
        part = rows[start : start + block]
        taken.append(part[allowed.mask[part]][:missing])
        missing -= len(taken[-1])
        start, block = start + block, 4 * block
    return np.concatenate(taken)
