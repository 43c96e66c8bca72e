"""Finding songs for a request: ranked, then no second version of a song, then under caps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.answer.answer import ranked
from engine.answer.ranked import Answer
from engine.playlist.versions import capped, without_other_versions
from engine.query.reading import Reading
from engine.retrieve.ranking import Ranking


def rank(reading: Reading, k: int) -> Answer:
    """All candidates of a request for k songs, ranked: at least k where so many may come back."""
    candidates, weights = reading.candidates(k)
    return ranked(reading.query, candidates, weights, max(len(candidates), 1))


def rankings(reading: Reading, k: int) -> Iterator[Answer]:
    """All candidates of a request for k songs, then for four times as many, until no other song may come back.

    For rules that use songs up: whoever has enough reads no further.
    """
    k = min(k, max(len(reading.query.index), 1))
    every = rank(reading, k)
    yield every
    most = reading.songs_left  # counted only for who needs more
    while k < most and len(every.ranking) >= k:
        k = min(4 * k, most)
        every = rank(reading, k)
        yield every


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
    for every in rankings(reading, k):
        rows = every.ranking.rows
        keep = np.arange(len(rows))
        if not versions:
            most = k if max_per_artist is None and max_per_album is None else None
            keep = keep[without_other_versions(reading.query.index.songs, rows, most=most)]
        if max_per_artist is not None or max_per_album is not None:
            songs = reading.query.index.songs
            keep = keep[capped(songs, rows[keep], max_per_artist=max_per_artist, max_per_album=max_per_album, most=k)]
        if len(keep) >= k:
            break
    keep = keep[:k]
    return Answer(every.query, Ranking(rows[keep], every.ranking.scores[keep]), every.weights, every.shares[keep])
