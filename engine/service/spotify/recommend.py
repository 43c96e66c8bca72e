"""Recommendations: seeds, the 42 knobs, and what the answer says of the pools that the songs were chosen from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.engine import Engine
from engine.fields import Values
from engine.plain import shown
from engine.query.filters import Filters, number
from engine.query.query import Query
from engine.query.wanted import allowed_rows
from engine.requests import Recommend
from engine.service.spotify.ids import read_id
from engine.service.spotify.shapes import Shapes
from engine.service.spotify.tables import Tables, genre_key, tables_of
from indexer.errors import RequestError, SongNotFoundError
from indexer.records import AUDIO_NAMES
from indexer.search.allowed import Allowed

MOST_SEEDS = 5
METER = "time_signature"  # no catalogue has it: what is asked of it has no effect
ATTRIBUTES = (*AUDIO_NAMES, "popularity", METER)
ENDS = {"min": "No song has less.", "max": "No song has more.", "target": "Pulls the order, and leaves no song out."}


@dataclass(frozen=True, slots=True)
class _Given:
    """A seed as it was given.

    id      22 characters, or the genre as it was written
    names   what the engine calls it by: a song_id, an artist, a genre in each way of writing; () where it is not here
    """

    kind: str
    id: str
    names: tuple[str, ...]


def knobs(parameters: Mapping[str, str]) -> tuple[Filters, dict[str, float]]:
    """The filters and targets among the parameters, min_, max_ and target_ of each attribute.

    A song of which a value is unknown does not meet its filter. FilterError where a value is no number, or a range has
    nothing in it.
    """
    ranges: dict[str, Any] = {}
    targets: dict[str, float] = {}
    for attribute in ATTRIBUTES:
        low, high, target = (
            number(name, parameters[name]) if (name := f"{end}_{attribute}") in parameters else None for end in ENDS
        )
        if attribute == METER:
            continue
        if low is not None or high is not None:
            ranges[attribute] = (low, high)
        if target is not None:
            targets[attribute] = target
    return Filters.of(ranges), targets


def recommendations(
    engine: Engine, seeds_of: Mapping[str, str], parameters: Mapping[str, str], *, limit: int, base: str
) -> dict[str, Any]:
    """Spotify's answer: the seeds as they were given, and the tracks.

    seeds_of     "track", "artist" and "genre" -> the seeds of this kind, with commas between them
    parameters   the knobs, among others

    Sizes are counted in this index: of a seed that is not in it 0; else all songs that may come back beside the seeds
    are in one pool, the same for each seed. No market is left out, so relinking changes nothing.

    SongNotFoundError where no seed is in the index.
    """
    index = engine.index
    seeds = _seeds(tables_of(index), seeds_of)
    if not any(seed.names for seed in seeds):
        given = ", ".join(shown(seed.id) for seed in seeds)
        places = {"genre": "/v1/recommendations/available-genre-seeds"}
        others = dict.fromkeys(places.get(seed.kind, "/v1/search") for seed in seeds)
        raise SongNotFoundError(f"this index has none of the seeds {given}; find others with {' or '.join(others)}")
    filters, targets = knobs(parameters)

    def named(kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for seed in seeds if seed.kind == kind for name in seed.names))

    hits = engine.answer(
        Recommend(
            seeds=named("track"), seed_artists=named("artist"), seed_genres=named("genre"),
            filters=filters, target=Values(targets), k=limit,
        )
    )  # fmt: skip
    answered_from = hits.query.index  # a newer one than `index`, where one was opened meanwhile
    sizes = {
        "initialPoolSize": _songs_left(hits.query, Filters()),
        "afterFilteringSize": (left := _songs_left(hits.query, filters)),
        "afterRelinkingSize": left,
    }
    return {
        "seeds": [_seed_object(seed, sizes, base) for seed in seeds],
        "tracks": Shapes(answered_from, tables_of(answered_from), base).tracks(hits.rows.tolist()),
    }


def _seeds(tables: Tables, seeds_of: Mapping[str, str]) -> list[_Given]:
    songs, artists, genres = (
        [part.strip() for part in seeds_of[kind].split(",") if part.strip()] for kind in ("track", "artist", "genre")
    )
    many = len(songs) + len(artists) + len(genres)
    if not 1 <= many <= MOST_SEEDS:
        expected = f"1..{MOST_SEEDS} in seed_tracks, seed_artists and seed_genres together"
        raise RequestError(field="seeds", found=f"{many} of them", expected=expected)
    return [
        *(_Given("track", id_, tables.song_ids(id_)) for id_ in (read_id("track", each) for each in songs)),
        *(_Given("artist", id_, tables.artists_named(id_)) for id_ in (read_id("artist", each) for each in artists)),
        *(_Given("genre", genre, tables.genres.get(genre_key(genre), ())) for genre in genres),
    ]


def _songs_left(query: Query, filters: Filters) -> int:
    """How many songs may come back beside the seeds under these filters."""
    allowed = allowed_rows(query.index, filters, query.seeds) or Allowed(query.index.songs.alive)
    return allowed.without(query.own_rows).count


def _seed_object(seed: _Given, sizes: Mapping[str, int], base: str) -> dict[str, Any]:
    return {
        **(sizes if seed.names else dict.fromkeys(sizes, 0)),
        "href": None if seed.kind == "genre" else f"{base}/{seed.kind}s/{seed.id}",
        "id": seed.id,
        "type": seed.kind.upper(),
    }


def knob_parameters() -> Sequence[dict[str, Any]]:
    """What the OpenAPI document says of the knobs."""
    return [
        {
            "name": f"{end}_{attribute}", "in": "query", "required": False, "schema": {"type": "number"},
            "description": "No catalogue has it: accepted, without effect." if attribute == METER else does,
        }
        for attribute in ATTRIBUTES
        for end, does in ENDS.items()
    ]  # fmt: skip
