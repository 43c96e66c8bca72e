"""Listens in tables and JSON of other programs: a title, an artist, and a time at which the song was played."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from indexer.records import SOUND_NAMES
from indexer.sources.base import LIKELY, POSSIBLE, Fit
from indexer.sources.flat import flat
from indexer.sources.formats.tables import TABLES
from indexer.sources.listens import NoListen, Record, listens_format, objects_below, objects_in
from indexer.sources.mapping import map_columns
from indexer.sources.meanings import meaning
from indexer.sources.opened import OpenedFile
from indexer.sources.tabular import SAMPLE_ROWS, listed_rows, sample_of
from indexer.sources.units import moment

_NO_HISTORY = frozenset({"playlist", "playlist_id", "plays", "lyrics", "followers", "position", "count"})
_OF_SONGS = frozenset({"popularity", "year", "genre", "tags", "language", *SOUND_NAMES})
_MOSTLY = 0.9  # of the times must be times, and differ
_NEEDED = ("title", "artist", "listened_at")


def _is_listen(value: Record) -> bool:
    cells = flat(value)
    fields = {found[0] for name in cells if (found := meaning(name)) is not None}
    single = {found[0] for name, cell in cells.items() if not isinstance(cell, list) and (found := meaning(name))}
    return fields.issuperset(_NEEDED) and {"title", "listened_at"} <= single  # lists are of a page of listens


def _listens(opened: OpenedFile) -> Iterator[tuple[int, Record | NoListen]]:
    if opened.kind in TABLES:
        for row, record in listed_rows(opened):
            yield row, NoListen(record) if isinstance(record, str) else record
    else:
        for row, value in enumerate(objects_in(opened, _is_listen), start=1):
            yield row, flat(value)


def _recognise(opened: OpenedFile) -> Fit | None:
    """The time must be one: dates, the one time at which a list was made, or when a song was last played are none."""
    if opened.kind in TABLES:
        sample = [record for _, record in sample_of(opened)]
    elif opened.kind == "json":
        sample = list(map(flat, islice(objects_below(opened.outline, _is_listen), SAMPLE_ROWS)))
    else:
        return None
    columns = map_columns(tuple(dict.fromkeys(name for record in sample for name in record)), sample).columns
    fields = {column.field for column in columns if column.field}
    if not fields.issuperset(_NEEDED) or not fields.isdisjoint(_NO_HISTORY):
        return None
    column = next(column for column in columns if column.field == "listened_at" and not column.rank)
    times = [time for record in sample if (time := moment(record.get(column.name))) is not None]
    if not times or len(set(times)) < _MOSTLY * len(sample):
        return None
    why = f"a title, an artist and times in {column.name!r}"
    if meaning(column.name) == ("listened_at", 0) or "ms_played" in fields:
        return Fit(LIKELY, why)
    return Fit(POSSIBLE, why) if fields.isdisjoint(_OF_SONGS) else None


FORMATS = (listens_format("listens", "title, artist and the time at which it was played", _recognise, _listens),)
