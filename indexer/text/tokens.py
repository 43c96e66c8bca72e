"""Tokens and lines: how text is cut up, the same way for songs and for queries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

QUOTES = str.maketrans({"‘": "'", "’": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "…": "..."})

_MARKS = re.compile(r"[\u0300-\u036f]+")

# Letters that no Unicode decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def lines(lyrics: str, *, width: int = 12) -> list[str]:
    """The sung lines, without blank ones. Lyrics that came without line breaks are cut every `width` words.

    >>> lines("One two\\n\\nthree")
    ['One two', 'three']
    """
    cut: list[str] = []
    for line in map(str.strip, lyrics.split("\n")):
        words = line.split() if len(line) > 6 * width else []  # no shorter line has more than 3 x width words
        if len(words) > 3 * width:
            cut.extend(" ".join(words[i : i + width]) for i in range(0, len(words), width))
        elif line:
            cut.append(line)
    return cut


def unique_lines(lyrics: str) -> str:
    """The lyrics with every line once: a chorus says nothing more the third time, and encoding it costs the same.

    >>> unique_lines("go\\nstay\\ngo")
    'go\\nstay'
    """
    return "\n".join(dict.fromkeys(line for line in lyrics.split("\n") if line))


def strip_accents(text: str) -> str:
    """Lower case without accents; what other scripts write as letters, 가 or が, stays one letter.

    >>> strip_accents("Beyoncé Mötley ™ 사랑 が")
    'beyonce motley tm 사랑 が'
    """
    if text.isascii():
        return text.lower()
    letters = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    return unicodedata.normalize("NFC", letters)


def tokenise(text: str) -> list[str]:
    """Lower-case tokens without accents; an apostrophe inside a word joins it.

    >>> tokenise("Don't stop, Café-Noir!")
    ['dont', 'stop', 'cafe', 'noir']
    """
    return _words(text).split()


def tokenise_lines(lines: Sequence[str]) -> list[list[str]]:
    """The tokens of each line, in a fifth of the time that asking line by line takes.

    >>> tokenise_lines(["Don't stop", "", "Café-Noir!"])
    [['dont', 'stop'], [], ['cafe', 'noir']]
    """
    return [line.split() for line in _words("\n".join(lines)).split("\n")] if lines else []


def _words(text: str) -> str:
    return strip_accents(text.translate(QUOTES)).translate(_WORDS)


class _Words(dict[int, int | str | None]):
    """For str.translate: letters, digits and line ends stay, apostrophes go, all else is a space. Filled as met."""

    def __missing__(self, code: int) -> int | str:
        self[code] = replacement = code if chr(code).isalnum() else " "
        return replacement


_WORDS = _Words({ord("'"): None, ord("\n"): "\n"})
