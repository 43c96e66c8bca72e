"""Candidates by target: the songs whose audio features and moods are nearest to the values wanted."""

from __future__ import annotations

import numpy as np

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from indexer.search.allowed import Allowed


class TargetRetriever:
    """Songs nearest to the target values."""

    name = "target"

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        near = query.closeness
        near = np.where(np.isnan(near), -np.inf, near)
        if allowed is not None:
            near = np.where(allowed.mask, near, -np.inf)
        rows = np.argpartition(-near, min(k, len(near) - 1))[:k] if len(near) else np.zeros(0, np.int64)
        rows = rows[np.isfinite(near[rows])]
        return Ranking.of(rows, near[rows])
