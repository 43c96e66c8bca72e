"""Previews: what a file would become, without importing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.sources import Source
from indexer.sources.cells import empty, plain
from indexer.sources.columns import Column
from indexer.sources.tabular import sample_of

SONGS = 3  # that a preview shows
_EXAMPLE = 40  # characters of a cell


@dataclass(frozen=True, slots=True)
class PreviewedColumn:
    """A column, the field that it becomes ("" for none), a unit or a reason, and the first cell that holds anything."""

    name: str
    field: str
    remark: str
    example: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would become.

    kind, why    the format that is surest of it and what it saw; others: formats that are nearly as sure
    remarks      what was guessed of the file as a whole
    columns      each column and what it becomes
    songs        the first three songs, by fields, as the catalogue would hold them
    playlists    names of the playlists among the first rows
    """

    file: str
    kind: str
    why: str
    others: Sequence[str]
    remarks: Sequence[str]
    columns: Sequence[PreviewedColumn]
    songs: Sequence[dict[str, object]]
    playlists: Sequence[str]


def preview(source: Source) -> Preview:
    """What a file would become, from its first rows."""
    songs: list[dict[str, object]] = []
    playlists: dict[str, None] = {}
    for batch in source.batches():
        songs += [dict(song.ids) | dict(song.facts) for song in batch.songs[: SONGS - len(songs)]]
        playlists.update(dict.fromkeys(str(row.facts.get("name", "")) for row in batch.playlists))
        if len(songs) >= SONGS:
            break
    opened = source.opened
    columns = [_column(column, source) for column in source.format.columns(opened)]
    return Preview(
        opened.name, source.format.name, source.fit.why, source.others, opened.remarks, columns, songs, list(playlists)
    )


def _column(column: Column, source: Source) -> PreviewedColumn:
    cells = (row[column.name] for _, row in sample_of(source.opened) if column.name in row)
    example = next((plain(cell)[:_EXAMPLE] for cell in cells if not empty(cell)), "")
    return PreviewedColumn(column.name, column.field, column.remark, example)
