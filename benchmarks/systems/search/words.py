"""Search of words: the inverted index of Refrain, and rank_bm25, bm25s and tantivy as their users set them up.

All read the words of title, artist and lyrics, and get the words of a query as `text.tokenise` makes them, so that
what differs is the search.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.systems.scoring import NO_ROWS, best, library
from benchmarks.systems.system import Rows
from engine.index import OpenIndex
from indexer.search.lexical import LexicalIndex, build_lexical
from indexer.text.tokens import tokenise

WRITER_BYTES = 256_000_000  # of tantivy's writer, as the index of Refrain has it


class WordSearch(Protocol):
    """A search of words.

    name      as tables and `--system` call it
    tuning    what was chosen for it, in a sentence
    reason    why it is faster than Refrain, where it is
    slow      it scores every song in Python: it gets fewer queries where songs are many
    """

    name: str
    tuning: str
    reason: str
    slow: bool

    def build(self, index: OpenIndex, folder: Path) -> None:
        """Index the words of all living songs; what is written lies in the folder."""
        ...

    def search(self, text: str, k: int) -> Rows:
        """At most k rows that have one of the words, best first."""
        ...


def documents(index: OpenIndex, rows: Rows) -> Iterator[list[str]]:
    """The words of each song; one string serves every song that has the word."""
    songs = index.songs
    for row in rows.tolist():
        yield [sys.intern(word) for word in tokenise(f"{songs.titles[row]} {songs.artists[row]} {songs.lyrics[row]}")]


class RefrainBox:
    """The search box: slips of the pen, words that stand together, and the lines of the best songs compared."""

    name = "refrain"
    tuning = "nothing here: weights chosen on lines of other songs of the data set of the runs of record"
    reason = ""
    slow = False

    def build(self, index: OpenIndex, folder: Path) -> None:
        songs = index.songs
        rows = np.flatnonzero(songs.alive).tolist()
        build_lexical(folder, ((row, songs.titles[row], songs.artists[row], songs.lyrics[row]) for row in rows))
        self.index = index
        self.lexical = LexicalIndex(folder, rows=len(songs))

    def search(self, text: str, k: int) -> Rows:
        return self.lexical.search_text(text.replace('"', " "), k, lines_of=self.index.lines_of)[0]


class RefrainTerms(RefrainBox):
    """BM25 alone, what the peers do; of the lyrics, which are a field of their own here."""

    name = "refrain-terms"
    tuning = "nothing to choose"

    def search(self, text: str, k: int) -> Rows:
        return self.lexical.search_terms(tokenise(text), k)[0]


class Tantivy:
    """tantivy bare: one field, no positions, one segment or a few; a query is the sum of its words."""

    name = "tantivy"
    tuning = "the library's defaults"
    reason = "one field without positions in one index: one list to read for each word, where Refrain has three"
    slow = False

    def build(self, index: OpenIndex, folder: Path) -> None:
        kit = self._kit = library("tantivy")
        schema = kit.SchemaBuilder()
        schema.add_text_field("words", stored=False, tokenizer_name="words", index_option="freq")
        schema.add_unsigned_field("row", stored=False, indexed=False, fast=True)
        self._schema = schema.build()
        opened = kit.Index(self._schema, path=str(folder))
        opened.register_tokenizer("words", kit.TextAnalyzerBuilder(kit.Tokenizer.whitespace()).build())
        writer = opened.writer(WRITER_BYTES, 1)
        rows = np.flatnonzero(index.songs.alive)
        for row, words in zip(rows.tolist(), documents(index, rows), strict=True):
            document = kit.Document()
            document.add_unsigned("row", row)
            document.add_text("words", " ".join(words))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        opened.reload()
        self._searcher: Any = opened.searcher()

    def search(self, text: str, k: int) -> Rows:
        kit = self._kit
        terms = [(kit.Occur.Should, kit.Query.term_query(self._schema, "words", word)) for word in tokenise(text)]
        if not terms:
            return NO_ROWS
        hits = self._searcher.search(kit.Query.boolean_query(terms), k, count=False).hits
        return np.array(self._searcher.fast_field_values("row", [at for _, at in hits]), np.int64)


class Bm25sNumba:
    """bm25s with its quickest backend: every song's score of every word is computed when it is built."""

    name = "bm25s"
    tuning = "the library's defaults, its numba backend"
    reason = "scores of all words are computed beforehand and summed over an array of all songs, in memory"
    slow = False

    def build(self, index: OpenIndex, folder: Path) -> None:
        self._rows: Rows = np.flatnonzero(index.songs.alive)
        self._bm25: Any = library("bm25s").BM25(backend="numba")
        library("numba")
        self._bm25.index(list(documents(index, self._rows)), show_progress=False)

    def search(self, text: str, k: int) -> Rows:
        known = [word for word in tokenise(text) if word in self._bm25.vocab_dict]
        if not known:
            return NO_ROWS
        at, scores = self._bm25.retrieve([known], k=min(k, len(self._rows)), show_progress=False, n_threads=1)
        found: Rows = self._rows[at[0][scores[0] > 0]]
        return found


class RankBm25Okapi:
    """rank_bm25's BM25Okapi with its defaults; the best k by a partial sort, which its own `get_top_n` does not do."""

    name = "rank-bm25"
    tuning = "the library's defaults"
    reason = "every song is scored in Python"
    slow = True

    def build(self, index: OpenIndex, folder: Path) -> None:
        self._rows: Rows = np.flatnonzero(index.songs.alive)
        self._bm25: Any = library("rank_bm25").BM25Okapi(documents(index, self._rows))

    def search(self, text: str, k: int) -> Rows:
        scores = np.asarray(self._bm25.get_scores(tokenise(text)))
        return best(np.where(scores > 0, scores, np.nan), self._rows, k)


SYSTEMS: dict[str, Callable[[], WordSearch]] = {
    "refrain": RefrainBox,
    "refrain-terms": RefrainTerms,
    "tantivy": Tantivy,
    "bm25s": Bm25sNumba,
    "rank-bm25": RankBm25Okapi,
}
