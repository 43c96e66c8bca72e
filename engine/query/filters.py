"""Filters: conditions that every song of an answer must meet, exactly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from engine.plain import shown
from indexer.errors import FilterError
from indexer.models.moods.columns import MoodColumns
from indexer.models.moods.vocabulary import mood_named
from indexer.records import AUDIO_NAMES
from indexer.songs.table import Songs
from indexer.text.artists import read_artists, resolved
from indexer.text.names import artist_key, fold
from indexer.text.versions import KINDS, bits

Mask = npt.NDArray[np.bool_]

HAVE = ("lyrics", "audio")
WORDS = (
    "genre", "not_genre", "language", "artist", "not_artist", "album", "tag", "not_tag", "mood", "not_mood",
    "version_kind", "not_version_kind",
)  # fmt: skip
RANGES = ("year", "popularity", *AUDIO_NAMES)
MOST_WORDS, MOST_LETTERS = 1_000, 1_000  # alternatives of one filter, and characters of each
_DECADE = re.compile(r"'?(\d\d)?(\d0)s\Z")
_COLUMNS = {
    "genre": "genre", "language": "language_key", "artist": "artist_key", "album": "album_key", "tag": "tag",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """What a song must be to appear. Several words of one kind are alternatives; different kinds must all hold.

    A song of which a condition's value is unknown does not meet it: neither `explicit="no"` nor `not_genre="rock"`
    lets a song pass of which nobody knows.

    genre, language, artist, album, tag, mood   one of these; not_genre, not_artist, not_tag, not_mood   none of these
                of a song's artists, guests too, one is enough; a song has a mood if it is among as many songs, the
                likeliest, as listeners call so
    version_kind, not_version_kind   its title is marked as one of these, or none of these: live, acoustic, karaoke, ...
    ranges      inclusive (low, high) by name, in the order of RANGES: year, popularity and the 12 audio features; one
                without ends (-inf, inf) says that the value is known
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
    version_kind: tuple[str, ...] = ()
    not_version_kind: tuple[str, ...] = ()
    ranges: tuple[tuple[str, float, float], ...] = ()
    explicit: bool | None = None
    has: tuple[str, ...] = ()

    @classmethod
    def of(cls, conditions: Mapping[str, Any]) -> Self:
        """Filters from names and values, as Python, JSON or the command line gives them.

        >>> Filters.of({"year": "1990s", "genre": "rock", "tempo": (90, 120)})
        Filters(genre=('rock',), ..., ranges=(('year', 1990.0, 1999.0), ('tempo', 90.0, 120.0)), ...)
        >>> Filters.of({"yaer": 1990})
        Traceback (most recent call last):
        indexer.errors.FilterError: no filter is called 'yaer'; ...
        """
        values: dict[str, Any] = {}
        ranges = {}
        for name, value in conditions.items():
            if value is None or value == () or value == []:
                continue
            if name in WORDS:
                values[name] = _words(name, value)
                if name.endswith("mood"):
                    values[name] = tuple(dict.fromkeys(mood_named(word).name for word in values[name]))
                if name.endswith("version_kind"):
                    values[name] = tuple(dict.fromkeys(_version_kind(name, word) for word in values[name]))
            elif name in RANGES:
                ranges[name] = parse_range(name, value)
            elif name == "explicit":
                values[name] = _yes_or_no(name, value)
            elif name == "has":
                values[name] = _words(name, value)
                for word in values[name]:
                    if word not in HAVE:
                        _refuse(name, shown(word), f"one of {', '.join(HAVE)}")
            else:
                known = (*WORDS, *RANGES, "explicit", "has")
                near = process.extractOne(name[:MOST_LETTERS], known)
                raise FilterError(
                    f"no filter is called {shown(name)}; nearest: {near[0]!r}, all: {', '.join(known)}",
                    field=f"filters.{name[:MOST_LETTERS]}", found=shown(name), expected=f"one of {', '.join(known)}",
                )  # fmt: skip
        return cls(ranges=tuple((name, *ranges[name]) for name in RANGES if name in ranges), **values)

    def conditions(self) -> dict[str, Any]:
        """The filters by name, as JSON has them; `Filters.of` makes the same filters of it.

        >>> Filters.of({"genre": "rock", "year": "1990s", "tempo": "90.."}).conditions()
        {'genre': ['rock'], 'year': '1990..1999', 'tempo': '90..'}
        """
        words = {name: list(getattr(self, name)) for name in (*WORDS, "has") if getattr(self, name)}
        ranges = {name: _written_range(low, high) for name, low, high in self.ranges}
        return words | ranges | ({} if self.explicit is None else {"explicit": self.explicit})

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) not in ((), None) for f in fields(self))

    def mask(self, songs: Songs) -> Mask:
        """bool (rows,): the living songs that meet every condition.

        A genre, language, artist, album or tag that no song has is an error that names the nearest that some song has.
        """
        keep = np.array(songs.alive)
        for name, low, high in self.ranges:
            keep &= _in_range(songs, name, low, high)
        for name in _COLUMNS:
            if wanted := getattr(self, name):
                keep &= _has_word(songs, name, wanted)
            if unwanted := getattr(self, f"not_{name}", ()):
                column = songs.column(_COLUMNS[name])
                keep &= np.diff(column.starts) > 0
                keep &= ~_has_word(songs, name, unwanted)
        if self.mood or self.not_mood:
            moods = learned_moods(songs)
            keep &= moods.known
            if self.mood:
                keep &= np.any([moods.has(word) for word in self.mood], axis=0)
            for word in self.not_mood:
                keep &= ~moods.has(word)
        if self.version_kind:
            keep &= (songs.versions & bits(self.version_kind)) != 0
        if self.not_version_kind:
            keep &= (songs.versions & bits(self.not_version_kind)) == 0
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
        by_year = (songs.year >= 0) & (songs.year >= low) & (songs.year <= high)
        by_decade = (songs.year < 0) & (songs.decade >= 0) & (songs.decade >= low) & (songs.decade + 9 <= high)
        return np.asarray(by_year | by_decade)
    values = songs.popularity if name == "popularity" else songs.audio[:, AUDIO_NAMES.index(name)]
    # The bounds as the column stores them, or a bound like 0.8 would lose the songs that have exactly 0.8.
    return np.asarray((values >= np.float32(low)) & (values <= np.float32(high)))


