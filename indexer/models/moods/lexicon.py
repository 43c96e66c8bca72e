"""Titles: what the name of a playlist means, by lemma and whole word, with emoji, without what it denies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from indexer.text.tokens import tokenise

NEGATIONS = frozenset(tokenise("not no never non anti without isn't ain't don't nicht kein keine sin pas sans"))
NEGATED_WITHIN = 2  # "not a sad song" and "not too sad"; "don't stop the party" is a party
_RUN = re.compile(r"(.)\1{2,}")
_DIGITS = re.compile(r"(?<=[^\W\d_]{3})\d+\Z")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("s", ""), ("z", ""), ("ing", ""), ("in", ""), ("ed", ""))


def folded(word: str) -> Iterator[str]:
    """The word, then what it may be an inflection or a drawl of, the likeliest first.

    >>> list(folded("chillin"))[:2], "party" in folded("parties"), "sad" in folded("saaad")
    (['chillin', 'chill'], True, True)
    """
    word = _DIGITS.sub("", word)
    for plain in dict.fromkeys((word, _RUN.sub(r"\1\1", word), _RUN.sub(r"\1", word))):
        yield plain
        for ending, instead in _ENDINGS:
            if plain.endswith(ending) and len(plain) - len(ending) >= 3:
                stem = plain[: -len(ending)] + instead
                yield stem
                if ending in ("ing", "in", "ed"):
                    yield stem + "e"
                    if stem[-1] == stem[-2]:
                        yield stem[:-1]


class Negation:
    """Follows the words of a title and decides which of those that mean something are denied.

    The first such word after a negation is: "not sad, happy" denies one.

    >>> negation, words = Negation(), "not too sad happy".split()
    >>> [negation.affirms(place, word, word in {"sad", "happy"}) for place, word in enumerate(words)]
    [False, False, False, True]
    """

    def __init__(self) -> None:
        self._denied_until = -1

    def affirms(self, place: int, word: str, means_something: bool) -> bool:
        """Whether the word at this place means something and is not denied; places must rise."""
        if word in NEGATIONS:
            self._denied_until = place + NEGATED_WITHIN
            return False
        if not means_something:
            return False
        affirmed = place > self._denied_until
        self._denied_until = -1
        return affirmed


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words, phrases and emoji, each with what it means.

    words   phrase of tokens -> meaning; a phrase wins over its first word
    """

    words: Mapping[tuple[str, ...], str]
    emoji: Mapping[str, str]
    longest: int

    @classmethod
    def of(cls, words: Mapping[str, str], emoji: Mapping[str, str]) -> Self:
        phrases = {tuple(tokenise(words_)): meaning for words_, meaning in words.items()}
        return cls(phrases, emoji, max(map(len, phrases), default=1))

    def at(self, words: list[str], place: int) -> tuple[str, int] | None:
        """What the words from a place on mean, and how many of them it takes; None where they mean nothing here."""
        for length in range(min(self.longest, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            for first in folded(phrase[0]):
                if meaning := self.words.get((first, *phrase[1:])):
                    return meaning, length
        return None

    def meanings(self, text: str) -> set[str]:
        """What the words and emoji of a text mean; what is denied is left out."""
        meanings = set() if text.isascii() else {self.emoji[letter] for letter in text if letter in self.emoji}
        words, negation, place = tokenise(text), Negation(), 0
        while place < len(words):
            match = self.at(words, place)
            if negation.affirms(place, words[place], match is not None) and match is not None:
                meanings.add(match[0])
            place += match[1] if match else 1
        return meanings
