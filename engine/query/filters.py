"""Filters: conditions that every song of an answer must meet, exactly; and the targets that only pull."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from indexer.errors import FilterError
from indexer.models.moods.columns import MoodColumns
from indexer.models.moods.vocabulary import VOCABULARY, mood_of
from indexer.records import AUDIO_NAMES, AUDIO_RANGES
from indexer.songs.table import Songs
from indexer.text.names import artist_key, fold

Mask = npt.NDArray[np.bool_]

HAVE = ("lyrics", "audio")
WORDS = ("genre", "not_genre", "language", "artist", "not_artist", "album", "tag", "not_tag", "mood", "not_mood")
RANGES = ("year", "popularity", *AUDIO_NAMES)
_RANGE = re.compile(r"\s*(-?[\d.]+(?<!\.))?\s*\.\.\s*(-?\d[\d.]*)?\s*\Z")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a song must be to appear. Several words of one kind are alternatives; different kinds must all hold.

    A song of which a condition's value is unknown does not meet it (nor does it meet `explicit="no"`).

    genre, language, artist, album, tag, mood   one of these; not_genre, not_artist, not_tag, not_mood   none of these
                a song has a mood if it is among as many songs, the likeliest, as listeners call so
    ranges      inclusive (low, high) by name: year, popularity and the 12 audio features
    explicit    True, False or None (both)
    has         "lyrics", "audio": only songs that have them
    """

    genre: tuple[str, ...] = ()
    not_genre: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    artist: tuple[str, ...] = ()
    not_artist: tuple[str, ...] = ()
    album: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    not_tag: tuple[str, ...] = ()
    mood: tuple[str, ...] = ()
    not_mood: tuple[str, ...] = ()
    ranges: tuple[tuple[str, float, float], ...] = ()
    explicit: bool | None = None
    has: tuple[str, ...] = ()

    @classmethod
    def of(cls, conditions: Mapping[str, Any]) -> Self:
        """Filters from names and values, as Python or the command line gives them.

        >>> Filters.of({"year": "1990..1999", "genre": "rock", "tempo": (90, 120)})
        Filters(genre=('rock',), ..., ranges=(('year', 1990.0, 1999.0), ('tempo', 90.0, 120.0)), ...)
        >>> Filters.of({"yaer": 1990})
        Traceback (most recent call last):
        indexer.errors.FilterError: no filter is called 'yaer'; ...
        """
        values: dict[str, Any] = {}
        ranges = []
        for name, value in conditions.items():
            if value is None or value == () or value == []:
                continue
            if name in WORDS:
                values[name] = _words(name, value)
            elif name in RANGES:
                ranges.append((name, *parse_range(name, value)))
            elif name == "explicit":
                values[name] = _yes_or_no(name, value)
            elif name == "has":
                values[name] = _words(name, value)
                for word in values[name]:
                    if word not in HAVE:
                        raise FilterError(f"has is {word!r}, expected one of {', '.join(HAVE)}")
            else:
                known = (*WORDS, *RANGES, "explicit", "has")
                near = process.extractOne(name, known)
                raise FilterError(f"no filter is called {name!r}; nearest: {near[0]!r}, all: {', '.join(known)}")
        return cls(ranges=tuple(ranges), **values)

    @classmethod
    def bounded(
        cls,
        conditions: Mapping[str, Any] | None,
        minimum: Mapping[str, float] | None,
        maximum: Mapping[str, float] | None,
    ) -> Self:
        """Filters from conditions and, apart, least and greatest values of audio features."""
        both = dict(conditions or {})
        low, high = audio_values("minimum", minimum or {}), audio_values("maximum", maximum or {})
        for name in {**low, **high}:
            if name in both:
                raise FilterError(f"{name} is bounded twice, by filters and by minimum or maximum; give one of them")
            both[name] = (low.get(name), high.get(name))
        return cls.of(both)

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) not in ((), None) for f in fields(self))

    def mask(self, songs: Songs) -> Mask:
        """bool (rows,): the living songs that meet every condition.

        A genre, language, artist or tag that no song has is an error that names the nearest that some song has.
        """
        keep = np.array(songs.alive)
        for name, low, high in self.ranges:
            keep &= _in_range(songs, name, low, high)
        for name in ("genre", "language", "artist", "album", "tag"):
            if wanted := getattr(self, name):
                keep &= _has_word(songs, name, wanted)
        for name in ("genre", "artist", "tag"):
            if wanted := getattr(self, f"not_{name}"):
                keep &= ~_has_word(songs, name, wanted)
        if self.mood or self.not_mood:
            moods = learned_moods(songs)
            keep &= moods.known
            if self.mood:
                keep &= np.any([moods.has(word) for word in self.mood], axis=0)
            for word in self.not_mood:
                keep &= ~moods.has(word)
        if self.explicit is not None:
            keep &= songs.explicit == int(self.explicit)
        if "lyrics" in self.has:
            keep &= songs.has_lyrics
        if "audio" in self.has:
            keep &= songs.has_audio
        return keep


def learned_moods(songs: Songs) -> MoodColumns:
    """The moods of an index; FilterError where none were learned."""
    if not songs.moods.names:
        raise FilterError(
            "this index knows no moods: its catalogue had too few playlists or tags that say one; "
            "import some and rebuild with `refrain build`"
        )
    return songs.moods


