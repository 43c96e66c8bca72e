"""Examples: the values of the OpenAPI document's examples, from the index that is served, so that each can be asked."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from engine.engine import Engine
from engine.index import OpenIndex
from engine.service.spotify.shapes import Shapes
from engine.service.spotify.tables import tables_of
from engine.service.subsonic.ids import public_song_id
from indexer.errors import RefrainError

SONG, OTHER = "{song}", "{other song}"  # stand for the names of two songs in examples of bodies
MOOD, OTHER_MOOD = "{mood}", "{other mood}"
_MARKS = (SONG, OTHER, MOOD, OTHER_MOOD)
RECIPE, CLIENT = "Quiet evenings", "kitchen"
WORDS = "driving home through the rain"
LOOKED_THROUGH = 50  # best known songs, among which those of the examples are

# Parameters without which a route may be asked, but answers nothing or with an error.
_TOGETHER = {
    "/api/v1/search": ("text",),
    "/api/similar_tracks": ("item_id",),
    "/api/find_path": ("start_song_id", "end_song_id"),
    "/api/similar_artists": ("artist",),
    "/api/search_tracks": ("search_query",),
    "/v1/recommendations": ("seed_tracks",),
}
_ARTISTS = "/v1/artists"
_ALBUMS = "/v1/albums"

_made: WeakKeyDictionary[OpenIndex, dict[str, Any]] = WeakKeyDictionary()


def document_of(plain: Callable[[], dict[str, Any]], engine: Callable[[], Engine]) -> Callable[[], dict[str, Any]]:
    """What makes the document with examples of the generation that is served: `plain` with values instead of marks."""

    def document() -> dict[str, Any]:
        index = engine().index
        if index not in _made:
            _made[index] = with_examples(plain(), engine())
        return _made[index]

    return document


def with_examples(document: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    """The document with an example of each parameter that a request needs, and bodies that name songs of the index.

    An example for which the index has no song or mood is left out.
    """
    made = copy.deepcopy(dict(document))
    marks = dict(_marks(engine))
    values = dict(_values(engine, marks))
    for path, verbs in made["paths"].items():
        for operation in verbs.values():
            operation["responses"].pop("422", None)  # the framework's own; what is misread is answered with 400
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                wanted = parameter.get("required") or name in _TOGETHER.get(path, ())
                value = next((values[each] for each in _names(path, name) if each in values), None)
                if wanted and value is not None:
                    parameter["example"] = value
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "examples" in content:
                    content["examples"] = {
                        name: {**each, "value": value}
                        for name, each in content["examples"].items()
                        if (value := _filled(each["value"], marks)) is not None
                    }
    return made


def _names(path: str, name: str) -> tuple[str, ...]:
    """What a parameter may be called among the values: an id in Spotify's shape is of what its path is of."""
    own = next((kind for kind in (_ARTISTS, _ALBUMS) if path.startswith(kind)), "")
    return f"{own} {name}", name


def _marks(engine: Engine) -> Iterator[tuple[str, str]]:
    yield from zip((SONG, OTHER), (name for _, name in _songs(engine)), strict=False)
    moods = engine.index.songs.moods.names
    if len(moods) > 1:
        yield MOOD, "sad" if "sad" in moods else moods[0]
        yield OTHER_MOOD, "happy" if "happy" in moods else moods[-1]


def _songs(engine: Engine) -> Iterator[tuple[int, str]]:
    """The best known songs, by title and artist where that names them, else by their ids."""
    index = engine.index
    songs = index.songs
    for row in index.by_popularity[:LOOKED_THROUGH].tolist():
        name = f"{songs.titles[row]}, {songs.artists[row]}"
        try:
            meant = engine.named(name).song_id == songs.song_ids[row]
        except RefrainError:
            meant = False
        yield row, name if meant else songs.song_ids[row]


def _values(engine: Engine, marks: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Parameter -> its value in examples."""
    yield from {"text": WORDS, "name": RECIPE, "client": CLIENT, "place": 0, "type": "track"}.items()
    if SONG not in marks:
        return
    index = engine.index
    one = engine.named(marks[SONG]).song_id
    two = engine.named(marks.get(OTHER, marks[SONG])).song_id
    row = index.songs.row_of(one) or 0
    yield from {
        "song": marks[SONG], "a": marks[SONG], "b": marks.get(OTHER, marks[SONG]), "song_id": one,
        "item_id": public_song_id(one), "start_song_id": public_song_id(one), "end_song_id": public_song_id(two),
        "artist": index.songs.artists[row], "q": index.songs.titles[row], "search_query": index.songs.titles[row],
    }.items()  # fmt: skip
    tables = tables_of(index)
    shapes = Shapes(index, tables, "")
    rows = [row, *index.by_popularity[:LOOKED_THROUGH].tolist()]
    track = tables.tracks.id_of(next((each for each in rows if shapes.features(each) is not None), row))
    yield from {"id": track, "ids": track, "seed_tracks": track}.items()
    if codes := index.songs.column("artist_key").codes_of(row):
        artist = tables.artists.id_of(codes[0])
        yield from {f"{_ARTISTS} id": artist, f"{_ARTISTS} ids": artist}.items()
    album = shapes.track(row)["album"]["id"]
    yield from {f"{_ALBUMS} id": album, f"{_ALBUMS} ids": album}.items()


def _filled(value: Any, marks: Mapping[str, str]) -> Any:
    """A value with the names in the place of its marks; None where one of them has no name."""
    if isinstance(value, dict):
        filled = {name: _filled(each, marks) for name, each in value.items()}
        return None if None in filled.values() else filled
    if isinstance(value, list):
        parts = [_filled(each, marks) for each in value]
        return None if None in parts else parts
    if isinstance(value, str):
        for mark in _MARKS:
            if mark in value:
                if mark not in marks:
                    return None
                value = value.replace(mark, marks[mark])
    return value
