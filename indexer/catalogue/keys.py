"""What songs are known by: the key that recordings meet on, the name of a row without ids, digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from indexer.catalogue.schema import SONG_COLUMNS
from indexer.sources.validate import MAX_ID
from indexer.text.artists import taken_apart
from indexer.text.names import artist_key, fold
from indexer.text.versions import KINDS, split_title

_MAX_KEY = MAX_ID - 30  # room for the length of a recording and for the end of an anonymous key
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_CONTENT = itemgetter(*SONG_COLUMNS)
_ARTISTS_KNOWN = 65_536  # folded names that stay in memory

# What a title says of a recording that is not the one everybody knows; remasters, edits and editions are of that one.
_OTHER_RECORDING = frozenset(KINDS) - {"remaster", "edit", "edition", "mono"}

quick_artist_key = lru_cache(_ARTISTS_KNOWN)(artist_key)


def name_key(title: str, artist: str, artists: Sequence[str] = ()) -> str:
    """What two sources that know a recording only by name meet on: its first artist, the stem of its title, and what
    makes it another recording than the one that everybody knows. Where nothing says that the artist is several, what
    stands before a comma is the first: "Ada, Bo" meets Ada's song of that title, "Cats, The" that of The Cats.

    Names of signs only stay apart; it fits an index; "" meets nothing: half a name is none.

    >>> name_key("Salt Road - Remastered 2011", "The Marrows"), name_key("???", "!!!"), name_key("Hello", "")
    ('marrows|salt road', '!!!|???', '')
    >>> name_key("Salt Road (feat. Bo) [Live]", "Ada & Bo", ["Ada"])
    'ada|salt road (live)'
    """
    first = artists[0] if artists else _before_comma(artist)
    if not title or not first:
        return ""
    return _fitting(f"{quick_artist_key(first)}|{_title_key(title)}")


def _before_comma(artist: str) -> str:
    """The first artist of a list with commas; "Tyler, The Maker" and "Earth, Wind & Ash" are one."""
    first, comma, rest = artist.partition(", ")
    if not comma or not first or rest.casefold() == "the":
        return first or artist
    return taken_apart(artist, lambda name: name == first)[0]


def artist_range(artist: str) -> tuple[str, str]:
    """The name keys of an artist's songs: from the first one, below the second.

    >>> artist_range("The Marrows")
    ('marrows|', 'marrows}')
    """
    key = quick_artist_key(_before_comma(artist))
    return f"{key}|", f"{key}}}"


def base_of(key: str) -> str:
    """A name key without the kinds of the recording.

    >>> base_of("ada|salt road (live)"), base_of("ada|salt road")
    ('ada|salt road', 'ada|salt road')
    """
    return key.partition(" (")[0]


def row_names(facts: Mapping[str, object]) -> tuple[str, ...]:
    """The names that a row without ids is known by, best first: with its length in seconds, where the row has one.

    A row without an artist has the name of its title and lyrics, or of all that it knows: many songs are called
    "Hello", and the same row of the same file must be the same song the next time.

    >>> row_names({"title": "Salt Road", "artist": "The Marrows", "duration_ms": 200_400.0})
    ('marrows|salt road@200', 'marrows|salt road')
    """
    title, artist = str(facts.get("title", "")), str(facts.get("artist", ""))
    folded = fold(title) or title.casefold()
    if not title or not artist:
        lyrics = facts.get("lyrics")
        rest = [lyrics] if lyrics else sorted(facts.items())
        return (f"{_fitting(folded)}#{digest_of(rest)[:16]}",)
    exact = _fitting(f"{quick_artist_key(artist)}|{folded}")
    duration = facts.get("duration_ms")
    return (f"{exact}@{round(duration / 1000)}", exact) if isinstance(duration, int | float) else (exact,)


def digest_of(value: object) -> str:
    """128 bits of BLAKE2b over JSON, as 32 hexadecimal digits."""
    try:
        encoded = orjson.dumps(value)
    except TypeError:  # a number of more than 64 bits
        encoded = _JSON(value).encode()
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def content_digest(song: Mapping[str, Any]) -> str:
    """What changes when a column of a song changes."""
    return hashlib.blake2b(orjson.dumps(_CONTENT(song)), digest_size=16).hexdigest()


def _title_key(title: str) -> str:
    stem, marks = split_title(title)
    stem = fold(stem) or fold(title) or title.casefold()
    kinds = sorted(_OTHER_RECORDING.intersection(marks)) if marks else ()
    return f"{stem} ({' '.join(kinds)})" if kinds else stem


def _fitting(key: str) -> str:
    return key if len(key) <= _MAX_KEY else f"{key[:200]}#{digest_of(key)}"
