"""The tantivy folders: written once, updated through hard links, opened without touching them.

Songs with lyrics ("sung") and songs without ("silent") are two tantivy indexes side by side. In one
index, songs without lyrics would count as lyrics of length 0: BM25 would take every real lyric for an
overlong one and every common word for a rare one. Nothing is stored but words, positions and row numbers.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.progress import Track, quiet
from indexer.search.lexical.spelling import write_vocabulary
from indexer.text.tokens import tokenise

if TYPE_CHECKING:
    import tantivy

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
SongText = tuple[int, str, str, str | None]  # row, title, artist, lyrics

SHARDS = ("sung", "silent")
FIELDS = ("lyrics", "title", "artist")

# Bytes a writer may fill before it must cut a segment: 80,000 lyrics fit, so such a catalogue is one segment.
HEAP_BYTES = 256_000_000


def build_lexical(folder: Path, songs: Iterable[SongText], *, track: Track = quiet, total: int | None = None) -> None:
    """Index (row, title, artist, lyrics) into the new or empty `folder`; rows must rise.

    One writer thread and one commit: the same songs give the same segments, apart from their random names.
    """
    import tantivy

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; an inverted index is never built over another one")
    for shard in SHARDS:
        (folder / shard).mkdir()
        schema = tantivy.SchemaBuilder()
        for field in FIELDS:
            schema.add_text_field(field, stored=False, tokenizer_name="words", index_option="position")
        schema.add_unsigned_field("row", stored=False, indexed=True, fast=True)
        tantivy.Index(schema.build(), path=str(folder / shard))
    _write(folder, track(songs, "index words", total), replacing=None)


def update_lexical(source: Path, folder: Path, *, remove: Iterable[int], add: Iterable[SongText]) -> None:
    """Write `source` without the rows `remove` and with the songs `add` into the new folder `folder`.

    Segments never change once written, so the new folder links to those of `source`; what tantivy
    replaces (meta.json, .managed.json) is copied. `source` and its readers stay as they are. A row in
    `add` replaces the song of that row. Until tantivy merges a segment, removed songs still count in the
    word frequencies that BM25 weighs with: scores then differ a little from those of a fresh build.
    """
    for shard in SHARDS:
        (Path(folder) / shard).mkdir(parents=True)
        for path in (Path(source) / shard).iterdir():
            if path.suffix == ".json":
                shutil.copyfile(path, Path(folder) / shard / path.name)
            elif path.suffix != ".lock":
                _link(path, Path(folder) / shard / path.name)
    _write(Path(folder), add, replacing=remove)


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(path, target)


def _write(folder: Path, songs: Iterable[SongText], *, replacing: Iterable[int] | None) -> None:
    """Add songs; unless `replacing` is None, first remove its rows and those of the songs."""
    import tantivy

    with ExitStack() as stack:
        opened = {shard: stack.enter_context(_writer(folder / shard)) for shard in SHARDS}

        def remove(rows: list[int]) -> None:
            # By query: delete_documents_by_term of tantivy 0.27 makes a signed number of a row and finds nothing.
            for writer, schema in opened.values():
                writer.delete_documents_by_query(tantivy.Query.term_set_query(schema, "row", rows))

        if replacing is not None:
            remove(list(replacing))
        last = -1
        for row, title, artist, lyrics in songs:
            if row <= last:
                raise ValueError(f"row {row} comes after row {last}; rows must rise from 0")
            last = row
            if replacing is not None:
                remove([row])
            words, names = tokenise(lyrics or ""), tokenise(artist)
            document = tantivy.Document()
            document.add_unsigned("row", row)
            document.add_text("lyrics", " ".join(words))
            document.add_text("title", " ".join(tokenise(title)))
            # "AC/DC" and "P!nk" are looked for as acdc and pnk: the joined name is one more word.
            document.add_text("artist", " ".join([*names, "".join(names)] if 1 < len(names) < 4 else names))
            opened["sung" if words else "silent"][0].add_document(document)
    for shard in SHARDS:
        for lock in (folder / shard).glob(".*.lock"):  # nobody writes here again
            lock.unlink()
    sung, silent = (Shard(folder / shard) for shard in SHARDS)
    names_of = Counter[str]()
    for part in (sung, silent):
        for field in ("title", "artist"):
            names_of.update(dict(part.searcher.terms_with_prefix(field, "")))
    write_vocabulary(folder, sung.searcher.terms_with_prefix("lyrics", ""), names_of.items())


@contextmanager
def _writer(folder: Path) -> Iterator[tuple[tantivy.IndexWriter, tantivy.Schema]]:
    import tantivy

    index = tantivy.Index.open(str(folder))
    index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    writer = index.writer(HEAP_BYTES, 1)
    yield writer, index.schema
    writer.commit()
    writer.wait_merging_threads()


class Shard:
    """One tantivy index, read only, and the queries that it is asked.

    tantivy takes a lock file in the folder that it opens. So it is shown a temporary folder of links: the
    index itself may lie on a read-only disk, and is never written to. Once the segments are mapped the
    links are not needed any more.
    """

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._query, self._occur = tantivy.Query, tantivy.Occur
        links = Path(tempfile.mkdtemp(prefix="refrain-"))
        try:
            for path in folder.resolve().iterdir():
                if path.suffix == ".json":
                    shutil.copyfile(path, links / path.name)
                elif path.suffix != ".lock":
                    os.symlink(path, links / path.name)
            index = tantivy.Index.open(str(links))
            index.config_reader("manual")
            index.reload()
            self.searcher = index.searcher()
        finally:
            _remove(links)
        self._schema = index.schema
        self.size = int(self.searcher.num_docs)

    def frequency(self, field: str, term: str) -> int:
        """The number of songs whose field holds the token."""
        return self.searcher.doc_freq(field, term)

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
        hits = self.searcher.search(query, min(limit, max(1, self.size)), count=False).hits
        scores = np.array([score for score, _ in hits], np.float32)
        rows = np.array(self.searcher.fast_field_values("row", [at for _, at in hits]), np.int64)
        return rows, scores, float(scores[-1]) if len(hits) == limit else -math.inf


def _remove(links: Path) -> None:
    """Remove the folder of links. Its index has just been opened, and a thread of tantivy's that watches for
    commits looks into it once: the lock file it takes can appear between emptying the folder and removing it."""
    for _ in range(100):
        shutil.rmtree(links, ignore_errors=True)
        if not links.exists():
            return
        time.sleep(0.01)
