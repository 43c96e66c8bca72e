"""Errors as answers: the status that each error of the world has, and what an answer says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response
from fastapi.exceptions import RequestValidationError

from engine.fields import MOST_NAME, expected_of
from engine.plain import shown
from indexer.errors import (
    AmbiguousSongError,
    ArtistNotFoundError,
    CatalogueError,
    EmptyQueryError,
    EncoderError,
    IndexMissingError,
    RecipeNotFoundError,
    RefrainError,
    RequestError,
    SessionsError,
    SongNotFoundError,
)

# What makes an answer of an error in another API's form: of its body, as `error_dict` has it, and HTTP headers.
Shape = Callable[[Mapping[str, Any], Mapping[str, str]], Response]

_STATUS: dict[type[RefrainError], int] = {
    RequestError: 400,
    EmptyQueryError: 400,
    SongNotFoundError: 404,
    ArtistNotFoundError: 404,
    RecipeNotFoundError: 404,
    AmbiguousSongError: 409,
    IndexMissingError: 503,
}
_UNREADABLE: dict[type[RefrainError], str] = {
    CatalogueError: "the catalogue",
    EncoderError: "the text encoder",
}


def status_of(error: RefrainError) -> int:
    """The HTTP status that an error has; 503 for what is wrong with this machine and not with the request."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 503)


def error_dict(error: RefrainError) -> dict[str, Any]:
    """An error as JSON has it: status, message, and what a program needs to go on."""
    details = {
        name: list(value) if isinstance(value, tuple) else value
        for name in ("field", "found", "expected", "nearest", "candidates")
        if (value := getattr(error, name, None))
    }
    status = status_of(error)
    message = str(error)
    if status >= 500 and not isinstance(error, SessionsError):
        # What is wrong with the machine names its folders, which are nobody's business outside.
        what = next((name for kind, name in _UNREADABLE.items() if isinstance(error, kind)), "the index")
        message = f"{what} cannot be read; its owner finds the reason in the log"
    return {"error": {"status": status, "message": message, **details}}


def misread(error: RequestValidationError, content_type: str) -> RequestError:
    """What a parameter or a body is that is not what the document says.

    content_type   the header, "" where there is none
    """
    first = error.errors()[0]
    where, *place = first["loc"]
    if first["type"] == "json_invalid":
        found = f"no JSON ({first['ctx']['error']}, at character {place[-1]})"
        return RequestError(field="body", found=found, expected=expected_of({"type": "dict_type"}))
    if where == "body" and not place and isinstance(first["input"], bytes):  # it was not read as JSON
        found = shown(content_type) if content_type else "missing"
        return RequestError(field="Content-Type", found=found, expected="application/json")
    field = ".".join(str(part) for part in place)[:MOST_NAME] or str(where)
    field = field.encode("utf-8", "replace").decode()  # a name in a body may hold half a character
    found = "missing" if first["type"] == "missing" else shown(first["input"])
    expected = expected_of(first if place else {"type": "dict_type"})
    return RequestError(field=field, found=found, expected=expected)
