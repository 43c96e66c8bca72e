"""JSON shapes: what keys an answer has and of what kind their values are, written as a value of types."""

from __future__ import annotations

from typing import Any

from indexer.records import AUDIO_NAMES

NUMBER = (int, float)
TEXT_OR_NULL, NUMBER_OR_NULL, INT_OR_NULL, BOOL_OR_NULL = (
    (str, type(None)), (*NUMBER, type(None)), (int, type(None)), (bool, type(None)),
)  # fmt: skip


class Each:
    """A mapping whose keys vary and whose values have one shape."""

    def __init__(self, shape: Any, least: int = 0) -> None:
        self.shape, self.least = shape, least


def misfits(value: Any, shape: Any, at: str = "answer") -> list[str]:
    """Where the value differs from the shape: a dict is whole, a list of one shape holds any number of it."""
    match shape:
        case dict():
            if not isinstance(value, dict) or value.keys() != shape.keys():
                return [f"{at} has {sorted(value) if isinstance(value, dict) else value!r}, expected {sorted(shape)}"]
            return [line for name in shape for line in misfits(value[name], shape[name], f"{at}.{name}")]
        case Each():
            if not isinstance(value, dict) or len(value) < shape.least:
                return [f"{at} is {value!r}, expected an object of {shape.least} or more"]
            bad = [f"{at} has the key {name!r}" for name in value if not name.replace("_", "").isalnum()]
            return bad + [line for name in value for line in misfits(value[name], shape.shape, f"{at}.{name}")]
        case [inner]:
            if not isinstance(value, list):
                return [f"{at} is {value!r}, expected a list"]
            return [line for i, each in enumerate(value) for line in misfits(each, inner, f"{at}[{i}]")]
        case _:
            kinds = shape if isinstance(shape, tuple) else (shape,)
            fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
            return [] if fits else [f"{at} is {value!r}, expected {shape}"]


SONG = {
    "song_id": str, "title": str, "artist": str, "album": TEXT_OR_NULL, "year": INT_OR_NULL, "decade": INT_OR_NULL,
    "language": TEXT_OR_NULL, "genres": [str], "explicit": BOOL_OR_NULL, "popularity": NUMBER_OR_NULL,
    "spotify_id": TEXT_OR_NULL, **dict.fromkeys(AUDIO_NAMES, NUMBER_OR_NULL), "tags": [str], "has_lyrics": bool,
    "artists": [str], "featured": [str], "audio_origin": TEXT_OR_NULL,
}  # fmt: skip
HIT = {
    "song_id": str, "title": str, "artist": str, "artists": [str], "featured": [str], "score": NUMBER,
    "rank": int, "signals": Each(NUMBER),
    "reason": str, "line": TEXT_OR_NULL, "album": TEXT_OR_NULL, "duration_ms": NUMBER_OR_NULL, "year": INT_OR_NULL,
    "tempo": NUMBER_OR_NULL, "key": NUMBER_OR_NULL, "mode": NUMBER_OR_NULL, "energy": NUMBER_OR_NULL,
    "spotify_id": TEXT_OR_NULL,
}  # fmt: skip


RECORD = {**SONG, "playlists": int, "keywords": [str], "moods": [{"name": str, "above": NUMBER}], "notes": [str]}


def answer(song: Any, **more: Any) -> dict[str, Any]:
    """Every list of songs."""
    return {"songs": [song], "relaxed": [str], "notes": [str], "query": dict, **more}
