"""Validation: the values of a song checked, a sentence for each that is left out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache

from indexer.records import AUDIO_RANGES, known_features
from indexer.sources.cells import CONTROL, is_structure, plain, texts, unknown
from indexer.sources.units import decimal, key_and_mode, mode_of, year_of
from indexer.text.artists import Artists, read_artists
from indexer.text.clean import MAX_LYRIC_CHARACTERS
from indexer.text.languages import language_code
from indexer.text.no_lyrics import no_lyrics

YEARS = (1860, 2100)  # the first recordings (Scott de Martinville's phonautograms) to the end of any plan
MAX_ID = 255  # characters; PostgreSQL indexes at most 2,704 bytes a row and two ids share some rows
MAX_TAG = 100  # characters
MAX_COUNT = 2**31 - 1  # followers, positions, tag counts: what an integer column of any database holds
MAX_NAME = 1_000  # characters of a title, artist, album or playlist name

_NO_LYRICS = {
    "unavailable": "a note that there are no lyrics yet", "article": "an article", "track list": "a list of tracks",
    "script": "a script", "book": "a chapter of a book",
}  # fmt: skip
_NOBODY = frozenset({"<unknown>", "[unknown]", "unknown artist", "[unknown artist]", "<unknown artist>", "n/a"})
_NO_GENRE = frozenset({"misc", "other", "unknown"})
_YES = {
    **dict.fromkeys(("true", "1", "1.0", "yes", "y", "t", "explicit", "oui", "si", "sí", "ja", "vero", "wahr"), True),
    **dict.fromkeys(("false", "0", "0.0", "no", "n", "f", "clean", "cleaned", "notexplicit", "not explicit"), False),
    **dict.fromkeys(("non", "nein", "nee", "falso", "falsch"), False),
}
_ZERO = 0.0  # added, it makes 0.0 of -0.0: SQLite forgets the sign, and what is read must equal what was written
_ARTISTS_IN_MEMORY = 65_536  # texts that need not be taken apart again
_GUESTS = re.compile(r"feat|ft|[fw]/|with|con |avec|mit |duet", re.IGNORECASE)  # in a title that may name guests
_SPELLINGS = {"r-b": "r&b", "rnb": "r&b", "rb": "r&b"}


def bad_id(name: str, value: str) -> str:
    """Why an id is none.

    >>> bad_id("playlist_id", "")
    'no playlist_id'
    """
    return f"{name} has {len(value):,} characters, expected at most {MAX_ID}" if value else f"no {name}"


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
        facts |= _artists(get("artist"), str(facts["artist"]), str(facts.get("title", "")), get("featured"))
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
    if "key" in cells or "mode" in cells or "camelot" in values:
        _read_key(cells, get("camelot"))
    if cells:
        features, audio_problems = known_features(cells)
        problems.extend(audio_problems)
        facts.update((name, value + _ZERO) for name, value in features.items())
    return facts


def _artists(cell: object, name: str, title: str, guests: object) -> Mapping[str, tuple[str, ...]]:
    """Artists and guests one by one, as far as they can be told apart and are not what `name` says.

    guests   a cell of their own
    """
    if isinstance(cell, str):
        facts = _artists_of_text(cell, name, title if _GUESTS.search(title) else "")
    else:
        facts = _listed(read_artists(cell, title), name)
    if guests is None:
        return facts
    main = facts.get("artists") or (name,)
    featured = dict.fromkeys(each for each in (*facts.get("featured", ()), *texts(guests, ";|,")) if each not in main)
    return {"artists": main, "featured": tuple(featured)} if featured else facts


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
        # a list of artists as one text; of a text nothing is taken apart, for "Earth, Wind & Fire" is one
        named = isinstance(cell, str) and cell[:1] not in ("[", "{", " ")  # as nearly all are: asked first
        text = plain(cell) if named or not is_structure(cell) else ", ".join(texts(cell, ""))
        if len(text) > MAX_NAME:
            problems.append(f"{name} has {len(text):,} characters, cut to {MAX_NAME:,}")
        if text:
            names[name] = text[:MAX_NAME]
    if names.get("artist", "").casefold() in _NOBODY:  # players and rippers write it; no band is called so
        del names["artist"]
    return {} if all(map(unknown, names.values())) else names


def _year(cell: object, problems: list[str]) -> int | None:
    text = plain(cell)
    if unknown(text) or decimal(text) == 0:  # the Million Song Dataset's and Spotify's "unknown"
        return None
    if (year := year_of(text)) is not None:
        return year
    found = number(text, "year", *YEARS, problems)
    return None if found is None else int(found)


def _decade(cell: object, problems: list[str]) -> int | None:
    found = number(plain(cell).removesuffix("s"), "decade", *YEARS, problems)
    return None if found is None else int(found) // 10 * 10


def _lyrics(cell: object, problems: list[str]) -> str:
    if not isinstance(cell, str):
        return ""
    text = CONTROL.sub("", cell)
    if (kind := no_lyrics(text)) is not None:
        if kind not in ("unknown", "instrumental"):
            problems.append(f"lyrics is {_NO_LYRICS[kind]}, expected sung lines; left out")
        return ""
    if len(text) > MAX_LYRIC_CHARACTERS:
        problems.append(f"lyrics has {len(text):,} characters, cut to {MAX_LYRIC_CHARACTERS:,}")
        text = text[:MAX_LYRIC_CHARACTERS]
    return text


def _read_key(cells: dict[str, object], camelot: object) -> None:
    """Replace key and mode in letters or words by numbers; a key such as "C#m" says the mode where no cell does."""
    mode = mode_of(text) if isinstance(text := cells.get("mode"), str) else None
    if mode is not None:
        cells["mode"] = mode
    for cell in (cells.get("key"), camelot):
        text = plain(cell)
        if not isinstance(cell, str) or decimal(text) is not None:
            continue
        pitch, of_key = key_and_mode(text)
        if pitch is not None and (cell is cells.get("key") or not isinstance(cells.get("key"), int | float)):
            cells["key"] = pitch
        if of_key is not None and cells.get("mode") in (None, ""):
            cells["mode"] = of_key


def _cell(value: object) -> object:
    if isinstance(value, str):
        return None if unknown(value) else plain(value)
    if isinstance(value, int) and abs(value) > 1e300:  # JSON knows integers that no float holds
        return math.inf
    return value
