"""Keywords of a song: the words TF-IDF singles out, and of these the ones that mean what the whole song means."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from indexer.models.topics import STOP_WORDS

MAX_SHARE = 0.2  # a word in more than a fifth of the songs singles out none of them
MIN_SONGS = 2  # a word of one song finds no other


def tfidf_keywords(tokens: Sequence[str], document_frequency: Callable[[str], int], songs: int, k: int) -> list[str]:
    """The k tokens with the highest (1 + ln tf) x ln(songs / df), best first, ties in alphabetical order.

    Function words, single letters, words of more than a fifth of the songs and of this song alone are left out;
    in collections too small for that (below 50 songs) only function words are.

    >>> tfidf_keywords("rain rain river love".split(), {"rain": 2, "river": 2, "love": 90}.get, 100, 5)
    ['rain', 'river']
    """
    small = songs < 50
    weighed = []
    for word, count in Counter(tokens).items():
        if word in STOP_WORDS or len(word) < 2 or word.isdigit():
            continue
        df = document_frequency(word)
        if df and (small or MIN_SONGS <= df <= MAX_SHARE * songs):
            weighed.append((-(1 + math.log(count)) * math.log((1 + songs) / df), word))
    return [word for _, word in sorted(weighed)[:k]]


def choose_by_meaning(
    song: npt.NDArray[np.float32], words: npt.NDArray[np.float32], k: int, *, diversity: float = 0.3
) -> list[int]:
    """Positions of k words by maximal marginal relevance (Carbonell & Goldstein 1998, as KeyBERT uses it).

    Each pick maximises (1 - diversity) x cos(word, song) - diversity x max cos(word, picked).

    song    float32 (d,) unit;  words   float32 (n, d) unit rows

    >>> a, b = np.eye(2, dtype=np.float32)
    >>> choose_by_meaning(a, np.stack([b, a, a]), 2, diversity=0.6)
    [1, 0]
    """
    relevance = words @ song
    picked: list[int] = []
    nearest = np.full(len(words), -1.0, np.float32)
    while len(picked) < min(k, len(words)):
        penalty = nearest if picked else np.zeros_like(nearest)
        gain = (1 - diversity) * relevance - diversity * penalty
        gain[picked] = -np.inf
        best = int(np.argmax(gain))
        picked.append(best)
        nearest = np.maximum(nearest, words @ words[best])
    return picked