def _in_range(songs: Songs, name: str, low: float, high: float) -> Mask:
    if name == "year":  # a decade that lies in the range holds whatever the year is
        by_year = (songs.year >= low) & (songs.year <= high)
        by_decade = (songs.year < 0) & (songs.decade >= low) & (songs.decade + 9 <= high)
        return np.asarray((by_year | by_decade) & (songs.decade >= 0))
    values = songs.popularity if name == "popularity" else songs.audio[:, AUDIO_NAMES.index(name)]
    # The bounds as the column stores them, or a bound like 0.8 would lose the songs that have exactly 0.8.
    return np.asarray((values >= np.float32(low)) & (values <= np.float32(high)))


def _has_word(songs: Songs, name: str, wanted: tuple[str, ...]) -> Mask:
    if name == "album":
        keys = {fold(word) for word in wanted}
        return _known_or_error(songs, "album_key", name, wanted, lambda term: term.partition("|")[2] in keys)
    if name == "artist":
        keys = {artist_key(word) for word in wanted}
        return _known_or_error(songs, "artist_key", name, wanted, keys.__contains__)
    words = {word.casefold() for word in wanted}
    column = "language_key" if name == "language" else name
    return _known_or_error(songs, column, name, wanted, lambda term: term.casefold() in words)


def _known_or_error(songs: Songs, column: str, name: str, wanted: tuple[str, ...], accept: Any) -> Mask:
    coded = songs.column(column)
    mask = coded.mask(accept)
    if not mask.any() and not any(accept(term) for term in coded.terms):
        terms = [term.rpartition("|")[2] for term in coded.terms]
        near = [str(found[0]) for found in process.extract(wanted[0].casefold(), terms, limit=5)]
        listed = f"; nearest: {', '.join(dict.fromkeys(near))}" if near else "; no song of this index has one"
        raise FilterError(f"no song has the {name} {', '.join(map(repr, wanted))}{listed}")
    return mask


def parse_range(name: str, value: Any) -> tuple[float, float]:
    """An inclusive range from "90..120", "..120", "90..", "1994", a number or a (low, high) pair.

    >>> parse_range("tempo", "90.."), parse_range("year", 1994), parse_range("energy", (0.2, None))
    ((90.0, inf), (1994.0, 1994.0), (0.2, inf))
    """
    low: Any
    high: Any
    if isinstance(value, str) and ".." in value:
        match = _RANGE.match(value)
        if match is None or value.strip() == "..":
            raise FilterError(f"{name} is {value!r}, expected a range such as 90..120, 90.. or ..120")
        low, high = match[1], match[2]
    elif isinstance(value, tuple | list):
        if len(value) != 2:
            raise FilterError(f"{name} is {value!r}, expected a pair (low, high)")
        low, high = value
    else:
        low = high = value
    bounds = (_number(name, low, -math.inf), _number(name, high, math.inf))
    if bounds[0] > bounds[1]:
        raise FilterError(f"{name} is {bounds[0]:g}..{bounds[1]:g}: the range is empty, expected low..high")
    return bounds


def _number(name: str, value: Any, default: float) -> float:
    if value is None:
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise FilterError(f"{name} is {value!r}, expected a number") from None
    if math.isnan(number):
        raise FilterError(f"{name} is NaN, expected a number")
    return number


def target_values(values: Mapping[str, Any]) -> dict[str, float]:
    """Targets, checked: audio features in their units, and moods from 0, as little as can be, to 1.

    >>> target_values({"energy": 0.8, "melancholy": 1})
    {'melancholic': 1.0, 'energy': 0.8}
    """
    moods = {name: mood_of(name) for name in values if name not in AUDIO_RANGES}
    found = {}
    for name, mood in moods.items():
        if mood is None:
            near = process.extractOne(name, (*AUDIO_NAMES, *VOCABULARY))
            raise FilterError(
                f"target has {name!r}, nearest: {near[0]!r}; expected a mood, or {', '.join(AUDIO_NAMES)}"
            )
        found[mood] = _number(f"target {name}", values[name], math.nan)
        if not 0 <= found[mood] <= 1:
            raise FilterError(f"target {name} is {found[mood]:g}, expected 0..1, how much of the mood")
    return found | audio_values("target", {name: value for name, value in values.items() if name not in moods})


def audio_values(role: str, values: Mapping[str, Any]) -> dict[str, float]:
    """Values of audio features by name, checked: for targets, bounds and seeds described by their sound.

    >>> audio_values("target", {"energy": "0.8"})
    {'energy': 0.8}
    """
    checked = {}
    for name, value in values.items():
        if name not in AUDIO_RANGES:
            raise FilterError(f"{role} has {name!r}, expected one of {', '.join(AUDIO_NAMES)}")
        low, high = AUDIO_RANGES[name]
        number = _number(f"{role} {name}", value, math.nan)
        if not low <= number <= high:
            raise FilterError(f"{role} {name} is {number:g}, expected {low:g}..{high:g}")
        checked[name] = number
    return checked


def _words(name: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else None
    if items is None or not all(isinstance(item, str) and item.strip() for item in items):
        raise FilterError(f"{name} is {value!r}, expected a word or a list of words")
    return tuple(item.strip() for item in items)


def _yes_or_no(name: str, value: Any) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    try:
        return known[str(value).casefold()]
    except KeyError:
        raise FilterError(f"{name} is {value!r}, expected yes or no") from None
