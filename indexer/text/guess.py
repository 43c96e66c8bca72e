"""Guessing the language that a song is sung in, offline, from its lyrics."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from indexer.text.languages import language_code
from indexer.text.stopwords import SYLLABLES
from indexer.text.tokens import tokenise

MOST_CHARACTERS = 4_000  # of the lyric that are looked at; more change no answer and cost time
LEAST_LETTERS = 24  # of words that mean something; a sign that is a syllable or a word counts for three
# Probability of the best language. On labelled lyrics in 26 languages 0.7 gives 99.6 % right answers for 95 % of the
# songs; of pieces of 80 letters 97 % right for 86 %, of 40 letters 96 % for 75 %.
LEAST_CERTAINTY = 0.7
_WIDE = "⺀"  # CJK, kana and Hangul lie from here on


def guess_language(lyrics: str) -> str | None:
    """The ISO 639-1 code of cleaned lyrics; None where they are too short, sing syllables or leave a doubt.

    The same text has the same answer on every machine: naive Bayes over byte n-grams (Lui and Baldwin 2012, langid.py,
    by py3langid), which needs no network and is loaded with the first question. What all languages sing ("la", "yeah")
    is not asked about, and each line is asked about once.

    >>> guess_language("Ich ging die lange Straße hinunter bis zum Hafen"), guess_language("la la la, oh oh yeah")
    ('de', None)
    """
    lines = dict.fromkeys(lyrics[:MOST_CHARACTERS].lower().split("\n"))
    words = [word for line in lines for word in line.split() if not _is_syllable(word)]
    letters = sum(len(word) * (3 if word[-1] >= _WIDE else 1) for word in words)
    if letters < LEAST_LETTERS:
        return None
    language, certainty = _identifier().classify(" ".join(words))
    return (language_code(language) or None) if certainty >= LEAST_CERTAINTY else None


@lru_cache(maxsize=65_536)
def _is_syllable(word: str) -> bool:
    return all(token in SYLLABLES for token in tokenise(word))


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
