"""Rows: what every source turns a file into: texts cleaned, values checked, reasons for what is left out."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from indexer.records import AUDIO_NAMES, AudioFeatures
from indexer.sources.tabular import BROKEN, OpenedFile, Row
from indexer.text.clean import MAX_LYRIC_CHARACTERS

YEARS = (1860, 2100)  # the first recordings (Scott de Martinville's phonautograms) to the end of any plan
MAX_ID = 255  # characters; PostgreSQL indexes at most 2,704 bytes a row and two ids share some rows
MAX_TAG = 100  # characters
MAX_COUNT = 2**31 - 1  # followers, positions, tag counts: what an integer column of any database holds
MAX_NAME = 1_000  # characters of a title, artist, album or playlist name

# The kinds of rows that a load counts.
KINDS = ("songs", "playlists", "entries", "tags", "labels")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNKNOWN_NUMBERS = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
_YES = {"true": True, "1": True, "1.0": True, "yes": True, "false": False, "0": False, "0.0": False, "no": False}
_DATE = re.compile(r"(\d{4})-\d\d(-\d\d.*)?")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?")
_SPOTIFY = re.compile(r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/)?([0-9A-Za-z]{22})(?:\?.*)?")
_ZERO = 0.0  # added, it makes 0.0 of -0.0: SQLite forgets the sign, and what is read must equal what was written
_NEVER = "\\x00"  # a separator that no cleaned text holds
_SPELLINGS = {"r-b": "r&b", "rnb": "r&b"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in a file that the catalogue does not hold, and why.

    file     the file's name
    row      its row, from 1, a CSV header not counted; of a JSON slice the playlist, from 1
    what     "song", "playlist", "entry", "tag", "label": that row is not in the catalogue;
             "value": the row is, without this value; "duplicate": two rows disagree, the last one is kept
    reason   one sentence
    """

    file: str
    row: int
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class SongRow:
    """A song as one row describes it.

    song_id   the catalogue's key where the row brings one
    ids       (namespace, value) of other catalogues, as ("spotify", "6f80..."), best first
    facts     only the columns of `Song` that this row knows; genres is a tuple, audio features stand by name
    tags      what listeners call it, one count each
    labels    measured values that are no property of Song, as {"deezer_valence": -0.68}
    """

    row: int
    song_id: str | None
    ids: tuple[tuple[str, str], ...]
    facts: Mapping[str, object]
    tags: tuple[str, ...] = ()
    labels: Mapping[str, float] = field(default_factory=dict)


class PlaylistRow(NamedTuple):
    """A playlist without its entries; `facts` holds name, description, followers as far as known."""

    row: int
    playlist_id: str
    facts: Mapping[str, object]


class EntryRow(NamedTuple):
    """A song in a playlist. `song` is (namespace, value); namespace "song" is the catalogue's own key."""

    row: int
    playlist_id: str
    position: int
    song: tuple[str, str]


class TagRow(NamedTuple):
    """A tag of a song ((namespace, value)) or of an artist (("artist", name)); how many times, None if unknown."""

    row: int
    owner: tuple[str, str]
    tag: str
    times: int | None


