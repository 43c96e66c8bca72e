"""Candidates by popularity: what is left to propose where a query has nothing in common with any song."""

from __future__ import annotations

import numpy as np

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from engine.retrieve.retriever import first_allowed
from indexer.search.allowed import Allowed


class PopularRetriever:
    """The most popular songs, ties by row."""

    name = "popular"

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        rows = first_allowed(query.index.by_popularity, k, allowed)
        return Ranking.sorted(rows, np.nan_to_num(query.index.popularity[rows]))
