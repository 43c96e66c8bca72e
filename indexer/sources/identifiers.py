"""Identifiers: what the ids of the world's catalogues look like, so that a row number is never taken for one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.sources.cells import identifier, plain

# Best first: which song a row is, is decided by the first of them that any song has.
NAMESPACES = ("spotify", "isrc", "mbid", "deezer")

_SPOTIFY = re.compile(
    r"(?:spotify:track:|(?:https?://)?(?:open|play)\.spotify\.com/(?:intl-[\w-]+/)?(?:embed/)?track/)?"
    r"([0-9A-Za-z]{22})(?:[?#].*)?"
)
# ISO 3901: country, registrant, year, designation; written with or without dashes.
_ISRC = re.compile(r"(?:ISRC:?\s*)?([A-Z]{2})-?([A-Z0-9]{3})-?(\d{2})-?(\d{5})", re.IGNORECASE)
_MBID = re.compile(
    r"(?:https?://musicbrainz\.org/recording/)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_DEEZER = re.compile(r"(?:(?:https?://)?(?:www\.)?deezer\.com/(?:\w\w/)?track/)?(\d{1,12})")
_NUMBER = re.compile(r"\d+(?:\.0)?")


def spotify_track(value: object) -> str:
    """The track id in a Spotify id, URI or link; "" where there is none.

    >>> spotify_track("spotify:track:0000000000000000000000")
    '0000000000000000000000'
    >>> spotify_track("https://open.spotify.com/intl-de/track/0000000000000000000000?si=1"), spotify_track(17)
    ('0000000000000000000000', '')
    """
    found = _SPOTIFY.fullmatch(plain(value)) if value else None
    return found.group(1) if found else ""


def isrc(value: object) -> str:
    """The International Standard Recording Code in a cell, upper case without dashes; "" where there is none.

    >>> isrc("us-abc-11-00002"), isrc("1")
    ('USABC1100002', '')
    """
    found = _ISRC.fullmatch(plain(value)) if value else None
    return "".join(found.groups()).upper() if found else ""


def mbid(value: object) -> str:
    """The MusicBrainz id in a cell, lower case; "" where there is none."""
    found = _MBID.fullmatch(plain(value)) if value else None
    return found.group(1).lower() if found else ""


def deezer_track(value: object) -> str:
    """The number in a Deezer id or link; "" where there is none. Any number is one: its column must say so."""
    found = _DEEZER.fullmatch(identifier(value)) if value else None
    return found.group(1) if found else ""


READERS = {"spotify": spotify_track, "isrc": isrc, "mbid": mbid, "deezer": deezer_track}


def is_number(value: object) -> bool:
    """Whether an id is a bare number: it counts within its own file only.

    >>> is_number(3), is_number("17.0"), is_number("ada|salt road")
    (True, True, False)
    """
    return _NUMBER.fullmatch(identifier(value)) is not None


def namespace_of(values: Iterable[object]) -> str:
    """The catalogue whose ids the values are: "spotify", "isrc" or "mbid"; "" where they are of no kind or of several.

    >>> namespace_of(["0000000000000000000000"] * 3), namespace_of(["1", "2"]), namespace_of([])
    ('spotify', '', '')
    """
    kinds = {next((name for name in NAMESPACES[:-1] if READERS[name](value)), "") for value in values}
    return kinds.pop() if len(kinds) == 1 else ""
