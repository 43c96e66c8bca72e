"""Finding songs for a request: ranked, then no second version of a song, then under caps."""

from __future__ import annotations

import numpy as np

from engine.answer.answer import MOST_SONGS, pool, ranked
from engine.answer.ranked import Answer
from engine.playlist.versions import capped, without_other_versions
from engine.query.reading import Reading
from engine.retrieve.ranking import Ranking
from engine.score.search_policy import search_weights


def rank(reading: Reading, k: int) -> Answer:
    """All candidates of a request for k songs, ranked: at least k where so many may come back."""
    query = reading.query
    if not reading.words_alone:
        candidates = pool(query, reading.weights, k, reading.allowed)
        return ranked(query, candidates, reading.weights, max(len(candidates), 1))
    # Whatever weight the words get in the end, the policy looks at what BM25 found.
    candidates = pool(query, {**reading.weights, "lexical": 1.0}, k, reading.allowed)
    weights = {**reading.weights, **search_weights(query, candidates), **reading.fixed}
    return ranked(query, candidates, weights, max(len(candidates), 1))


def find(
    reading: Reading,
    k: int,
    *,
    versions: bool = False,
    max_per_artist: int | None = None,
    max_per_album: int | None = None,
) -> Answer:
    """The k best songs under the caps; fewer where no more are left, for nothing gives way.

    versions   whether two versions of one song may both be among them
    """
    looked = k
    while True:
        every = rank(reading, looked)
        rows = every.ranking.rows
        keep = np.arange(len(rows))
        if not versions:
            most = k if max_per_artist is None and max_per_album is None else None
            keep = keep[without_other_versions(reading.query.index.songs, rows, most=most)]
        if max_per_artist is not None or max_per_album is not None:
            songs = reading.query.index.songs
            keep = keep[capped(songs, rows[keep], max_per_artist=max_per_artist, max_per_album=max_per_album)]
        if len(keep) >= k or len(rows) < looked or looked == MOST_SONGS:
            keep = keep[:k]
            return Answer(
                every.query, Ranking(rows[keep], every.ranking.scores[keep]), every.weights, every.shares[keep]
            )
        looked = min(4 * looked, MOST_SONGS)
