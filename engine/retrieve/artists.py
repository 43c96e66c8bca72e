"""Candidates by artist: the other songs of those who made the seeds."""

from __future__ import annotations

import numpy as np

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from engine.retrieve.retriever import first_allowed
from indexer.search.allowed import Allowed


class ArtistRetriever:
    """The songs of the seeds' artists, the most popular first; all score 0.

    An artist has few of a catalogue's songs, so that one of them stands many deviations above the mean by this alone:
    without them an answer to seeds that nothing else is known of lacks half of its best songs.
    """

    name = "artist"

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        index = query.index
        own = index.songs.column("artist_key")
        codes = {code for seed in query.seeds if seed.row is not None for code in own.codes_of(seed.row)}
        rows = index.facts.by_artists(codes)
        best = rows[np.argsort(-np.nan_to_num(index.popularity[rows]), kind="stable")]
        found = first_allowed(best, k, allowed)
        return Ranking.sorted(found, np.zeros(len(found), np.float32))
