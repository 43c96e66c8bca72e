"""Keywords of a song: the words TF-IDF singles out, and of these the ones that mean what the whole song means."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from indexer.text.stopwords import stop_words

MAX_SHARE = 0.2  # a word in more than a fifth of the songs singles out none of them
MIN_SONGS = 2  # a word of one song finds no other


def tfidf_keywords(
    tokens: Sequence[str],
    document_frequency: Callable[[str], int],
    songs: int,
    k: int,
    *,
    language: str | None = None,
) -> list[str]:
    """The k tokens with the highest (1 + ln tf) x ln((1 + songs) / df), best first, ties in alphabetical order.

    songs      living songs with lyrics, of which df have the token
    language   of the text, ISO 639-1: its function words are left out; where it is None, those of every language

    Single letters, words of more than a fifth of the songs and of this song alone are left out too; in collections
    too small for that (below 50 songs) only function words are.

    >>> tfidf_keywords("rain rain river love".split(), {"rain": 2, "river": 2, "love": 90}.get, 100, 5)
    ['rain', 'river']
    """
    small, stopped = songs < 50, stop_words(language)
    weighed = []
    for word, count in Counter(tokens).items():
        if word in stopped or len(word) < 2 or word.isdigit():
            continue
        df = document_frequency(word)
        if df and (small or MIN_SONGS <= df <= MAX_SHARE * songs):
            weighed.append((-(1 + math.log(count)) * math.log((1 + songs) / df), word))
    return [word for _, word in sorted(weighed)[:k]]


def choose_by_meaning(
    songs: npt.NDArray[np.float32],
    words: npt.NDArray[np.floating],
    candidates: Sequence[npt.NDArray[np.int64]],
    k: int,
    *,
    diversity: float = 0.3,
) -> list[list[int]]:
    """For each song the positions of k of its candidates by maximal marginal relevance (Carbonell & Goldstein 1998, as
    KeyBERT uses it): each pick maximises (1 - diversity) x cos(word, song) - diversity x max cos(word, picked).

    songs        float32 (n, d) unit
    words        float or half (words, d) unit rows
    candidates   for each song the rows of `words` that it chooses from

    >>> a, b = np.eye(2, dtype=np.float32)
    >>> choose_by_meaning(np.stack([a, b]), np.stack([a, b]), [np.array([1, 0]), np.array([0])], 1)
    [[1], [0]]
    """
    lengths = np.array([len(rows) for rows in candidates], np.int64)
    widest = int(lengths.max(initial=0))
    if not widest or k < 1:
        return [[] for _ in candidates]
    there = np.arange(widest) < lengths[:, None]
    rows = np.zeros((len(candidates), widest), np.int64)
    rows[there] = np.concatenate(list(candidates))
    vectors = words[rows].astype(np.float32)
    relevance = np.einsum("nwd,nd->nw", vectors, songs)
    nearest = np.zeros((len(candidates), widest), np.float32)
    taken = ~there
    picked = np.zeros((len(candidates), min(k, widest)), np.int64)
    every = np.arange(len(candidates))
    for step in range(picked.shape[1]):
        gain = np.where(taken, -np.inf, (1 - diversity) * relevance - diversity * nearest)
        best = gain.argmax(axis=1)
        picked[:, step] = best
        taken[every, best] = True
        likeness = np.einsum("nwd,nd->nw", vectors, vectors[every, best])
        nearest = np.maximum(nearest, likeness) if step else likeness
    return [row[: min(k, length)].tolist() for row, length in zip(picked, lengths.tolist(), strict=True)]