def _has_word(songs: Songs, name: str, wanted: tuple[str, ...]) -> Mask:
    """bool (rows,): the songs that have one of the words; FilterError where no song has any of them."""
    codes = songs.codes(_COLUMNS[name])
    key = {"album": fold, "artist": artist_key}.get(name, str.casefold)
    masks = [mask for word in wanted if (mask := by_artist(songs, word)) is not None] if name == "artist" else []
    if masks:
        return np.asarray(np.any(masks, axis=0))
    accepted = [code for word in wanted for code in codes.get(key(word), ())]
    if accepted:
        return songs.column(_COLUMNS[name]).mask_of(accepted)
    near = [str(match[0]) for match in process.extract(key(wanted[0]), list(codes), limit=5)]
    listed = f"nearest: {', '.join(near)}" if near else "no song of this index has one"
    found = ", ".join(map(repr, wanted))
    raise FilterError(
        f"no song has the {name} {found}; {listed}", field=f"filters.{name}", found=found, expected=listed
    )


def by_artist(songs: Songs, name: str) -> Mask | None:
    """bool (rows,): the songs that an artist made or is a guest of; None where no song has him.

    A name that no song has as one artist may be several, "Ada & Bo" or "Ada feat. Bo": the songs that have all of them.
    """
    codes, column = songs.codes("artist_key"), songs.column("artist_key")
    if one := codes.get(artist_key(name)):
        return column.mask_of(one)
    artists = resolved(read_artists(name), lambda part: artist_key(part) in codes)
    each = [codes.get(artist_key(part), []) for part in (*artists.main, *artists.featured)]
    return np.all([column.mask_of(codes) for codes in each], axis=0) if each and all(each) else None


def parse_range(name: str, value: Any) -> tuple[float, float]:
    """An inclusive range from "90..120", "..120", "90..", "1994", a number or a (low, high) pair; years also "1990s".

    >>> parse_range("tempo", "90.."), parse_range("year", "1990s"), parse_range("energy", (0.2, None))
    ((90.0, inf), (1990.0, 1999.0), (0.2, inf))
    """
    low: Any
    high: Any
    if isinstance(value, str) and ".." in value:
        low, _, high = (part.strip() or None for part in value.partition(".."))
        if low is high is None:
            _refuse(name, shown(value), "a range such as 90..120, 90.. or ..120")
    elif isinstance(value, tuple | list):
        if len(value) != 2:
            _refuse(name, shown(value), "a pair (low, high)")
        low, high = value
    else:
        if value is None:
            _refuse(name, "None", "a range such as 90..120, or a number")
        low = high = value
    bounds = (_bound(name, low, -math.inf), _bound(name, high, math.inf))
    if bounds[0] > bounds[1] or bounds[0] == math.inf or bounds[1] == -math.inf:
        raise FilterError(
            f"{name} is {bounds[0]:g}..{bounds[1]:g}: the range is empty, expected low..high",
            field=f"filters.{name}", found=f"{bounds[0]:g}..{bounds[1]:g}", expected="low..high",
        )  # fmt: skip
    return bounds


