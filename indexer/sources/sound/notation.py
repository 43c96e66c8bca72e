"""Notation: musical keys as programs for DJs and musicians write them."""

from __future__ import annotations

import re

_NATURAL = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_LETTERS = re.compile(
    r"([a-h])\s*(#|♯|sharp|is|b|♭|flat|es|s)?\s*[-:]?\s*(m|min|minor|moll|maj|major|dur|d)?", re.IGNORECASE
)
_WHEEL = re.compile(r"(0?[1-9]|1[0-2])\s*([abdm])", re.IGNORECASE)
_CAMELOT_C, _OPEN_C = 8, 1  # where C major stands on the two wheels of fifths: 8B and 1d
_FIFTH, _RELATIVE_MINOR = 7, 9  # semitones


def key_and_mode(text: str) -> tuple[int, int | None] | None:
    """Pitch class (0 = C) and mode (1 major, 0 minor, None unknown) of a key in letters, Camelot or Open Key.

    >>> key_and_mode("F#m"), key_and_mode("8A"), key_and_mode("1d"), key_and_mode("Bb major"), key_and_mode("off key")
    ((6, 0), (9, 0), (0, 1), (10, 1), None)
    """
    text = " ".join(text.split())
    if wheel := _WHEEL.fullmatch(text):
        number, letter = int(wheel[1]), wheel[2].lower()
        place = number - (_CAMELOT_C if letter in "ab" else _OPEN_C)
        minor = letter in "am"
        return (_FIFTH * place + (_RELATIVE_MINOR if minor else 0)) % 12, 0 if minor else 1
    if letters := _LETTERS.fullmatch(text):
        note, sign, mode = letters[1], (letters[2] or "").lower(), letters[3] or ""
        shift = 1 if sign in ("#", "♯", "sharp", "is") else -1 if sign else 0
        pitch = (_NATURAL[note.lower()] + shift) % 12
        if not mode:
            return pitch, 1 if note.isupper() else None  # "a" is A minor to some, A major to others
        major = mode.lower() in ("maj", "major", "dur", "d") or mode == "M"
        return pitch, int(major)
    return None
