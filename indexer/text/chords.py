"""Chord sheets: lines of chords, tablature and what is said of tuning and capo, which stand between sung lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_CHORD = re.compile(
    r"(?:[A-H](?:#|b|♯|♭)?(?P<kind>(?:maj|min|mi|ma|m|M|sus|dim|aug|add|no|[#b°ø+\-]|\d{1,2}){0,5}(?:/[A-H](?:#|b)?)?)|"
    r"/[A-H](?:#|b)?|N\.?C\.?)\*{0,2}"
)
_BETWEEN = re.compile(r"[\s|:,~]+|(?<!\w)[-.](?!\w)|\(?\b(?:x\s?\d{1,2}|\d{1,2}\s?x)\b\)?|\(etc\.?\)", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:\W*\b(?:intro(?:duction)?|outro|solo|riff|interlude|chords?|verse|chorus|bridge)\b[ \d]*:\s*)", re.IGNORECASE
)
_LABELLED = re.compile(
    r"(?:intro(?:duction)?|outro|solo|riff|interlude|verse|chorus|bridge)\b|[A-Ga-g][#b]?[|:]|[A-H]\S{0,9}[|:]",
    re.IGNORECASE,
)
_TABLATURE = re.compile(r"\s*[A-Ga-g][#b]?\s?[|:](?=.*-.*-)[-\d|hpbrstvxX/\\~().*^<>= ]{5,}")
_SHAPE = re.compile(r"(?:[A-H][\w#/+\-]{0,9}\s*[=:]?\s*\(?[xX\dO]{6}\)?[\s,;]*)+(?:sort of)?")
_CAPO = re.compile(
    r"\W*(?:capo\s*(?:[:=]|on|at)?\s*(?:the\s+)?(?:\d{1,2}|[IVX]{1,4}\b|first|second|third|fourth|fifth)\b.{0,60}|"
    r"no capo|(?:tuning|tuned)\s*[:=].{1,60}|standard tuning|chords\s*[:=](?:.*[xX\d]{6}.*)?|"
    r"key\s*(?:[:=]|of)\s*[A-H](?:#|b)?\s?(?:m|maj\w*|min\w*)?|tempo\s*[:=]\s*\d{2,3}(?:\s?bpm)?)\W*",
    re.IGNORECASE,
)
_SIGNS = ("capo", "tuning", "tuned", "chords", "key:", "key of", "key =", "key=", "tempo")
_SHEET = 3  # lines of chords, one of them surely, from which on single letters are chords, too


def chord_lines(lines: Sequence[str], lowered: str) -> set[int]:
    """The places of the lines that hold chords and no word; `lowered` is all of them in lower case.

    "A B C" alone is sung: bare letters are chords where other lines surely are.

    >>> sorted(chord_lines(["Am F C G", "Lanterns on the jetty", "C G", "Am I wrong"], ""))
    [0, 2]
    >>> chord_lines(["A B C D", "Easy as one two three"], "")
    set()
    """
    sure: set[int] = set()
    letters: dict[int, int] = {}
    every = any(sign in lowered for sign in _SIGNS)
    for place, line in enumerate(lines):
        if len(line) > 120 or not (every or _may_begin(line.partition(" ")[0])):
            continue
        if chords := _chords(line):
            kinds = {chord for chord, bare in chords if not bare}
            if kinds and len({chord for chord, _ in chords}) > 1:
                sure.add(place)
            else:
                letters[place] = len(chords)
        elif _CAPO.fullmatch(line) or _TABLATURE.fullmatch(line) or _SHAPE.fullmatch(line):
            sure.add(place)
    if sure and letters:
        least = 1 if len(sure) + len(letters) >= _SHEET else 2
        sure.update(place for place, count in letters.items() if count >= least)
    return sure


@lru_cache(maxsize=4_096)
def _may_begin(word: str) -> bool:
    """Whether a line of chords or of tablature can begin with this word."""
    if not word:
        return False
    return not word[0].isalnum() or _CHORD.fullmatch(word) is not None or _LABELLED.match(word) is not None


def _chords(line: str) -> list[tuple[str, bool]]:
    """The chords of a line, each with whether it is a bare letter; none where anything else stands there."""
    words = _BETWEEN.sub(" ", _LABEL.sub("", line, count=1)).split()
    chords = []
    for word in words:
        chord = _CHORD.fullmatch(word.strip("()"))
        if chord is None:
            return []
        chords.append((word, chord["kind"] == "" and len(word) == 1))
    return chords
