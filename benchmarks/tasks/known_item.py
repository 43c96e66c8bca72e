"""Known-item lyric search: does one line of a song, quoted rightly or nearly, bring the song back?

From songs whose lyrics have line breaks a line of 5 words or more is drawn by seed and searched as a user would.
Only the song itself counts: a cover, or another song that has the very same line, does not. No lyric is printed.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.judge.metrics import Question
from indexer.songs.table import Songs

SONGS, MIN_WORDS, SEED = 300, 5, 11
WRONG = 2  # letters


def draw(
    songs: Songs, seed: int = SEED, count: int = SONGS, *, among: npt.NDArray[np.bool_] | None = None
) -> list[tuple[int, str]]:
    """`count` pairs of (row, one of its lines).

    among   bool (rows,): the songs that may be drawn; None is all
    """
    rng = random.Random(seed)
    drawable = songs.alive & songs.has_lyrics
    rows = np.flatnonzero(drawable if among is None else drawable & among).tolist()
    drawn: list[tuple[int, str]] = []
    for row in rng.sample(rows, len(rows)):
        lines = songs.lyrics[row].split("\n")
        long_enough = [line for line in lines if quotable(line)]
        if len(lines) > 1 and long_enough:
            drawn.append((row, rng.choice(long_enough)))
        if len(drawn) == count:
            break
    return drawn


def quotable(line: str) -> bool:
    """Whether a line is long enough to be known by, and has letters to be wrong in.

    >>> quotable("we danced until five o'clock"), quotable("we danced"), quotable("1 2 3 4 5")
    (True, False, False)
    """
    return len(line.split()) >= MIN_WORDS and len(_letters(line)) >= WRONG


def _letters(line: str) -> list[int]:
    """Where a line has letters."""
    return [at for at, character in enumerate(line) if character.isalpha()]


def two_letters_wrong(line: str, rng: random.Random) -> str:
    letters = list(line)
    for at in rng.sample(_letters(line), WRONG):
        letters[at] = rng.choice([letter for letter in string.ascii_lowercase if letter != letters[at].lower()])
    return "".join(letters)


def one_word_missing(line: str, rng: random.Random) -> str:
    words = line.split()
    words.pop(rng.randrange(len(words)))
    return " ".join(words)


def as_it_is(line: str, rng: random.Random) -> str:
    return line


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "exact": as_it_is,
    "two letters wrong": two_letters_wrong,
    "one word missing": one_word_missing,
}


def questions(songs: Songs, *, limit: int | None = None) -> dict[str, list[Question]]:
    """The same lines for each kind of slip."""
    nothing = np.zeros(0, np.int64)
    lines = draw(songs, count=min(SONGS, limit or SONGS))
    found = {}
    for kind, change in KINDS.items():
        rng = random.Random(f"{SEED} {kind}")
        found[kind] = [Question(nothing, np.array([row]), text=change(line, rng)) for row, line in lines]
    return found
