"""Journeys: a playlist that travels from one mood to another, in legs whose target moves from the one to the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.answer.answer import POOL, answer
from engine.answer.hits import Hit
from engine.playlist.playlist import Playlist
from engine.playlist.sequencing import select
from engine.playlist.tracks import UNKNOWN, Candidates
from engine.playlist.versions import overlap_of
from engine.query.filters import Filters, learned_moods
from engine.query.query import Query
from indexer.models.moods.vocabulary import mood_named

LEAST = 0.25  # rank of a mood where the other is at its height: a song far below is its opposite, not the other one
LEGS = 5  # or as many as there are songs


def legs(length: int) -> list[tuple[float, int]]:
    """(how far the journey is, 0..1, songs) of each leg; the songs sum to `length`.

    >>> legs(7)
    [(0.0, 2), (0.25, 2), (0.5, 1), (0.75, 1), (1.0, 1)]
    """
    count = min(LEGS, length)
    sizes = [length // count + (i < length % count) for i in range(count)]
    return [(i / max(count - 1, 1), size) for i, size in enumerate(sizes)]


def journey(
    query: Query,
    weights: Mapping[str, float],
    filters: Filters,
    start: str,
    end: str,
    length: int,
    *,
    never: Candidates,
    max_per_artist: int,
    max_per_album: int | None,
    seed: int,
) -> Playlist:
    """The playlist; what the query says of the two moods is said anew for each leg.

    Each leg asks for songs like the seeds whose two moods are as far as the leg is, and takes the best under the caps;
    within a leg the songs go from more of `start` to more of `end`.
    """
    songs = query.index.songs
    moods = learned_moods(songs)
    one, other = mood_named(start).name, mood_named(end).name
    if one == other:
        raise ValueError(f"the journey goes from {one} to {other}, expected two moods")
    kept = tuple((name, value) for name, value in query.target if name not in (one, other))
    change = moods.rank(other) - moods.rank(one)
    by_artist: Counter[int] = Counter()
    by_album: Counter[int] = Counter()
    relaxed: list[str] = []
    allowed = filters.mask(songs) if filters else None
    hits: list[Hit] = []
    gone = never
    for way, size in legs(length):
        left, come = (LEAST + (1.0 - LEAST) * share for share in (1.0 - way, way))
        asked = replace(query, target=(*kept, (one, left), (other, come)))
        ranked = answer(asked, weights, max(POOL, 8 * size), allowed)
        pool = Candidates.of_rows(songs, ranked.ranking.rows, ranked.ranking.scores)
        free = [
            i
            for i, (artist, album) in enumerate(zip(pool.artists.tolist(), pool.albums.tolist(), strict=True))
            if (artist == UNKNOWN or by_artist[artist] < max_per_artist)
            and (album == UNKNOWN or max_per_album is None or by_album[album] < max_per_album)
        ]
        chosen = select(
            pool.take(free), size, max_per_artist=max_per_artist, max_per_album=max_per_album, never=gone,
            overlap=overlap_of(songs), seed=seed,
        )  # fmt: skip
        relaxed += chosen.relaxed
        by_artist.update(chosen.songs.artists.tolist())
        by_album.update(chosen.songs.albums.tolist())
        gone = gone.followed_by(chosen.songs)
        rows = chosen.songs.rows.astype(np.int64)
        hits += ranked.hits(rows[np.argsort(np.nan_to_num(change[rows]), kind="stable")].tolist())
    placed = tuple(replace(hit, rank=place) for place, hit in enumerate(hits, 1))
    return Playlist(f"From {one} to {other}", placed, tuple(dict.fromkeys(relaxed)))
