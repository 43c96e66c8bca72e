"""The lines of one song against the words of a query: which line fits best, and how well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.text.tokens import lines, pieces_of, strip_accents, tokenise_lines

# A stretch across line ends is worth a little less than a whole line: people quote lines.
STRETCH = 0.95


def best_line(lyrics: str, query_terms: Sequence[str]) -> str | None:
    """The sung line with the highest BM25 for the tokens, the first of equals; None if no line has one of them.

    >>> best_line("Rain on the window\\nSlow rain, grey rain", ["grey", "rain"])
    'Slow rain, grey rain'
    """
    from rank_bm25 import BM25Plus

    wanted = set(pieces_of(query_terms))
    # A line that a song repeats is one line: repeats would make the words of a chorus look common.
    sung = list(dict.fromkeys(lines(lyrics)))
    # Words that are not wanted count for the length of their line only: as one word they cost BM25 little.
    words = map(pieces_of, tokenise_lines(sung))
    tokens = [[word if word in wanted else "" for word in line] for line in words]
    sharing = [i for i, line in enumerate(tokens) if any(line)]
    if not sharing:
        return None
    shared = sorted({token for i in sharing for token in tokens[i] if token})
    # Plus, not Okapi: Okapi's idf is below zero for a word that stands in most lines.
    ranked = BM25Plus(tokens, k1=1.2, b=0.75)
    return sung[sharing[int(np.argmax(ranked.get_batch_scores(shared, sharing)))]]


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
