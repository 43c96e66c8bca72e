"""Building the inverted index: written once, grown through hard links, built anew when songs go."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.progress import Track, quiet
from indexer.search.lexical.shard import FIELDS, META, SHARDS, TOKENIZER, Shard, segment_files
from indexer.search.lexical.spelling import write_vocabulary
from indexer.store.files import link, open_regular, share_modes, writing
from indexer.text.tokens import is_unspaced, pieces_of, tokenise, tokenise_name

if TYPE_CHECKING:
    import tantivy

SongText = tuple[int, str, str, str | None]  # row, title, artist, lyrics

# Bytes a writer may fill before it must cut a segment: 80,000 lyrics fit, so such a catalogue is one segment.
HEAP_BYTES = 256_000_000
MANAGED = ".managed.json"  # tantivy's list of the files that it may delete


def build_lexical(folder: Path, songs: Iterable[SongText], *, track: Track = quiet, total: int | None = None) -> None:
    """Index (row, title, artist, lyrics) into the new or empty `folder`; rows must rise.

    One writer thread and one commit: the same songs give the same segments, apart from their random names.
    FileExistsError where `folder` holds something, ValueError where rows do not rise, RefrainError where the disk is
    full.
    """
    import tantivy

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; an inverted index is never built over another one")
    schema = tantivy.SchemaBuilder()
    for field in FIELDS:
        schema.add_text_field(field, stored=False, tokenizer_name=TOKENIZER, index_option="position")
    schema.add_unsigned_field("row", stored=False, indexed=True, fast=True)
    fields = schema.build()
    for shard in SHARDS:
        (folder / shard).mkdir()
        with writing(folder, ValueError):
            tantivy.Index(fields, path=str(folder / shard))
    _add(folder, track(songs, "index words", total), first=0)


def update_lexical(
    source: Path,
    folder: Path,
    *,
    remove: Iterable[int],
    add: Iterable[SongText],
    everything: Callable[[], Iterable[SongText]],
    track: Track = quiet,
    total: int | None = None,
) -> None:
    """Write `source` without the rows `remove` and with the songs `add` into the new folder `folder`.

    add          songs whose rows are above all of `source`: a changed song has a new row, and its old one is removed
    everything   all songs of the new index; called where a row is removed
    total        the number of songs that are indexed, for `track`

    Where nothing is removed, the new folder links to the segments of `source`, which never change once written.
    Where something is, all songs are indexed anew: tantivy only marks a song as deleted, and its words, and its part in
    the frequencies that BM25 weighs with, stay until a merge that nobody can ask for (80,000 songs take 10 s).
    Either way the answers are those of a fresh build, and `source` and its readers stay as they are.
    """
    source, folder = Path(source), Path(folder)
    if any(True for _ in remove):
        build_lexical(folder, everything(), track=track, total=total)
        return
    first = 0
    for name in SHARDS:
        (folder / name).mkdir(parents=True)
        linked = [META]
        with writing(folder):
            for path in segment_files(source / name):
                link(path, folder / name / path.name)
                linked.append(path.name)
            with open_regular(source / name / META) as meta:
                (folder / name / META).write_bytes(meta.read())
            # Never the list in `source`: tantivy deletes whatever file of the user's it names.
            (folder / name / MANAGED).write_text(json.dumps(linked), "utf-8")
        first = max(first, Shard(folder / name).last_row() + 1)
    _add(folder, track(add, "index words", total), first=first)


def _add(folder: Path, songs: Iterable[SongText], *, first: int) -> None:
    """Add songs whose rows rise from `first` or above, then write the vocabulary."""
    import tantivy

    with ExitStack() as stack:
        writers = [stack.enter_context(_writer(folder / shard)) for shard in SHARDS]
        expected = first
        for row, title, artist, lyrics in songs:
            if row < expected:
                after = f"row {expected - 1}" if expected > first else f"the rows of the index, up to {first - 1}"
                raise ValueError(f"row {row} comes after {after}; rows must rise from 0")
            expected = row + 1
            words, names = pieces_of(tokenise(lyrics or "")), tokenise_name(artist)
            document = tantivy.Document()
            document.add_unsigned("row", row)
            document.add_text("lyrics", " ".join(words))
            document.add_text("title", " ".join(pieces_of(tokenise_name(title))))
            # "AC/DC" and "P!nk" are looked for as acdc and pnk: the joined name is one more word.
            joined = ["".join(names)] if 1 < len(names) < 4 and not any(map(is_unspaced, names)) else []
            document.add_text("artist", " ".join([*pieces_of(names), *joined]))
            with writing(folder, ValueError):
                writers[0 if words else 1].add_document(document)
    for shard in SHARDS:
        for lock in (folder / shard).glob(".*.lock"):  # nobody writes here again
            lock.unlink()
    with_lyrics, without_lyrics = (Shard(folder / shard) for shard in SHARDS)
    names_of = Counter[str]()
    for part in (with_lyrics, without_lyrics):
        for field in ("title", "artist"):
            names_of.update(dict(part.beginning(field, "")))
    with writing(folder):
        write_vocabulary(folder, with_lyrics.beginning("lyrics", ""), names_of.items())
        share_modes(folder)


@contextmanager
def _writer(folder: Path) -> Iterator[tantivy.IndexWriter]:
    """Commits when the block succeeds."""
    import tantivy

    with writing(folder, ValueError):
        index = tantivy.Index.open(str(folder))
        index.register_tokenizer(TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        writer = index.writer(HEAP_BYTES, 1)
    yield writer
    with writing(folder, ValueError):
        writer.commit()
        writer.wait_merging_threads()
