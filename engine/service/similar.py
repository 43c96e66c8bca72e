"""What lies near: similar songs, paths and artists, in the order of how near they are, for services of other shapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.engine import Engine
from engine.requests import MakePath, Recommend
from engine.service.nearness import nearness, nearness_of_groups
from engine.service.subsonic.collection import collection_of
from indexer.errors import ArtistNotFoundError, EmptyQueryError
from indexer.text.names import artist_key

Near = list[tuple[int, float]]  # rows and how near they are, 0..1, or -1 where that is unknown

ASKED = 200  # songs that are looked through for artists


def near_songs(engine: Engine, song_id: str, count: int, max_per_artist: int | None = None) -> Near:
    """The songs that belong beside one, the nearest first; none where nothing is known of it."""
    rows = similar_songs(engine, Recommend(seeds=(song_id,), k=max(count, 1), max_per_artist=max_per_artist))[:count]
    index = engine.index
    row = index.songs.row_of(song_id)
    if row is None:
        return []
    pairs = list(zip(rows, nearness(index, row, rows), strict=True))
    return sorted(pairs, key=lambda pair: -pair[1])


def similar_songs(engine: Engine, request: Recommend) -> list[int]:
    """The rows of an answer; none where nothing is known of what it asks for."""
    try:
        hits = engine.answer(request)
    except EmptyQueryError:
        return []
    return rows_of(engine, hits.song_ids)


def song_path(engine: Engine, start: str, end: str, length: int) -> Near:
    """The songs from one to another, both included, with how near each is to the first."""
    ids = (
        [start]
        if start == end
        else [hit.song_id for hit in engine.answer(MakePath(start=start, end=end, length=length))]
    )
    rows = rows_of(engine, ids)
    return list(zip(rows, nearness(engine.index, rows[0], rows), strict=True)) if rows else []


def similar_artists(engine: Engine, name: str, count: int) -> list[tuple[str, float]]:
    """Artists whose songs belong beside an artist's, by their keys, the nearest first, with how near they are.

    ArtistNotFoundError names the nearest artists.
    """
    index = engine.index
    own = artist_key(name)
    rows = similar_songs(engine, Recommend(seed_artists=(name,), k=ASKED, max_per_artist=1))
    collection = collection_of(index)
    column, many = index.songs.column("artist_key"), index.songs.main_artists
    keys = dict.fromkeys(key for row in rows for key in column.of(row)[: int(many[row])] if key != own)
    near = nearness_of_groups(index, collection.songs_of_artist(own), map(collection.songs_of_artist, keys))
    return sorted(zip(keys, near, strict=True), key=lambda pair: -pair[1])[:count]


def artist_called(engine: Engine, key: str) -> str:
    """The name of an artist by his key; ArtistNotFoundError where no song has him."""
    collection = collection_of(engine.index)
    if not len(collection.songs_of_artist(key)):
        raise ArtistNotFoundError(f"no artist has the key {key[:60]!r}")
    return collection.artist_name(key)


def rows_of(engine: Engine, song_ids: Sequence[str]) -> list[int]:
    """The rows of songs; one that a newer index does not hold any more is left out."""
    rows = (engine.index.songs.row_of(song_id) for song_id in song_ids)
    return [int(row) for row in rows if row is not None]


def best_known(engine: Engine, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """The rows in the order of how well they are known."""
    by_popularity = engine.index.by_popularity
    return [int(row) for row in by_popularity[np.isin(by_popularity, rows)]]
