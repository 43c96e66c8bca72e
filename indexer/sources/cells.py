"""Cells: one value of a file as text, and the words that say that nothing is known."""

from __future__ import annotations

import ast
import html
import json
import math
import re
from collections.abc import Mapping, Sequence

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What programs write where they know nothing: R, pandas, Python, SQL, spreadsheets, JavaScript, SQL dumps.
_UNKNOWN = frozenset(
    {"", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "nat", "null", "(null)", "none", "nil", "\\n", "-", "--", "?",
     "undefined", "unknown", "<unknown>", "not available", "#ref!", "#value!", "#name?", "#div/0!", "set()"}
)  # fmt: skip
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{4,8});")
_ENTITIES_DEEP = 3  # "&amp;amp;": a page that was written by several programs
_NAME_KEYS = ("name", "#text", "title")  # of an object that stands for an artist or an album
_LONGEST_LIST = 20_000  # characters of a cell that is read as a list or an object


def unknown(text: str) -> bool:
    """Whether a cell says that nothing is known. Names and tags are excepted: a song may be called "None".

    >>> unknown(" NaN "), unknown("Nana")
    (True, False)
    """
    return text.strip().casefold() in _UNKNOWN


def empty(value: object) -> bool:
    """Whether a cell holds nothing: no value, NaN, an empty text, list or object, or a word for "unknown"."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return True
    if isinstance(value, str):
        return unknown(value)
    return isinstance(value, list | tuple | dict) and not value


def plain(value: object) -> str:
    """A text as one line without control characters; None and NaN are "".

    >>> plain(" Salt\\x00  Road\\n")
    'Salt Road'
    """
    if isinstance(value, str):
        text = value if value.isprintable() else CONTROL.sub("", value)
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    elif isinstance(value, bytes):  # parquet without the note that a column is text
        text = CONTROL.sub("", value.decode("utf-8", "replace"))
    else:
        text = CONTROL.sub("", str(value))
    return " ".join(text.split())


def without_entities(value: object) -> object:
    """A text, or the texts of a list, with the signs that HTML writes as "&amp;" or "&#39;"; others as they are.

    >>> without_entities("Tom &amp;amp; Jo&#39;s"), without_entities("A&B;C"), without_entities(["R&amp;B"])
    ("Tom & Jo's", 'A&B;C', ['R&B'])
    """
    if isinstance(value, list):
        return [without_entities(each) for each in value]
    if not isinstance(value, str) or "&" not in value:
        return value
    for _ in range(_ENTITIES_DEEP):
        value = _ENTITY.sub(lambda found: html.unescape(found[0]), value)
    return value


def identifier(value: object) -> str:
    """An id as text; numbers that a table stored as floats lose their ".0".

    >>> identifier(213754.0), identifier(" a|b ")
    ('213754', 'a|b')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = plain(value)
    return "" if unknown(text) else text


def texts(value: object, separators: str) -> list[str]:
    """The parts of a cell that holds several texts: a list, "['a', 'b']", objects with names, "a|b".

    >>> texts("['a', 'b']", "|"), texts("edm|pop", "|"), texts(["x"], "|"), texts([{"name": "Ada"}], "|")
    (['a', 'b'], ['edm', 'pop'], ['x'], ['Ada'])
    """
    if value is None or (isinstance(value, str) and unknown(value)):
        return []
    value = structure(value)
    if isinstance(value, Mapping):
        value = [value]
    parts: Sequence[object] = (
        [_name(each) for each in value]
        if isinstance(value, list | tuple)
        else re.split(f"[{separators}]", plain(value))
        if separators
        else [value]
    )
    return [text for text in map(plain, parts) if text]


def is_structure(value: object) -> bool:
    """Whether a cell is a list or an object, or a text that a program wrote of one."""
    return isinstance(value, list | tuple | Mapping) or structure(value) is not value


def structure(value: object) -> object:
    """The list or object that a text stands for, as pandas and Python write them into CSV; anything else as it is.

    >>> structure("['Ada', 'Bo']"), structure("{}"), structure("[untitled]")
    (['Ada', 'Bo'], {}, '[untitled]')
    """
    if not isinstance(value, str) or not _looks_structured(value):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return value
    if isinstance(found, set):  # Genius writes {"A", "B"}
        return sorted(map(plain, found))
    return found if isinstance(found, list | dict) else value


def _looks_structured(text: str) -> bool:
    if len(text) > _LONGEST_LIST or len(text) < 2:
        return False
    text = text.strip()
    return (text[0] == "[" and text[-1] == "]" and text[1:2] in ("'", '"', "{", "]")) or (
        text[0] == "{" and text[-1] == "}" and text[1:2] in ("'", '"', "}")
    )


def _name(value: object) -> object:
    """What an object is called: of {"name": "Ada", "id": 7} "Ada"."""
    if isinstance(value, Mapping):
        return next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), "")
    return value
