"""Cells: texts cleaned, values checked, a sentence for each that is left out."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from indexer.records import AUDIO_RANGES, known_features
from indexer.text.artists import Artists, list_of_names, read_artists
from indexer.text.clean import MAX_LYRIC_CHARACTERS
from indexer.text.languages import language_code

YEARS = (1860, 2100)  # the first recordings (Scott de Martinville's phonautograms) to the end of any plan
MAX_ID = 255  # characters; PostgreSQL indexes at most 2,704 bytes a row and two ids share some rows
MAX_TAG = 100  # characters
MAX_COUNT = 2**31 - 1  # followers, positions, tag counts: what an integer column of any database holds
MAX_NAME = 1_000  # characters of a title, artist, album or playlist name

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What programs write where they know nothing: R, pandas, Python, SQL, spreadsheets.
_UNKNOWN = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "-", "--", "?"})
_NO_LYRICS = frozenset({"instrumental", "unknown", "no lyrics", "lyrics not available", "lyrics not found"})
_NO_GENRE = frozenset({"misc", "other", "unknown"})
_YES = {"true": True, "1": True, "1.0": True, "yes": True, "false": False, "0": False, "0.0": False, "no": False}
_DATE = re.compile(r"(\d{4})-\d\d(-\d\d.*)?")
_SPOTIFY = re.compile(r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/)?([0-9A-Za-z]{22})(?:\?.*)?")
_LONGEST_UNKNOWN = 100  # characters of a cell that only says that there are no lyrics
_ZERO = 0.0  # added, it makes 0.0 of -0.0: SQLite forgets the sign, and what is read must equal what was written
_NEVER = "\\x00"  # a separator that no cleaned text holds
_ARTISTS_IN_MEMORY = 65_536  # texts that need not be taken apart again
_GUESTS = re.compile(r"feat|ft|[fw]/|with|con |avec|mit |duet", re.IGNORECASE)  # in a title that may name guests
_LIST_BEGINS = ("'", '"', "]", "{")
_SPELLINGS = {"r-b": "r&b", "rnb": "r&b", "rb": "r&b"}


def unknown(text: str) -> bool:
    """Whether a cell says that nothing is known. Names and tags are excepted: a song may be called "None".

    >>> unknown(" NaN "), unknown("Nana")
    (True, False)
    """
    return text.strip().casefold() in _UNKNOWN


def plain(value: object) -> str:
    """A text as one line without control characters; None and NaN are "".

    >>> plain(" Salt\\x00  Road\\n")
    'Salt Road'
    """
    if isinstance(value, str):
        text = value if value.isprintable() else _CONTROL.sub("", value)
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    elif isinstance(value, bytes):  # parquet without the note that a column is text
        text = _CONTROL.sub("", value.decode("utf-8", "replace"))
    else:
        text = _CONTROL.sub("", str(value))
    return " ".join(text.split())


def identifier(value: object) -> str:
    """An id as text; numbers that a table stored as floats lose their ".0".

    >>> identifier(213754.0), identifier(" a|b ")
    ('213754', 'a|b')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = plain(value)
    return "" if unknown(text) else text


def bad_id(name: str, value: str) -> str:
    """Why an id is none.

    >>> bad_id("playlist_id", "")
    'no playlist_id'
    """
    return f"{name} has {len(value):,} characters, expected at most {MAX_ID}" if value else f"no {name}"


def spotify_track(value: object) -> str:
    """The track id in a Spotify id, URI or link; "" where there is none.

    >>> spotify_track("spotify:track:0000000000000000000000")
    '0000000000000000000000'
    """
    found = _SPOTIFY.fullmatch(plain(value)) if value else None
    return found.group(1) if found else ""


def number(value: object, name: str, low: float, high: float, problems: list[str]) -> float | None:
    """A number in low..high; None for what is unknown or, with a sentence added to `problems`, for what is wrong."""
    if value is None or (isinstance(value, str) and unknown(value)):
        return None
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        problems.append(f"{name} is {plain(value)[:40]!r}, expected a number")
        return None
    if math.isnan(found):
        return None
    if not low <= found <= high:
        problems.append(f"{name} is {found:.6g}, expected {low:g}..{high:g}")
        return None
    return found + _ZERO


def texts(value: object, separators: str) -> list[str]:
    """The parts of a cell that holds several texts: a list, "['a', 'b']" or "a|b".

    >>> texts("['a', 'b']", "|"), texts("edm|pop", "|"), texts(["x"], "|")
    (['a', 'b'], ['edm', 'pop'], ['x'])
    """
    if value is None or (isinstance(value, str) and unknown(value)):
        return []
    if isinstance(value, str) and _is_list(value):
        try:
            value = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return [plain(value)]
    parts: Sequence[object] = value if isinstance(value, list | tuple) else re.split(f"[{separators}]", plain(value))
    return [text for text in map(plain, parts) if text]


def genre_names(*cells: object) -> tuple[str, ...]:
    """Genres in lower case, broad ones first, each once.

    >>> genre_names("edm|r-b", "Pop EDM|edm")
    ('edm', 'r&b', 'pop edm')
    """
    names = (name.lower()[:100] for cell in cells for name in texts(cell, "|;,"))
    return tuple(
        dict.fromkeys(_SPELLINGS.get(name, name) for name in names if not unknown(name) and name not in _NO_GENRE)
    )


