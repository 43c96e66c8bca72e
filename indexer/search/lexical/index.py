"""Searching the inverted index: terms, names and the search box with its quoted phrases."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.lazy import Remembered
from indexer.search.allowed import Allowed, Mask
from indexer.search.lexical.lines import rescore_lines
from indexer.search.lexical.quotes import split_quotes
from indexer.search.lexical.shard import FIELDS, SHARDS, Rows, Scores, Shard
from indexer.search.lexical.spelling import Kind, Spelling
from indexer.text.latin import in_latin
from indexer.text.tokens import is_unspaced, join_initials, pieces, pieces_of, tokenise, tokenise_name

if TYPE_CHECKING:
    import tantivy

LinesOf = Callable[[int], str | None]
Reading = tuple[tuple[str, float], ...]  # words that one word of a query may mean, each with its weight

LYRICS_ONLY: Mapping[str, float] = {"lyrics": 1.0}
NAME_FIELDS: Mapping[str, float] = {"title": 1.0, "artist": 1.0}

# Up to this share and number of allowed rows the filter is a set of row terms; above, over-fetching is quicker: of
# 79,062 songs 4.9 % took 9.3 ms as row terms and 5.0 over-fetched, 1 % 6.4 and 10.3.
FEW_SHARE, FEW_ROWS = 0.02, 10_000

# The search box. Weights chosen on seeds 1-3 of benchmarks/known_item.py; the bar is judged on other seeds.
BOX_FIELDS: Mapping[str, float] = {"lyrics": 1.0, "title": 0.5, "artist": 0.5}
MAX_WORDS = 64  # of a query; more add nothing to which song it is
SHINGLE, SLOP = 3, 1  # words in a row, and moves apart, that count as standing together
HEAD, HEAD_LETTERS = 24, 64  # hits whose lines are compared with the query; fewer for queries longer than 64 letters
LINE_WEIGHT, LINE_POWER = 2.0, 4.0  # a perfect line adds twice the best score; the power tells near from perfect

# Slips of the pen. A word that up to RARE songs hold is taken for one, too, where a neighbour is SUSPICIOUS
# times as frequent.
VARIANTS, VARIANT_WEIGHT = 8, 0.7  # the weight is per letter that differs
RARE, SUSPICIOUS = 20, 50
KNOWN_NAME_WEIGHT, PREFIX_WEIGHT = 0.5, 0.6
MOST_READINGS = 4_096  # words whose meanings are remembered: of the words of questions few are rare


class LexicalIndex:
    """An inverted index opened for reading; safe to use from several threads.

    Every search returns (rows int64, scores float32): best first, ties by row, no row twice, no row
    whose entry in `allowed` (a boolean mask over rows) is False. A smaller k only cuts the list.

    folder   what `build_lexical` wrote; IndexMissingError where it is not there, IndexFormatError where it is damaged
    rows     the number of rows of the index's songs: a hit beyond them is damage, where that is given
    """

    def __init__(self, folder: Path, *, rows: int | None = None) -> None:
        folder = Path(folder)
        if not folder.is_dir():
            raise IndexMissingError(f"there is no inverted index at {folder}; build one with `refrain build`")
        self._folder, self._rows = folder, rows
        self._shards = self._with_lyrics, self._without_lyrics = Shard(folder / SHARDS[0]), Shard(folder / SHARDS[1])
        self._spelling = Spelling(folder)
        self._readings = Remembered[tuple[str, Kind], Reading](MOST_READINGS)

    def __len__(self) -> int:
        return self._with_lyrics.size + self._without_lyrics.size

    def document_frequency(self, term: str) -> int:
        """The number of songs whose lyrics hold the token `term`."""
        return self._with_lyrics.frequency("lyrics", term)

    def search_terms(
        self,
        terms: Sequence[str] | Mapping[str, float],
        k: int,
        *,
        allowed: Mask | Allowed | None = None,
        fields: Mapping[str, float] = LYRICS_ONLY,
    ) -> tuple[Rows, Scores]:
        """BM25 (k1 1.2, b 0.75) summed over tokens and fields, each times its weight.

        A token named twice counts twice. Tokens are what `text.tokenise` makes of words.
        """
        weights: Mapping[str, float] = terms if isinstance(terms, Mapping) else Counter(terms)
        for name, weight in [*weights.items(), *fields.items()]:
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"the weight of {name!r} is {weight}, expected 0 or more")
        for field in fields:
            if field not in FIELDS:
                raise ValueError(f"unknown field {field!r}, expected one of {', '.join(FIELDS)}")
        words = [((term, float(weight)),) for term, weight in weights.items()]
        queries = [(shard, shard.sum_of(self._words(shard, words, fields))) for shard in self._shards]
        return self._top(queries, k, allowed)

    def search_text(
        self, text: str, k: int, *, allowed: Mask | Allowed | None = None, lines_of: LinesOf | None = None
    ) -> tuple[Rows, Scores]:
        """The search box: what stands in quotation marks must hold word for word, the rest is words to look for.

        A quoted part must stand in the lyrics or in the title. Words count in lyrics, title and artist, and
        once more where they stand together; words that no song holds, or suspiciously few, count as the words
        they may be a slip of. With `lines_of` (row to the lines of a song: its lyrics, best after a line with
        its title) the best hits are ordered by how well one of their lines fits the words.
        """
        _check(k)
        parts, rest = split_quotes(text)
        quoted = [tokens for part in parts if (tokens := pieces_of(tokenise(part)))]
        typed = tokenise(join_initials(rest))[:MAX_WORDS] or tokenise_name(rest)[:MAX_WORDS]
        words = pieces_of(typed)[:MAX_WORDS]
        readings = [self._reading(word, "lyrics") for word in words]
        queries = [(shard, self._box(shard, quoted, readings)) for shard in self._shards]
        letters = sum(len(word) + 1 for word in words)
        head = min(HEAD, max(8, HEAD * HEAD_LETTERS // max(1, letters)))
        rows, scores = self._top(queries, max(k, head), allowed)
        if lines_of is not None and words and len(rows):
            fits = rescore_lines(typed, [lines_of(int(row)) for row in rows[:head]])
            scores[:head] += LINE_WEIGHT * scores[0] * fits**LINE_POWER
            order = np.lexsort((rows, -scores))
            rows, scores = rows[order], scores[order]
        return rows[:k], scores[:k]

    def search_name(self, text: str, k: int, *, allowed: Mask | Allowed | None = None) -> tuple[Rows, Scores]:
        """Songs whose title and artist are like `text`: words in any order, some missing, cut short or misspelt.

        Candidates for a caller that compares whole names: the score knows words, not how names are written.
        """
        words = [part for word in tokenise_name(text)[:MAX_WORDS] for part in self._known_parts(word)][:MAX_WORDS]
        readings = [self._reading(word, "names") for word in words]
        joined = ("".join(pair) for pair in pairwise(words) if not any(map(is_unspaced, pair)))
        readings += [((pair, 1.0),) for pair in joined if self._frequency(pair, NAME_FIELDS)]
        queries = [(shard, shard.sum_of(self._words(shard, readings, NAME_FIELDS))) for shard in self._shards]
        return self._top(queries, k, allowed)

    def search_latin(self, text: str, k: int) -> tuple[Rows, Scores]:
        """Songs whose names in another script are like `text` in Latin letters, or the other way round.

        Candidates for a caller whom `search_name` gave nothing near.
        """
        readings: list[Reading] = []
        for word in in_latin(text).split()[:MAX_WORDS]:
            found = {word: 1.0} if self._frequency(word, NAME_FIELDS) else {}
            for near in (*self._spelling.near(word, "names", limit=VARIANTS), *self._spelling.in_latin(word)):
                found.setdefault(near.term, VARIANT_WEIGHT**near.distance)
            readings.append(tuple(sorted(found.items(), key=lambda item: -item[1])))
        queries = [(shard, shard.sum_of(self._words(shard, readings, NAME_FIELDS))) for shard in self._shards]
        return self._top(queries, k, None)

    def _known_parts(self, word: str) -> list[str]:
        """The word; where its script sets no spaces and no name holds it, its pairs of letters or letters that some do.

        So a name with a wrong letter among five is still found by the pairs that hold.
        """
        letters = pieces(word)
        if len(letters) < 2 or self._frequency(word, NAME_FIELDS):
            return [word]
        pairs = [pair for pair in map("".join, pairwise(letters)) if self._frequency(pair, NAME_FIELDS)]
        return pairs or [letter for letter in letters if self._frequency(letter, NAME_FIELDS)]

    def _frequency(self, word: str, fields: Iterable[str]) -> int:
        return sum(shard.frequency(field, word) for shard in self._shards for field in fields)

    def _reading(self, word: str, kind: Kind) -> Reading:
        """What a word may mean: itself, and words of the index that it may be a slip or the beginning of."""
        return self._readings.get((word, kind), lambda: self._read(word, kind))

    def _read(self, word: str, kind: Kind) -> Reading:
        frequency = self._frequency(word, FIELDS if kind == "lyrics" else NAME_FIELDS)
        found = {word: 1.0} if frequency else {}
        if is_unspaced(word):  # a letter more or less makes another word
            near, weight = [], 1.0
        elif kind == "names":
            # Names are short, and a wrong word that exists elsewhere is as likely as one that does not.
            near = self._spelling.near(word, kind, limit=VARIANTS)
            weight = KNOWN_NAME_WEIGHT if frequency else 1.0
            if not frequency and (len(word) > 2 or not word.isascii()):
                found |= dict.fromkeys(self._beginning(word), PREFIX_WEIGHT)
        else:
            near = self._spelling.near(word, kind, limit=VARIANTS) if frequency <= RARE else []
            near = [variant for variant in near if variant.frequency >= SUSPICIOUS * frequency]
            weight = 1.0
        for variant in near:
            found[variant.term] = max(found.get(variant.term, 0.0), weight * VARIANT_WEIGHT**variant.distance)
        return tuple(sorted(found.items(), key=lambda item: -item[1]))

    def _beginning(self, word: str) -> list[str]:
        """The most frequent words of titles and artists that begin with `word`."""
        counts = Counter[str]()
        for shard in self._shards:
            for field in NAME_FIELDS:
                counts.update(dict(shard.beginning(field, word, limit=100)))
        return sorted(counts, key=lambda term: (-counts[term], term))[:VARIANTS]

    def _words(self, shard: Shard, words: Iterable[Reading], fields: Mapping[str, float]) -> list[tantivy.Query]:
        """For each word the best of its readings, in each field."""
        clauses = []
        for word in words:
            for field, boost in fields.items():
                either = [
                    self._clause(shard, field, term, weight * boost)
                    for term, weight in word
                    if weight * boost > 0 and shard.frequency(field, term)
                ]
                if either:
                    clauses.append(shard.best_of(either))
        return clauses

    def _clause(self, shard: Shard, field: str, word: str, weight: float) -> tantivy.Query:
        parts = pieces(word)
        return shard.phrase(field, list(enumerate(parts)), weight=weight * self._rarity(shard, field, parts))

    def _rarity(self, shard: Shard, field: str, terms: Sequence[str]) -> float:
        """idf of tokens among all songs, as a multiple of their idf in the shard, which tantivy uses."""
        if field == "lyrics":  # all lyrics are in one shard
            return 1.0
        everywhere = (sum(part.frequency(field, term) for part in self._shards) for term in terms)
        here = (shard.frequency(field, term) for term in terms)
        return sum(_idf(n, len(self)) for n in everywhere) / sum(_idf(n, shard.size) for n in here)

    def _box(self, shard: Shard, quoted: list[list[str]], readings: list[Reading]) -> tantivy.Query | None:
        must = []
        for tokens in quoted:
            either = [self._phrase(shard, field, list(enumerate(tokens))) for field in ("lyrics", "title")]
            must.append(shard.best_of(either))
        clauses = self._words(shard, dict.fromkeys(readings), BOX_FIELDS)
        spans = [(0, len(readings), 0)]
        # All words together may also be the title.
        clauses += self._together(shard, "title", readings, spans)
        if shard is self._with_lyrics:
            shingles = range(len(readings) - SHINGLE + 1 if len(readings) > SHINGLE else 0)
            # Overlapping, so that one wrong word spoils only its own.
            spans += [(i, i + SHINGLE, SLOP) for i in shingles]
            clauses += self._together(shard, "lyrics", readings, spans if len(readings) > 1 else [])
        return shard.sum_of(clauses, must=must)

    def _together(
        self, shard: Shard, field: str, readings: list[Reading], spans: list[tuple[int, int, int]]
    ) -> list[tantivy.Query]:
        """Phrases of the words in each span (start, stop, slop).

        A word without a reading is a gap. Words with several readings are tried in up to three of them.
        """
        clauses = []
        for start, stop, slop in spans:
            span = [(i, reading) for i, reading in enumerate(readings[start:stop]) if reading]
            either = []
            for choice in range(min(3, max((len(reading) for _, reading in span), default=0))):
                words = [(i, reading[min(choice, len(reading) - 1)][0]) for i, reading in span]
                if len(words) > 1 or stop - start == 1:
                    either.append(self._phrase(shard, field, words, slop))
            if either:
                clauses.append(shard.best_of(either))
        return clauses

    def _phrase(self, shard: Shard, field: str, words: list[tuple[int, str]], slop: int = 0) -> tantivy.Query:
        return shard.phrase(field, words, slop=slop, weight=self._rarity(shard, field, [term for _, term in words]))

    def _top(
        self, queries: Sequence[tuple[Shard, tantivy.Query | None]], k: int, allowed: Mask | Allowed | None
    ) -> tuple[Rows, Scores]:
        _check(k)
        asked = [(shard, query) for shard, query in queries if query is not None]
        share, mask = 1.0, None
        if allowed is not None:
            among = Allowed.of(allowed)
            if len(among) < len(self):
                raise ValueError(f"allowed has {len(among)} rows, expected a bool for each of {len(self)} songs")
            if among.count <= min(FEW_SHARE * len(among), FEW_ROWS):
                asked = [(shard, shard.restricted(query, among.rows)) for shard, query in asked]
            else:
                share, mask = among.count / len(among), among.mask
        limits = [math.ceil((k + 1) / share)] * len(asked)
        found = [shard.best(query, limit) for (shard, query), limit in zip(asked, limits, strict=True)]
        while True:
            rows = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in found)])
            scores = np.concatenate([np.zeros(0, np.float32), *(part[1] for part in found)])
            bound = self._rows if mask is None else len(mask)
            if bound is not None and len(rows) and not 0 <= rows.min() <= rows.max() < bound:
                raise IndexFormatError(
                    f"{self._folder} is damaged: it holds row {rows.max()} of {bound}; rebuild with `refrain build`"
                )
            if mask is not None:
                rows, scores = rows[mask[rows]], scores[mask[rows]]
            order = np.lexsort((rows, -scores))[:k]
            worst = float(scores[order[-1]]) if len(order) == k else -math.inf
            # A row not seen yet may tie with the k-th, and ties go by row: look until nothing unseen can.
            short = [i for i, (_, _, unseen) in enumerate(found) if unseen > -math.inf and unseen >= worst]
            if not short:
                return rows[order], scores[order]
            for i in short:
                limits[i] *= 4
                found[i] = asked[i][0].best(asked[i][1], limits[i])


def _check(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")


def _idf(frequency: int, songs: int) -> float:
    """Lucene's: ln(1 + (songs - frequency + 0.5) / (frequency + 0.5))."""
    return math.log(1 + (max(songs, frequency) - frequency + 0.5) / (frequency + 0.5))