@dataclass(slots=True)
class Batch:
    """Some thousand rows of a file, sorted by kind. Songs are stored before what points to them."""

    songs: list[SongRow] = field(default_factory=list)
    playlists: list[PlaylistRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    tags: list[TagRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def sound(self, rows: Iterable[Row], file: str, what: str) -> Iterator[Row]:
        """The rows that are rows; the others are refused with the reader's reason."""
        for row, values in rows:
            if BROKEN in values:
                self.refusals.append(Refusal(file, row, what, str(values[BROKEN])))
            else:
                yield row, values

    def add_song(
        self,
        file: str,
        row: int,
        values: Mapping[str, object],
        *,
        song_id: str = "",
        ids: Sequence[tuple[str, str]] = (),
        labels: Mapping[str, float] | None = None,
    ) -> SongRow | None:
        """Add the song that `values` describes, or refuse the row; what could not be kept is listed either way."""
        problems: list[str] = []
        facts = song_facts(values, problems)
        too_long = next((value for value in (song_id, *(value for _, value in ids)) if len(value) > MAX_ID), None)
        if too_long is not None:
            reason = bad_id("an id", too_long)
        elif not song_id and not ids and "title" not in facts:
            reason = "neither an id nor a title; give it a song_id or a title"
        else:
            reason = ""
        if reason:
            self.refusals.append(Refusal(file, row, "song", reason))
            return None
        if problems:
            name = song_id or (ids[0][1] if ids else str(facts["title"])[:80])
            self.refusals.extend(Refusal(file, row, "value", f"{name}: {problem}") for problem in problems)
        tags = tuple(dict.fromkeys(tag[:MAX_TAG] for tag in texts(values.get("tags"), "|;,")))
        song = SongRow(row, song_id or None, tuple(ids), facts, tags, labels or {})
        self.songs.append(song)
        return song

    def add_playlist(self, file: str, row: int, playlist_id: str, values: Mapping[str, object]) -> bool:
        """Add the playlist that `values` (name, description, followers) describes; False where it is refused."""
        if not 0 < len(playlist_id) <= MAX_ID:
            self.refusals.append(Refusal(file, row, "playlist", bad_id("playlist_id", playlist_id)))
            return False
        problems: list[str] = []
        facts: dict[str, object] = {name: plain(values.get(name))[:MAX_NAME] for name in ("name", "description")}
        followers = number(values.get("followers"), "followers", 0, MAX_COUNT, problems)
        if followers is not None:
            facts["followers"] = int(followers)
        self.refusals.extend(Refusal(file, row, "value", f"{playlist_id}: {problem}") for problem in problems)
        self.playlists.append(PlaylistRow(row, playlist_id, facts))
        return True


@dataclass(frozen=True, slots=True)
class Format:
    """A layout that files come in.

    rank     files of a lower rank are imported first, so that what they are pointed to by is there
    layout   what a file of this format must hold, for messages
    """

    name: str
    rank: int
    layout: str
    fits: Callable[[OpenedFile], bool]
    read: Callable[[OpenedFile], Iterator[Batch]]


def plain(value: object) -> str:
    """A text as one line without control characters; None and NaN are "".

    >>> plain(" Salt\\x00  Road\\n")
    'Salt Road'
    """
    if isinstance(value, str):
        text = value if value.isprintable() else _CONTROL.sub("", value)
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
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
    return plain(value)


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
    if value is None or (isinstance(value, str) and value.strip().lower() in _UNKNOWN_NUMBERS):
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
    if value is None:
        return []
    if isinstance(value, str) and value[:2] in ("['", '["', "[]") and value.endswith("]"):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [plain(value)]
    parts: Sequence[object] = value if isinstance(value, list | tuple) else re.split(f"[{separators}]", plain(value))
    return [text for text in map(plain, parts) if text]


def genre_names(*cells: object) -> tuple[str, ...]:
    """Genres in lower case, broad ones first, each once.

    >>> genre_names("edm|r-b", "Pop EDM|edm")
    ('edm', 'r&b', 'pop edm')
    """
    names = (name.lower()[:100] for cell in cells for name in texts(cell, "|;,"))
    return tuple(dict.fromkeys(_SPELLINGS.get(name, name) for name in names))


def song_facts(values: Mapping[str, object], problems: list[str]) -> dict[str, object]:
    """What `values` (fields of Song, genre, subgenre, audio features by name) says about a song, checked.

    Every value that cannot be kept adds one sentence to `problems`; what is unknown has no key.
    """
    facts: dict[str, object] = {}
    for name in ("title", "artist", "album"):
        cell = values.get(name)
        text = ", ".join(texts(cell, _NEVER)) if name == "artist" else plain(cell)
        if len(text) > MAX_NAME:
            problems.append(f"{name} has {len(text):,} characters, cut to {MAX_NAME:,}")
        if text:
            facts[name] = text[:MAX_NAME]
    for name, value in (("year", _year(values.get("year"), problems)), ("decade", _decade(values, problems))):
        if value is not None:
            facts[name] = value
    if (popularity := number(values.get("popularity"), "popularity", 0, 100, problems)) is not None:
        facts["popularity"] = popularity
    if language := plain(values.get("language")).lower():
        if code := _LANGUAGE.fullmatch(language):
            facts["language"] = code.group(1)
        else:
            problems.append(f"language is {language[:40]!r}, expected a two-letter code such as 'en'")
    if explicit := plain(values.get("explicit")).lower():
        if explicit in _YES:
            facts["explicit"] = _YES[explicit]
        elif explicit not in _UNKNOWN_NUMBERS:
            problems.append(f"explicit is {explicit[:40]!r}, expected true or false")
    if genres := genre_names(values.get("genre"), values.get("subgenre")):
        facts["genres"] = genres
    if lyrics := _lyrics(values.get("lyrics"), problems):
        facts["lyrics"] = lyrics
    cells = {name: _cell(values[name]) for name in AUDIO_NAMES if values.get(name) is not None}
    if cells:
        audio, audio_problems = AudioFeatures.of(cells)
        problems.extend(audio_problems)
        if audio is not None:
            facts.update((name, value + _ZERO) for name, value in audio.known().items())
    return facts


def _year(cell: object, problems: list[str]) -> int | None:
    text = plain(cell)
    if date := _DATE.fullmatch(text):
        text = date.group(1)
    if text in {"0", "0.0", "0000"}:  # the Million Song Dataset's and Spotify's "unknown"
        return None
    found = number(text, "year", *YEARS, problems)
    return None if found is None else int(found)


def _decade(values: Mapping[str, object], problems: list[str]) -> int | None:
    found = number(plain(values.get("decade")).removesuffix("s"), "decade", *YEARS, problems)
    return None if found is None else int(found) // 10 * 10


def _lyrics(cell: object, problems: list[str]) -> str:
    if not isinstance(cell, str):
        return ""
    text = _CONTROL.sub("", cell)
    if not text.strip():
        return ""
    if len(text) > MAX_LYRIC_CHARACTERS:
        problems.append(f"lyrics has {len(text):,} characters, cut to {MAX_LYRIC_CHARACTERS:,}")
        text = text[:MAX_LYRIC_CHARACTERS]
    return text


def _cell(value: object) -> object:
    if isinstance(value, str):
        return None if value.lower() in _UNKNOWN_NUMBERS else plain(value)
    if isinstance(value, int) and abs(value) > 1e300:  # JSON knows integers that no float holds
        return math.inf
    return value
