"""Plain values: what this program holds as JSON has it, and as a message repeats it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.records import Song


SHOWN = 60  # characters of a wrong value that a message repeats


def shown(value: Any) -> str:
    """A value as Python writes it, cut where it is long.

    >>> shown("a" * 1000)[-9:], shown(7)
    ("aaaaa'...", '7')
    """
    if isinstance(value, str) and len(value) > SHOWN:
        return repr(value[:SHOWN]) + "..."
    text = repr(value)
    return text if len(text) <= SHOWN + 2 else text[:SHOWN] + "..."


def json_text(value: object) -> str:
    """One JSON document (RFC 8259) and a line end: dataclasses are objects, NaN and the infinite are null: unknown."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def plain(value: Any) -> Any:
    """The value as dicts, lists, strings, finite numbers, booleans and None.

    >>> plain({1: (0.5, math.nan)})
    {'1': [0.5, None]}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case PathLike():
            return fspath(value)
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _ if hasattr(value, "tolist"):  # an array, or a number of numpy
            return plain(value.tolist())
        case Iterable():
            return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def answer_dict(
    songs: Iterable[Mapping[str, Any]], query: Mapping[str, Any], relaxed: Sequence[str] = (), **more: object
) -> dict[str, Any]:
    """What every answer that is a list of songs looks like; `query` is the request that it answers."""
    return {"songs": list(songs), "relaxed": list(relaxed), "query": dict(query), **more}


def song_dict(song: Song, *, lyrics: bool = False) -> dict[str, Any]:
    """A song of the catalogue; its lyrics, which may belong to somebody, only when they are wanted."""
    record: dict[str, Any] = plain(song)
    words = record.pop("lyrics")
    record["has_lyrics"] = words is not None
    return record | {"lyrics": words} if lyrics else record
