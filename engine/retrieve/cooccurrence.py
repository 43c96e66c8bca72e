"""Candidates by listeners: the songs that share playlists with a seed."""

from __future__ import annotations

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from indexer.search.allowed import Allowed


class CoOccurrenceRetriever:
    """The seeds' neighbours by shared playlists."""

    name = "cooccurrence"

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        rows, values = query.cooccurrence
        keep = (query.index.songs.alive if allowed is None else allowed.mask)[rows]
        return Ranking.of(rows[keep], values[keep]).top(k)