def _bound(name: str, value: Any, default: float) -> float:
    """An end of a range; of a decade its first or last year."""
    if value is None:
        return default
    if name == "year" and isinstance(value, str) and (decade := _DECADE.match(value.strip().casefold())):
        century, tens = decade.groups()
        if century is None and tens == "20":
            _refuse(name, shown(value), "1920s or 2020s")
        first = int((century or ("20" if tens in ("00", "10") else "19")) + tens)
        return float(first + 9 if default > 0 else first)
    ranges = "a decade such as 1990s, or a range such as 1990..1999" if name == "year" else "or a range such as 90..120"
    return number(f"filters.{name}", value, finite=False, expected=f"a number, {ranges}")


def number(field: str, value: Any, *, finite: bool = True, expected: str = "a number") -> float:
    """A value as a number; FilterError where it is none."""
    called = field.removeprefix("filters.").replace(".", " ")
    try:
        if isinstance(value, bool):
            raise TypeError
        checked = float(value)
    except (TypeError, ValueError):
        found = shown(value)
        raise FilterError(
            f"{called} is {found}, expected {expected}", field=field, found=found, expected=expected
        ) from None
    except OverflowError:
        checked = math.inf
    if math.isnan(checked) or (finite and math.isinf(checked)):
        raise FilterError(
            f"{called} is {'NaN' if math.isnan(checked) else checked}, expected a finite number",
            field=field, found=str(checked), expected="a finite number",
        )  # fmt: skip
    return checked


def _written_range(low: float, high: float) -> str:
    """A range as `parse_range` reads it; ".." alone would be none.

    >>> _written_range(90.0, math.inf), _written_range(-math.inf, math.inf)
    ('90..', '-inf..inf')
    """
    return "-inf..inf" if math.isinf(low) and math.isinf(high) else f"{_written(low)}..{_written(high)}"


def _written(end: float) -> str:
    """An end of a range, exactly; an open one is empty.

    >>> _written(1990.0), _written(0.1), _written(float("inf"))
    ('1990', '0.1', '')
    """
    if math.isinf(end):
        return ""
    return str(int(end)) if end == int(end) and abs(end) < 1e15 else repr(end)


def within(field: str, value: Any, low: float, high: float, what: str = "") -> float:
    """A number that must lie in low..high."""
    checked = number(field, value)
    if not low <= checked <= high:
        expected = f"{low:g}..{high:g}{what}"
        found = f"{checked:g}"
        called = field.replace(".", " ")
        raise FilterError(f"{called} is {found}, expected {expected}", field=field, found=found, expected=expected)
    return checked


def _words(name: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else None
    if items is None or not all(isinstance(item, str) and item.strip() for item in items):
        _refuse(name, shown(value), "a word or a list of words")
    if len(items) > MOST_WORDS:
        _refuse(name, f"{len(items)} words", f"at most {MOST_WORDS}")
    if any(len(item) > MOST_LETTERS for item in items):
        _refuse(name, "a text", f"words of at most {MOST_LETTERS} characters")
    return tuple(dict.fromkeys(item.strip().encode("utf-8", "replace").decode() for item in items))


def _version_kind(name: str, word: str) -> str:
    kind = word.casefold().replace("-", " ")
    if kind not in KINDS:
        _refuse(name, shown(word), f"one of {', '.join(KINDS)}")
    return kind


def _yes_or_no(name: str, value: Any) -> bool:
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    answer = known.get(str(value).casefold())
    if answer is None:
        _refuse(name, shown(value), "yes or no")
    return answer


def _refuse(name: str, value: str, expected: str) -> NoReturn:
    raise FilterError(
        f"{name} is {value}, expected {expected}", field=f"filters.{name}", found=value, expected=expected
    )
