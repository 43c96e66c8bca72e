"""Playlists and paths as they are requested: the songs ranked, chosen, ordered and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.answer.answer import POOL, answer
from engine.answer.find import rankings
from engine.bounds import MOST_SONGS
from engine.index import OpenIndex
from engine.lookup.names import called, find
from engine.playlist.journey import journey
from engine.playlist.path import RANKED_PER_STEP, path_through
from engine.playlist.playlist import Playlist, make_playlist, playlist_name, songs_to_rank
from engine.playlist.select import Rules
from engine.playlist.tracks import Candidates
from engine.playlist.versions import overlap_of
from engine.query.query import Query
from engine.query.reading import excluded_rows, known_rows, read
from engine.query.seeds import Seed
from engine.query.wanted import allowed_rows
from engine.requests import MakePath, MakePlaylist
from engine.score.weights import Profiles, profile_of
from indexer.errors import RequestError
from indexer.text.names import fold

SAME_NAME = 99.0  # similarity, 0..100, from which a song of the index is the one that was given by its content


def playlist(index: OpenIndex, request: MakePlaylist, profiles: Profiles, *, opening: int | None = None) -> Playlist:
    """The playlist that the request is for.

    opening   so many of its seeds come first; None where the request says whether they do
    """
    reading = read(index, request, profiles)
    if opening is None:
        opening = reading.given if request.with_seeds else 0
    rules = Rules(
        request.max_per_artist, request.max_per_album, never=_never(reading.query), overlap=overlap_of(index.songs),
        variation=request.variation,
    )  # fmt: skip
    if request.from_mood is not None and request.to_mood is not None:
        made = journey(
            reading, request.from_mood, request.to_mood, request.length, rules,
            duration_ms=request.duration_total_ms, opening=opening,
        )  # fmt: skip
        return replace(made, name=request.name or made.name)
    titles = [seed.song.title or seed.song.name for seed in reading.query.seeds[: reading.given]]
    length = request.length if request.duration_total_ms is None else MOST_SONGS
    return make_playlist(
        rankings(reading, max(POOL, songs_to_rank(index, length, request.duration_total_ms))),
        request.name or playlist_name(request, titles),
        length,
        rules,
        duration_ms=request.duration_total_ms,
        arc=request.arc,
        opening=opening,
    )


def path(index: OpenIndex, request: MakePath, profiles: Profiles) -> Playlist:
    """The path that the request is for."""
    ends = [known_rows(index, field, [song])[0] for field, song in (("start", request.start), ("end", request.end))]
    if ends[0] == ends[1]:
        raise RequestError(field="end", found="the song that it starts from", expected="another song than start")
    query = Query(
        index,
        seeds=tuple(Seed.of_row(index, row) for row in ends),
        exclude=excluded_rows(index, request.exclude),
    )
    weights = {**profiles[profile_of(2)], **request.weights}
    k = min(MOST_SONGS, len(index), max(2 * POOL, RANKED_PER_STEP * request.length))
    ranked = answer(query, weights, k, allowed_rows(index, request.filters, query.seeds))
    made = path_through(
        ranked, request.length, max_per_artist=request.max_per_artist, max_per_album=request.max_per_album
    )
    return replace(made, name=request.name or made.name)


def _never(query: Query) -> Candidates:
    """Seeds and songs to avoid, and what the catalogue has of those that were given by their content."""
    rows = set(query.own_rows.tolist())
    for seed in (*query.seeds, *query.avoid):
        if seed.row is None and seed.song.title and seed.song.artist:
            name = f"{seed.song.title}, {seed.song.artist}"
            if fold(name):
                rows.update(match.row for match in find(query.index, name, 3) if match.similarity >= SAME_NAME)
            else:  # not a letter in it: nothing can be like it
                rows.update(called(query.index, name))
    return Candidates.of_rows(query.index.songs, np.array(sorted(rows), np.int64))
