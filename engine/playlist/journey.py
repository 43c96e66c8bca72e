"""Journeys: a playlist that travels from one mood to another, in legs whose target moves from the one to the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.answer.answer import POOL
from engine.answer.find import rankings
from engine.answer.hits import Hit
from engine.bounds import MOST_SONGS
from engine.playlist.playlist import RANKED_PER_SONG, Playlist, opening_songs
from engine.playlist.select import Rules, broken_caps, enough, off_duration, select, usual_duration
from engine.playlist.tracks import Candidates
from engine.query.filters import learned_moods
from engine.query.reading import Reading
from indexer.models.moods.vocabulary import mood_named

LEAST = 0.25  # rank of a mood where the other is at its height: a song far below is its opposite, not the other one
LEGS = 5  # or as many as there are songs


def legs(length: int) -> list[tuple[float, int]]:
    """(how far the journey is, 0..1, songs) of each leg; the songs sum to `length`.

    >>> legs(7)
    [(0.0, 2), (0.25, 2), (0.5, 1), (0.75, 1), (1.0, 1)]
    """
    if length < 1:
        return []
    count = min(LEGS, length)
    sizes = [length // count + (i < length % count) for i in range(count)]
    return [(i / max(count - 1, 1), size) for i, size in enumerate(sizes)]


def journey(
    reading: Reading,
    start: str,
    end: str,
    length: int,
    rules: Rules,
    *,
    duration_ms: float | None = None,
    opening: int = 0,
) -> Playlist:
    """The playlist from `start` to `end`, two moods.

    Each leg looks for songs like the seeds whose two moods are as far as the leg is, and takes the best that the legs
    before leave room for; within a leg the songs go from more of `start` to more of `end`.

    rules         they hold over the whole journey; what had to give way is in `relaxed`
    duration_ms   milliseconds: as many songs as usually last so long take the place of `length`
    opening       so many of the query's seeds come before the first leg, see `make_playlist`
    """
    query = reading.query
    songs = query.index.songs
    moods = learned_moods(songs)
    first, last = mood_named(start).name, mood_named(end).name
    if first == last:
        raise ValueError(f"the journey goes from {first} to {last}, expected two moods")
    others = tuple((name, value) for name, value in query.target if name not in (first, last))
    change = moods.rank(last) - moods.rank(first)
    typical = usual_duration(songs)
    if duration_ms is not None:
        length = min(max(1, round(duration_ms / typical)), MOST_SONGS)
    # The last song is the journey's own, whatever opens it.
    travelled = opening_songs(query, min(opening, max(length - 1, 0)))
    hits: list[Hit] = []
    for share, size in legs(length - len(travelled)):
        falling, rising = (LEAST + (1.0 - LEAST) * part for part in (1.0 - share, share))
        target = (*others, (first, falling), (last, rising))
        leg, rules = replace(reading, query=replace(query, target=target)), replace(rules, before=travelled)
        for ranked in rankings(leg, max(POOL, RANKED_PER_SONG * size)):
            candidates = Candidates.of_rows(songs, ranked.ranking.rows, ranked.ranking.scores)
            chosen = select(candidates, size, rules).songs
            if enough(travelled.followed_by(chosen), len(travelled) + size, rules):
                break
        if not hits:
            hits += ranked.hits(travelled.rows.tolist())
        travelled = travelled.followed_by(chosen)
        rows = chosen.rows.astype(np.int64)
        hits += ranked.hits(rows[np.argsort(np.nan_to_num(change[rows]), kind="stable")].tolist())
    relaxed = broken_caps(travelled, rules)
    if len(hits) < length:
        relaxed.append(f"{len(hits)} songs instead of {length}: no other song is left")
    if duration_ms is not None:
        relaxed += off_duration(travelled, typical, duration_ms, "a journey is counted in songs")
    placed = tuple(replace(hit, rank=place) for place, hit in enumerate(hits, 1))
    return Playlist(f"From {first} to {last}", placed, tuple(relaxed))
