"""The vocabulary: the moods that listeners call songs and playlists by, each with the sentence that says it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from rapidfuzz import process

from indexer.errors import FilterError
from indexer.models.moods.lexicon import Lexicon
from indexer.text.tokens import tokenise

Part = Literal["adjective", "feeling", "noun", "verb"]

# By part of speech, as Naseri et al. 2022; which of their two adjective sentences a word takes they do not say: here
# "feeling" marks what people feel and songs are about.
TEMPLATES: Mapping[Part, str] = {
    "adjective": "This is a {} song.",
    "feeling": "This song is about being {}.",
    "noun": "This song is about {}.",
    "verb": "This song makes you {}.",
}


@dataclass(frozen=True, slots=True)
class Mood:
    """A mood descriptor.

    part      part of speech; "feeling" is an adjective of people
    valence   -1 unpleasant to 1 pleasant, and arousal, -1 calm to 1 excited: this project's own estimates
    forms     other words for it: inflections, and what Spanish, German and French titles say
    """

    name: str
    part: Part
    valence: float
    arousal: float
    forms: tuple[str, ...] = ()
    emoji: str = ""

    @property
    def sentence(self) -> str:
        """What a text entails that has this mood.

        >>> VOCABULARY["heartbroken"].sentence, VOCABULARY["dance"].sentence
        ('This song is about being heartbroken.', 'This song makes you dance.')
        """
        sentence = TEMPLATES[self.part].format(self.name)
        vowel = self.part == "adjective" and self.name[0] in "aeiou"
        return sentence.replace("is a ", "is an ") if vowel else sentence


def _read() -> dict[str, Mood]:
    text = (files("indexer.models.moods") / "data" / "words.csv").read_text("utf-8")
    vocabulary = {}
    for row in csv.DictReader(text.splitlines()):
        part = row["part"]
        if part not in get_args(Part):
            raise ValueError(f"words.csv calls {row['mood']!r} a {part!r}, expected one of {', '.join(get_args(Part))}")
        forms = tuple(row["forms"].split())
        mood = Mood(row["mood"], part, float(row["valence"]), float(row["arousal"]), forms, row["emoji"])  # type: ignore[arg-type]
        vocabulary[mood.name] = mood
    return vocabulary


VOCABULARY: Mapping[str, Mood] = _read()


@cache
def lexicon() -> Lexicon:
    """How titles say the moods of the vocabulary."""
    words = {form: mood.name for mood in VOCABULARY.values() for form in (mood.name, *mood.forms)}
    emoji = {letter: mood.name for mood in VOCABULARY.values() for letter in mood.emoji}
    return Lexicon.of(words, emoji)


def moods_of(text: str) -> set[str]:
    """The moods that a playlist's name or description says, by whole words; what is denied is left out.

    >>> sorted(moods_of("saaad songs to cry to 💔")), moods_of("NOT sad"), moods_of("Crybaby, Sadie")
    (['cry', 'heartbroken', 'sad'], set(), set())
    """
    return lexicon().meanings(text)


def mood_of(word: str) -> str | None:
    """The mood that a word or tag is, whatever its inflection; None for anything else, as "hard rock".

    >>> mood_of("Melancholy"), mood_of("hard rock")
    ('melancholic', None)
    """
    tokens = tokenise(word)
    match = lexicon().at(tokens, 0) if tokens else None
    return match[0] if match is not None and match[1] == len(tokens) else None


def mood_named(word: str) -> Mood:
    """The mood that a user names; FilterError lists the nearest where there is none."""
    name = mood_of(word)
    if name is None:
        near = process.extract(word.casefold(), list(VOCABULARY), limit=5)
        raise FilterError(f"no mood is called {word!r}; nearest: {', '.join(str(name) for name, *_ in near)}")
    return VOCABULARY[name]
