"""The protocol of a retriever: each proposes candidates, and the union of their rankings is what gets scored."""

from __future__ import annotations

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
        """At most k songs for the query, only rows that `allowed` holds (None: no row of the index is dead)."""
        ...