def song_facts(values: Mapping[str, object], problems: list[str]) -> dict[str, object]:
    """What `values` (fields of Song, genre, subgenre, audio features by name) says about a song, checked.

    Every value that cannot be kept adds one sentence to `problems`; what is unknown has no key. Words for "unknown" are
    names where another name stands beside them ("None" by The Cats): where all names are such words, there is no name.
    Several artists in one cell stay one text as "artist", "Ada, Bo" or "Ada;Bo"; those that can be told apart are
    beside it as "artists" and "featured".
    """
    facts: dict[str, object] = dict(_names(values, problems))
    get = values.get
    if "artist" in facts:
        facts |= _artists(get("artist"), str(facts["artist"]), str(facts.get("title", "")))
    if (year := get("year")) is not None and (checked := _year(year, problems)) is not None:
        facts["year"] = checked
    if (decade := get("decade")) is not None and (checked := _decade(decade, problems)) is not None:
        facts["decade"] = checked
    if (popularity := number(get("popularity"), "popularity", 0, 100, problems)) is not None:
        facts["popularity"] = popularity
    if (cell := get("language")) is not None and not unknown(language := plain(cell)):
        code = language_code(language)
        if code:
            facts["language"] = code
        elif code is None:
            problems.append(f"language is {language[:40]!r}, expected a code such as 'en' or a name such as 'English'")
    if (cell := get("explicit")) is not None and not unknown(explicit := plain(cell).lower()):
        if explicit in _YES:
            facts["explicit"] = _YES[explicit]
        else:
            problems.append(f"explicit is {explicit[:40]!r}, expected true or false")
    if ("genre" in values or "subgenre" in values) and (genres := genre_names(get("genre"), get("subgenre"))):
        facts["genres"] = genres
    if (cell := get("lyrics")) is not None and (lyrics := _lyrics(cell, problems)):
        facts["lyrics"] = lyrics
    cells = {name: _cell(values[name]) for name in values if name in AUDIO_RANGES and values[name] is not None}
    if cells:
        features, audio_problems = known_features(cells)
        problems.extend(audio_problems)
        facts.update((name, value + _ZERO) for name, value in features.items())
    return facts


def _artists(cell: object, name: str, title: str) -> Mapping[str, tuple[str, ...]]:
    """Artists and guests one by one, as far as they can be told apart and are not what `name` says."""
    if isinstance(cell, str):
        return _artists_of_text(cell, name, title if _GUESTS.search(title) else "")
    return _listed(read_artists(cell, title), name)


@lru_cache(_ARTISTS_IN_MEMORY)
def _artists_of_text(cell: str, name: str, title: str) -> Mapping[str, tuple[str, ...]]:
    return _listed(read_artists(cell, title), name)


def _listed(artists: Artists, name: str) -> Mapping[str, tuple[str, ...]]:
    facts = {}
    if artists.main and (artists.listed or artists.featured or artists.main != (name,)):
        facts["artists"] = artists.main
    if artists.featured:
        facts["featured"] = artists.featured
    return facts


def _names(values: Mapping[str, object], problems: list[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for name in ("title", "artist", "album"):
        cell = values.get(name)
        if cell is None:
            continue
        text = _list_as_text(name, cell) if isinstance(cell, (list, tuple)) or _is_list(cell) else plain(cell)
        if len(text) > MAX_NAME:
            problems.append(f"{name} has {len(text):,} characters, cut to {MAX_NAME:,}")
        if text:
            names[name] = text[:MAX_NAME]
    return {} if all(map(unknown, names.values())) else names


def _list_as_text(name: str, cell: object) -> str:
    names = list_of_names(cell) if name == "artist" else texts(cell, _NEVER)
    return plain(cell) if names is None else ", ".join(names)


def _is_list(cell: object) -> bool:
    return isinstance(cell, str) and cell[:1] == "[" and cell.endswith("]") and cell[1:2] in _LIST_BEGINS


def _year(cell: object, problems: list[str]) -> int | None:
    text = plain(cell)
    if date := _DATE.fullmatch(text):
        text = date.group(1)
    if text in {"0", "0.0", "0000"}:  # the Million Song Dataset's and Spotify's "unknown"
        return None
    found = number(text, "year", *YEARS, problems)
    return None if found is None else int(found)


def _decade(cell: object, problems: list[str]) -> int | None:
    found = number(plain(cell).removesuffix("s"), "decade", *YEARS, problems)
    return None if found is None else int(found) // 10 * 10


def _lyrics(cell: object, problems: list[str]) -> str:
    if not isinstance(cell, str):
        return ""
    text = _CONTROL.sub("", cell)
    bare = " ".join(text.split()).strip("[]().!* ").casefold() if len(text) <= _LONGEST_UNKNOWN else text
    if unknown(bare) or bare in _NO_LYRICS:
        return ""
    if len(text) > MAX_LYRIC_CHARACTERS:
        problems.append(f"lyrics has {len(text):,} characters, cut to {MAX_LYRIC_CHARACTERS:,}")
        text = text[:MAX_LYRIC_CHARACTERS]
    return text


def _cell(value: object) -> object:
    if isinstance(value, str):
        return None if unknown(value) else plain(value)
    if isinstance(value, int) and abs(value) > 1e300:  # JSON knows integers that no float holds
        return math.inf
    return value
