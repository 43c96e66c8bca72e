"""Names: what songs, artists and albums are compared by."""

from __future__ import annotations

import re

from indexer.text.tokens import tokenise

_FEATURING = re.compile(
    r"\s*[\[(](?:feat|ft|featuring|with)\b[^\])]*[\])]|\s+(?:-\s+)?(?:feat|ft|featuring)\b\.?\s.*\Z", re.IGNORECASE
)
_VERSION_WORDS = (
    r"remaster(?:ed)?|live|mono|stereo|acoustic|demo|radio|single|album|edit|mix|remix|version|versión|bonus|deluxe|"
    r"extended|original|instrumental|unplugged|session|sessions|reprise|anniversary|take|karaoke|explicit|clean|"
    r"rerecorded|re-recorded|en vivo|en directo|ao vivo|sped up|slowed"
)
_VERSION_TAIL = re.compile(rf"\s+[-–]\s+[^-–]*\b(?:{_VERSION_WORDS})\b.*$", re.IGNORECASE)
_VERSION_BRACKET = re.compile(rf"\s*[\[(][^\])]*\b(?:{_VERSION_WORDS}|\d{{4}})\b[^\])]*[\])]", re.IGNORECASE)


def fold(name: str) -> str:
    """A name as it is compared: tokens joined by spaces, "&" as "and", no leading "the".

    >>> fold("The Beatles"), fold("Simon & Garfunkel"), fold("P!nk")
    ('beatles', 'simon and garfunkel', 'p nk')
    """
    tokens = tokenise(name.replace("&", " and "))
    return " ".join(tokens[1:] if len(tokens) > 1 and tokens[0] == "the" else tokens)


def artist_key(artist: str) -> str:
    """What artists are told apart by: the folded name, or the name itself where nothing in it is a letter.

    >>> artist_key("The Cats"), artist_key("!!!")
    ('cats', '!!!')
    """
    return fold(artist) or artist.strip().casefold()


def title_stem(title: str) -> str:
    """A title without its version marks, folded: remasters, live takes and featured guests fall together.

    >>> title_stem("Piano Man - Live at Shea (feat. Tony) [2011 Remaster]")
    'piano man'
    """
    stem = _VERSION_BRACKET.sub("", _VERSION_TAIL.sub("", _FEATURING.sub("", title)))
    return fold(stem) or fold(title)
