"""Answers: JSON as every route of ours sends it, and what the OpenAPI document says of it."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field


class Json(JSONResponse):
    """Plain values as JSON."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class _Described(BaseModel):
    model_config = ConfigDict(extra="allow")


class SongAnswer(_Described):
    """A song of an answer; null is unknown. What only hits have is missing where nothing was ranked."""

    song_id: str
    title: str
    artist: str
    artists: list[str]
    featured: list[str]
    album: str | None = None
    year: int | None = None
    duration_ms: int | None = Field(None, description="Milliseconds.")
    tempo: float | None = Field(None, description="Beats per minute.")
    key: int | None = Field(None, ge=0, le=11, description="Pitch class, 0 is C.")
    mode: int | None = Field(None, ge=0, le=1, description="1 major, 0 minor.")
    energy: float | None = Field(None, ge=0, le=1)
    spotify_id: str | None = None
    rank: int | None = Field(None, ge=1)
    score: float | None = Field(None, description="Higher is better; comparable inside one answer only.")
    signals: dict[str, float] | None = Field(None, description="Signal -> contribution; together they are the score.")
    reason: str | None = Field(None, description="One short sentence.")
    line: str | None = Field(None, description="The lyric line that fits the words of the request best.")


class SongsAnswer(_Described):
    """Songs in their order; what was relaxed to find them; what their names were taken for; the request."""

    songs: list[SongAnswer]
    relaxed: list[str]
    notes: list[str]
    query: dict[str, Any]
    name: str | None = Field(None, description="Of a playlist.")
    total: int | None = Field(None, description="Of a page of songs: how many meet the filters.")


class ErrorBody(_Described):
    status: int
    message: str
    field: str | None = None
    found: str | None = None
    expected: str | None = None
    nearest: list[str] | None = Field(None, description="song_ids or names that are most like it.")
    candidates: list[str] | None = Field(None, description="song_ids of the songs that have this name.")


class ErrorAnswer(_Described):
    """What was found, what was expected, what to do next."""

    error: ErrorBody


def songs_answer() -> dict[int | str, dict[str, Any]]:
    """What the document says of an answer of songs."""
    return {200: {"model": SongsAnswer, "description": "Songs in their order."}}


_MEANING = {
    400: "A value that the request cannot hold, or nothing to search with.",
    401: "No token, or another one.",
    404: "No song or artist has this name or id.",
    409: "Several songs have this name.",
    503: "The index cannot be read, or the answer takes too long.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the document says of errors."""
    return {status: {"model": ErrorAnswer, "description": _MEANING[status]} for status in (*statuses, 401, 503)}


# What stands in braces is a mark for a song or a mood of the index that is served: see engine.service.examples.
_EXAMPLES: dict[str, dict[str, dict[str, Any]]] = {
    "songs": {
        "Ballads of the nineties": {"filters": {"year": "1990..1999", "tempo": "..90"}, "sort": "popularity"},
    },
    "recommend": {
        "Beside two songs, livelier": {
            "seeds": ["{other song}", "{song}"],
            "target": {"energy": 0.8},
            "filters": {"year": "1980.."},
            "k": 20,
        },
        "For a scene": {"text": "driving home through the rain", "k": 10},
    },
    "search": {
        "A line word for word": {"text": '"the rain"'},
        "A meaning": {"text": "a couple who split up", "k": 5},
    },
    "playlist": {
        "An hour that rises": {"seeds": ["{song}"], "duration_total_ms": 3_600_000, "arc": "rise"},
        "From one mood to another": {"from_mood": "{mood}", "to_mood": "{other mood}", "length": 20},
    },
    "path": {"In ten steps": {"start": "{song}", "end": "{other song}", "length": 10}},
    "explain": {"Two songs": {"a": "{song}", "b": "{other song}"}},
    "recipe": {
        "Quiet evenings": {"kind": "playlist", "text": "quiet evening", "filters": {"energy": "..0.4"}, "length": 20},
    },
    "radio": {
        "From a song": {"client": "kitchen", "request": {"seeds": ["{song}"], "k": 10}},
        "Like what was last played": {"client": "kitchen", "hours": 24},
    },
    "plays": {"What a player played": {"client": "kitchen", "songs": ["{song}"]}},
    "answer": {"A search": {"kind": "search", "text": "rain", "k": 3}},
}


def example(kind: str) -> dict[str, Any]:
    """Examples of bodies for the document, with marks for songs."""
    return {name: {"value": value} for name, value in _EXAMPLES[kind].items()}
