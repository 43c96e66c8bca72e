"""The lines of one song against the words of a query: which line fits best, and how well."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.text.tokens import is_unspaced, lines, pieces_of, strip_accents, tokenise_lines

# A stretch across line ends is worth a little less than a whole line: people quote lines.
STRETCH = 0.95
# BM25+ (Lv and Zhai, "Lower-bounding term frequency normalization", CIKM 2011): Okapi's idf is below zero for a word
# that stands in most lines, and its short lines win over those that hold more of the words.
K1, B, DELTA = 1.2, 0.75, 1.0


def best_line(lyrics: str, query_terms: Sequence[str]) -> str | None:
    """The sung line with the highest BM25+ for the tokens, the first of equals; None if no line has one of them.

    >>> best_line("Rain on the window\\nSlow rain, grey rain", ["grey", "rain"])
    'Slow rain, grey rain'
    """
    wanted = set(pieces_of(query_terms))
    # A line that a song repeats is one line: repeats would make the words of a chorus look common.
    sung = list(dict.fromkeys(lines(lyrics)))
    words = tokenise_lines(sung)
    if is_unspaced(lyrics):
        words = [pieces_of(line) for line in words]
    having = {i: line for i, line in enumerate(words) if not wanted.isdisjoint(line)}  # few of a song's lines
    if not having:
        return None
    shared = {i: {word: line.count(word) for word in wanted.intersection(line)} for i, line in having.items()}
    frequency = Counter(word for counts in shared.values() for word in counts)
    weight = {word: math.log((len(words) + 1) / count) for word, count in frequency.items()}
    norm = B * len(words) / sum(map(len, words))

    def score(i: int) -> float:
        damping = K1 * (1 - B + norm * len(words[i]))
        # In an order of their own, for words of a set come in any, and sums differ by it in the last digit.
        return sum(weight[word] * (DELTA + n * (K1 + 1) / (damping + n)) for word, n in sorted(shared[i].items()))

    return sung[max(shared, key=score)]


def rescore_lines(query_tokens: Sequence[str], candidate_lyrics: Sequence[str | None]) -> npt.NDArray[np.float32]:
    """How well one line, or one stretch, of each lyric fits the whole query, letter by letter: 0..1.

    BM25 counts words; this sees that they make up a line, in order, and forgives letters and missing words.

    >>> rescore_lines(["slow", "grey", "rain"], ["neon city", "on the porch\\nSlow, grey rain"]) > 0.9
    array([False,  True])
    """
    from rapidfuzz import fuzz, process

    if not candidate_lyrics:
        return np.zeros(0, np.float32)
    wanted = " ".join(query_tokens)
    # Tokens would be exact, but tokenising is six times as slow as leaving the rarer punctuation in.
    plain = [strip_accents(lyrics or "").replace("'", "").replace(",", "") for lyrics in candidate_lyrics]
    split = [lyrics.split("\n") for lyrics in plain]
    whole = process.cdist([wanted], [line for song in split for line in song], scorer=fuzz.ratio)[0]
    starts = np.cumsum([0, *(len(song) for song in split[:-1])])
    stretch = process.cdist([wanted], [lyrics.replace("\n", " ") for lyrics in plain], scorer=fuzz.partial_ratio)[0]
    # partial_ratio looks for the shorter text in the longer one: nothing is a perfect part of anything.
    stretch *= np.minimum(1.0, np.array([len(lyrics) for lyrics in plain]) / max(1, len(wanted)))
    fits = np.maximum(np.maximum.reduceat(whole, starts), STRETCH * stretch) / 100
    return np.asarray(fits, np.float32)
