"""One tantivy index, read only: opened without touching its folder, and the queries that it answers.

Songs with lyrics and songs without are two tantivy indexes side by side. In one index, songs without lyrics would
count as lyrics of length 0: BM25 would take every real lyric for an overlong one and every common word for a rare
one. Nothing is stored but words, positions and row numbers. Scripts without spaces are indexed letter by letter: any
part of such a name or line is a phrase of it.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.lazy import Remembered
from indexer.store.files import open_regular, parse_json
from indexer.text.tokens import pieces

if TYPE_CHECKING:
    import tantivy

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

SHARDS = ("with_lyrics", "without_lyrics")
FIELDS = ("lyrics", "title", "artist")
TOKENIZER = "words"
META = "meta.json"
META_BYTES = 16 << 20
MOST_FREQUENCIES = 32_768  # words of fields whose frequency is remembered: one query asks for it hundreds of times

_SEGMENT = re.compile(r"[0-9a-f]{32}(\.[0-9]+)?\.[a-z]+")


def segment_files(folder: Path) -> list[Path]:
    """The files of a tantivy index that never change, by name; what else lies in the folder is none of its."""
    return sorted(path for path in folder.iterdir() if _SEGMENT.fullmatch(path.name))


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """IndexFormatError for all that tantivy raises on a damaged index: ValueError, OSError, and panics of Rust."""
    try:
        yield
    except (ValueError, OSError, OverflowError) as error:
        raise _damaged(folder, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # pyo3's, which cannot be imported and is no Exception
            raise
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: BaseException) -> IndexFormatError:
    return IndexFormatError(f"{folder} is damaged; rebuild with `refrain build` ({error})")


class Shard:
    """A tantivy index opened for reading; IndexFormatError where it is damaged, also when a query meets the damage.

    tantivy takes a lock file in the folder that it opens. So it is shown a temporary folder of links: the
    index itself may lie on a read-only disk, and is never written to. Once the segments are mapped the
    links are not needed any more.
    """

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._query, self._occur, self._folder = tantivy.Query, tantivy.Occur, folder
        self._frequencies = Remembered[tuple[str, str], int](MOST_FREQUENCIES)
        links = Path(tempfile.mkdtemp(prefix="refrain-"))
        try:
            with reading(folder):
                with open_regular(folder / META) as file:
                    meta = file.read(META_BYTES + 1)
                parse_json(meta)  # here a bracket too many is an error; in tantivy it would end the process
                (links / META).write_bytes(meta)
                for path in segment_files(folder.resolve()):
                    open_regular(path).close()
                    os.symlink(path, links / path.name)
                index = tantivy.Index.open(str(links))
                index.config_reader("manual")
                index.reload()
                self._searcher = index.searcher()
                self._schema = index.schema
                self.size = int(self._searcher.num_docs)
                for field in FIELDS:  # a schema without one of them answers no query
                    self.frequency(field, "")
                self.last_row()
        finally:
            _remove(links)

    def frequency(self, field: str, word: str) -> int:
        """The number of songs whose field holds the word: its one piece, or its pieces in a row."""
        return self._frequencies.get((field, word), lambda: self._frequency(field, word))

    def _frequency(self, field: str, word: str) -> int:
        parts = pieces(word)
        try:
            if len(parts) < 2:
                return self._searcher.doc_freq(field, word)
            if not all(self._searcher.doc_freq(field, part) for part in parts):
                return 0
        except ValueError as error:
            raise _damaged(self._folder, error) from error
        with reading(self._folder):
            found = self._searcher.search(self.phrase(field, list(enumerate(parts))), 1, count=True)
        return int(found.count)  # type: ignore[attr-defined]  # missing in its stubs

    def beginning(self, field: str, prefix: str, limit: int | None = None) -> list[tuple[str, int]]:
        """The tokens of a field that begin with `prefix`, in order, and the number of songs that hold each."""
        with reading(self._folder):
            if limit is None:
                return list(self._searcher.terms_with_prefix(field, prefix))
            return list(self._searcher.terms_with_prefix(field, prefix, limit=limit))

    def last_row(self) -> int:
        """The highest row, -1 where there is none."""
        with reading(self._folder):
            hits = self._searcher.search(self._query.all_query(), 1, count=False, order_by_field="row").hits
            rows = np.array(self._searcher.fast_field_values("row", [at for _, at in hits]), np.int64)
        return int(rows.max(initial=-1))

    def term(self, field: str, term: str, weight: float = 1.0) -> tantivy.Query:
        query = self._query.term_query(self._schema, field, term)
        return query if weight == 1 else self._query.boost_query(query, weight)

    def phrase(
        self, field: str, tokens: Sequence[tuple[int, str]], *, slop: int = 0, weight: float = 1.0
    ) -> tantivy.Query:
        """Tokens at their distances from each other, (0, "slow"), (2, "rain"), up to `slop` moves apart."""
        if len(tokens) == 1:
            return self.term(field, tokens[0][1], weight)
        first = tokens[0][0]
        query = self._query.phrase_query(self._schema, field, [(at - first, token) for at, token in tokens], slop=slop)
        return query if weight == 1 else self._query.boost_query(query, weight)

    def sum_of(self, queries: Sequence[tantivy.Query], *, must: Sequence[tantivy.Query] = ()) -> tantivy.Query | None:
        """Songs that hold all of `must`, or without `must` any of `queries`; the scores add up."""
        required = [(self._occur.Must, query) for query in must]
        clauses = required + [(self._occur.Should, query) for query in queries]
        return self._query.boolean_query(clauses) if clauses else None

    def best_of(self, queries: Sequence[tantivy.Query]) -> tantivy.Query:
        """Songs that hold any of `queries`; the highest score counts."""
        return queries[0] if len(queries) == 1 else self._query.disjunction_max_query(queries)

    def restricted(self, query: tantivy.Query, rows: Rows) -> tantivy.Query:
        """The same scores, for these rows only."""
        among = self._query.const_score_query(self._query.term_set_query(self._schema, "row", rows.tolist()), 0.0)
        return self._query.boolean_query([(self._occur.Must, query), (self._occur.Must, among)])

    def best(self, query: tantivy.Query, limit: int) -> tuple[Rows, Scores, float]:
        """The best `limit` rows and the score that no row left out exceeds (-inf when none is left out)."""
        with reading(self._folder):
            hits = self._searcher.search(query, min(limit, max(1, self.size)), count=False).hits
            values = self._searcher.fast_field_values("row", [at for _, at in hits])
            scores, rows = np.array([score for score, _ in hits], np.float32), np.array(values, np.int64)
        return rows, scores, float(scores[-1]) if len(hits) == limit else -math.inf


def _remove(links: Path) -> None:
    """Remove the folder of links. Its index has just been opened, and a thread of tantivy's that watches for
    commits looks into it once: the lock file it takes can appear between emptying the folder and removing it."""
    for _ in range(100):
        shutil.rmtree(links, ignore_errors=True)
        if not links.exists():
            return
        time.sleep(0.01)
