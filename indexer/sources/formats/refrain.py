"""What Refrain itself writes: playlists as CSV and JSON, and every answer that is a song or a list of songs as JSON.

A playlist in CSV is called after its file. Rows name songs: what the catalogue knows of them already stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from indexer.records import AUDIO_NAMES
from indexer.sources.base import CERTAIN, Batch, Fit, Format, Refusal
from indexer.sources.cells import plain
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.documents import whole
from indexer.sources.lists import list_name
from indexer.sources.opened import OpenedFile
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS, batches
from indexer.text.formulas import without_apostrophe

_CSV_COLUMNS = frozenset({"position", "song_id", "title", "artist", "score", "reason", "spotify_id"})
# Names of an answer, each under the field that it is; all others are about the answer.
_FIELDS = {
    **{name: name for name in ("song_id", "title", "artist", "album", "year", "decade", "language", "explicit")},
    **{name: name for name in ("popularity", "spotify_id", "lyrics", "tags", *AUDIO_NAMES)},
    "genres": "genre",
}


def _is_table(opened: OpenedFile) -> Fit | None:
    if opened.kind in ("csv", "sheet", "jsonl", "parquet") and set(opened.columns) >= _CSV_COLUMNS:
        return Fit(CERTAIN, "the columns of a playlist of Refrain")
    return None


def _is_answer(opened: OpenedFile) -> Fit | None:
    outline = opened.outline
    if opened.kind not in ("json", "jsonl") or not isinstance(outline, dict):
        return None
    first = next(iter(_songs(outline)), None)
    if isinstance(first, dict) and {"song_id", "title", "artist"} <= first.keys():
        return Fit(
            CERTAIN, "a song with song_id and has_lyrics" if first is outline else '"songs", each with a song_id'
        )
    return None


def _songs(document: Mapping[str, object]) -> Sequence[object]:
    """The songs of an answer: those that it lists, or the one that it is."""
    if "has_lyrics" in document and "song_id" in document:
        return [document]
    listed = document.get("songs")
    return listed if isinstance(listed, list) else ()


def _columns_of(names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(name, _FIELDS.get(name, ""), _remark(name)) for name in names)


def _remark(name: str) -> str:
    if name in _FIELDS:
        return ""
    return (
        "the order of the rows is that of the songs" if name == "position" else "about the answer, not about the song"
    )


def _read_table(opened: OpenedFile) -> Iterator[Batch]:
    playlist = list_name(opened, "")
    reader = SongReader(opened, ColumnMap(_columns_of(opened.columns)), playlist=playlist, weak=True)
    for rows in batches(opened):
        batch = Batch()
        for row, cells in batch.valid_rows(rows, opened.name, "song"):
            reader.add(batch, row, {name: _cell(cell) for name, cell in cells.items()})
        yield batch
    last = Batch()
    reader.finish(last)
    yield last


def _cell(cell: object) -> object:
    return without_apostrophe(cell) if isinstance(cell, str) else cell


def _read_answer(opened: OpenedFile) -> Iterator[Batch]:
    document = whole(opened)
    assert isinstance(document, dict)
    songs = _songs(document)
    name = plain(document.get("name"))
    reader = SongReader(
        opened, ColumnMap(_answer_columns(songs)), playlist=list_name(opened, name) if name else None, weak=True
    )
    for start in range(0, len(songs), BATCH_ROWS):
        batch = Batch()
        for row, song in enumerate(songs[start : start + BATCH_ROWS], start=start + 1):
            if isinstance(song, dict):
                reader.add(batch, row, song)
            else:
                batch.refusals.append(Refusal(opened.name, row, "song", f"a song is {type(song).__name__}, no object"))
        yield batch
    last = Batch()
    reader.finish(last)
    yield last


def _answer_columns(songs: Sequence[object]) -> tuple[Column, ...]:
    objects: Iterator[Mapping[str, object]] = (song for song in songs if isinstance(song, dict))
    return _columns_of(tuple(dict.fromkeys(chain.from_iterable(islice(objects, BATCH_ROWS)))))


def _preview_columns(opened: OpenedFile) -> Sequence[Column]:
    outline = opened.outline
    return _answer_columns(_songs(outline)) if isinstance(outline, dict) else ()


FORMATS = (
    Format(
        "refrain playlist", 3, "position, song_id, title, artist, score, reason (a playlist of Refrain, CSV)",
        _is_table, _read_table, lambda opened: _columns_of(opened.columns),
    ),
    Format(
        "refrain answer", 3, '"songs" with song_id (an answer or a playlist of Refrain, JSON)', _is_answer,
        _read_answer, _preview_columns,
    ),
)  # fmt: skip
