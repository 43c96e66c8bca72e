"""Plain values: what this program holds as JSON has it, and as a message repeats it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from indexer.records import AUDIO_NAMES

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


def json_line_text(value: object) -> str:
    """As `json_text`, on one line.

    >>> json_line_text({"songs": (1, math.nan)})
    '{"songs": [1, null]}\\n'
    """
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False) + "\n"


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
    songs: Iterable[Mapping[str, Any]],
    query: Mapping[str, Any],
    relaxed: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """What every answer that is a list of songs looks like; `query` is the request that it answers."""
    return {"songs": list(songs), "relaxed": list(relaxed), "notes": list(notes), "query": dict(query)}


def song_dict(song: Song, *, lyrics: bool = False) -> dict[str, Any]:
    """A song of the catalogue, what it shares with a hit under the same names and in the same units.

    lyrics   whether they are in it: they may belong to somebody
    """
    record: dict[str, Any] = plain(song)
    words, audio = record.pop("lyrics"), record.pop("audio") or {}
    record |= {name: audio.get(name) for name in AUDIO_NAMES} | {"has_lyrics": words is not None}
    record |= {"key": key_number(record["key"]), "mode": mode_number(record["mode"])}
    record["duration_ms"] = None if record["duration_ms"] is None else round(record["duration_ms"])
    return record | {"lyrics": words} if lyrics else record


def key_number(key: float | None) -> int | None:
    """A pitch class as an integer; None where it is unknown, or the mean of several songs' keys and so none.

    >>> key_number(7.0), key_number(5.5), key_number(None)
    (7, None, None)
    """
    return None if key is None or key != round(key) else int(key)


def mode_number(mode: float | None) -> int | None:
    """1 major or 0 minor; a mean of several releases of a song is what most of them say, 0.5 being major.

    >>> mode_number(1.0), mode_number(0.3), mode_number(None)
    (1, 0, None)
    """
    return None if mode is None else int(mode >= 0.5)
