"""JSON tables: the rows of documents that are no arrays of objects, as those that pandas writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from indexer.errors import SourceError
from indexer.records import SOUND_NAMES
from indexer.sources.cells import plain
from indexer.sources.documents import documents, members, whole
from indexer.sources.flat import flat
from indexer.sources.identifiers import is_number, namespace_of
from indexer.sources.meanings import meaning
from indexer.sources.objects import is_song, playlist_of, songs_in
from indexer.sources.opened import BROKEN, OpenedFile, Row
from indexer.sources.path_names import parted

Shape = Literal["keyed", "columns", "arrays", "split", "values", "objects"]

MOST_WHOLE = 256_000_000  # bytes of a document by columns: its first row is whole where its last column begins
_DEPTH = 8  # of objects around a table
_JUDGED = 50  # rows by which a document is judged
_FEW = 20  # cells of the only column that the beginning of a document shows


@dataclass(frozen=True, slots=True)
class JsonTable:
    """Where the rows of a document stand, and how.

    shape   "keyed"    {"ID": {"title": ...}, ...}: objects by an id, a row number, or a name
            "columns"  {"title": {"0": ...}, ...}: the same, turned over
            "arrays"   {"title": [...], ...}
            "split"    {"columns": [...], "data": [[...], ...]}, whatever the two are called
            "values"   [["title", ...], [...], ...]
            "objects"  {...} {...}: one after another, not a line each
    path    the keys above it, from the outermost one
    columns  what keys become: ("id",), ("title",), ("artist", "title"), () for none
    names   of "split": the keys of the names, of the rows, and of their index ("" for none)
    many    whether the file is a sequence of documents: of rows where the shape is "values" or "objects"
    """

    shape: Shape
    path: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    names: tuple[str, str, str] = ("", "", "")
    many: bool = False


def table_in(value: object) -> JsonTable | None:
    """The table that the beginning of a document is, or that stands below a key of it; None for objects in arrays."""
    table = _table(value, ())
    return None if table is None or _songs_beside(value, table.path) else table


def sequence_in(values: Sequence[object]) -> JsonTable | None:
    """The table that documents are which stand one after another in a file; None where they are pages or playlists.

    values   the first of them
    """
    if all(isinstance(each, list) for each in values):
        return JsonTable("values", many=True) if _is_values(list(values)) else None
    records = [each for each in values if isinstance(each, dict)]
    if any(map(is_one, records)) and not any(playlist_of(each, "") for each in records):
        return JsonTable("objects", many=True)
    together = _table({key: each for record in records for key, each in record.items()}, ())
    if together is not None and together.shape == "keyed" and not together.path:
        return replace(together, many=True)
    if not records or any(True for _ in songs_in(records, "")):
        return None
    return JsonTable("objects", many=True)


def table_rows(opened: OpenedFile) -> Iterator[Row]:
    """The rows of a JSON table, numbered from 1.

    Rows of "keyed", "split", "values" and "objects" are read one by one; a document by columns is read as a whole.
    Raises SourceError where the document breaks off, or is by columns and larger than MOST_WHOLE.
    """
    table = opened.outline
    assert isinstance(table, JsonTable)
    yield from enumerate(_ROWS[table.shape](opened, table), start=1)


def _table(value: object, path: tuple[str, ...]) -> JsonTable | None:
    if isinstance(value, list):
        return JsonTable("values", path) if _is_values(value) else None
    if not isinstance(value, dict) or len(path) > _DEPTH or is_one(value):
        return None
    if names := _split_names(value):
        return JsonTable("split", path, ("id",) if names[2] else (), names)
    if _is_arrays(value):
        return JsonTable("arrays", path)
    if _is_columns(value):
        return JsonTable("columns", path, _of_keys(_keys_within(value), (), unnamed=False))
    records = [each for each in value.values() if isinstance(each, dict) and each]
    columns = _of_keys([key for key, each in value.items() if isinstance(each, dict) and each], records)
    if _is_keyed(value, columns):
        return JsonTable("keyed", path, columns)
    inner = (_table(each, (*path, key)) for key, each in value.items() if isinstance(each, dict | list))
    return next(filter(None, inner), None)


def is_one(value: Mapping[str, object]) -> bool:
    """Whether an object is one song, or one playlist."""
    return not _is_arrays(value) and not _is_columns(value) and (is_song(value) or playlist_of(value, "") is not None)


def _songs_beside(value: object, path: Sequence[str]) -> bool:
    """Whether a document holds lists of objects beside the table: the table is not all that it is about."""
    for key in path:
        assert isinstance(value, dict)
        if any(other != key and isinstance(each, list) and _objects(each) for other, each in value.items()):
            return True
        value = value[key]
    return False


def _objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _known(names: Sequence[object]) -> set[str]:
    return {found[0] for name in names if isinstance(name, str) and (found := meaning(name)) is not None}


def _names_rows(fields: set[str]) -> bool:
    return len(fields) > 1 and not fields.isdisjoint(("title", "id", "spotify_id", "isrc", "mbid", "song_id"))


def _is_scalar(value: object) -> bool:
    return not isinstance(value, dict | list)


def _is_values(value: list[object]) -> bool:
    head = value[0] if value else None
    rows = (value[1:-1] or value[1:])[:_JUDGED]  # the last one may be cut
    return (
        isinstance(head, list)
        and _names_rows(_known(head))
        and 2 * sum(isinstance(row, list) and len(row) == len(head) for row in rows) > len(rows)
    )


def _split_names(value: Mapping[str, object]) -> tuple[str, str, str] | None:
    """The keys of the names of columns, of the rows, and of the rows' index."""
    header = next((key for key, each in value.items() if _names_rows(_known(_header(each)))), "")
    index = "index" if isinstance(value.get("index"), list) else ""
    if header and index and value.keys() == {header, index}:  # its beginning ends before the rows do begin
        return header, "data", index
    arrays = {key: each for key, each in value.items() if isinstance(each, list) and each and key != header}
    rows = next((key for key, each in arrays.items() if isinstance(each[0], list)), "")
    if not header or not rows or len(arrays[rows][0]) > len(_header(value[header])):
        return None
    return header, rows, index


def _header(value: object) -> list[object]:
    """The names of columns: texts, or objects with a name."""
    if not isinstance(value, list):
        return []
    names = [each.get("name", each.get("id")) if isinstance(each, dict) else each for each in value]
    return names if all(isinstance(name, str) for name in names) else []


def _is_arrays(value: Mapping[str, object]) -> bool:
    arrays = {key: each for key, each in value.items() if isinstance(each, list) and all(map(_is_scalar, each))}
    naming = [key for key in arrays if _known((key,)) & {"title", "spotify_id", "id", "isrc"}]
    if not naming:
        return False
    # Of a document that is cut in its first column no other is to be seen.
    return _names_rows(_known(list(arrays))) or (len(value) == 1 and len(arrays[naming[0]]) >= _FEW)


def _is_columns(value: Mapping[str, object]) -> bool:
    inner = {key: each for key, each in value.items() if isinstance(each, dict) and each}
    if not inner or len(inner) < len(value) or any(_known(list(each)[:_JUDGED]) for each in inner.values()):
        return False
    first = next(iter(inner.values()))
    alike = all(first.keys() >= each.keys() or each.keys() >= first.keys() for each in inner.values())
    scalars = all(_is_scalar(cell) or isinstance(cell, list) for each in inner.values() for cell in each.values())
    fields = _known(list(inner))
    return alike and scalars and (_names_rows(fields) or (len(inner) == 1 and bool(fields) and len(first) >= _FEW))


def _keys_within(value: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys(key for each in value.values() if isinstance(each, dict) for key in each))


def _of_keys(keys: Sequence[str], records: Sequence[Mapping[str, object]], *, unnamed: bool = True) -> tuple[str, ...]:
    """What the keys of rows become. A row number becomes an id, too: that it is none is said where ids are read."""
    keys, records = keys[:_JUDGED], records[:_JUDGED]
    cells = [flat(record) for record in records]
    fields = {found[0] for record in cells for name in record if (found := meaning(name)) is not None}
    if unnamed and "title" not in fields and keys and not namespace_of(keys) and not all(map(is_number, keys)):
        if all(parted(key)[0] for key in keys):
            return ("artist", "title")
        if "artist" in fields:
            return ("title",)
    own = any("id" in record for record in records)
    return ("key_id",) if own else ("id",)


def _is_keyed(value: Mapping[str, object], columns: Sequence[str]) -> bool:
    """Whether most of an object's values are songs, each under a key of its own."""
    if any(_objects(each) for each in value.values()):
        return False
    records = {key: each for key, each in value.items() if isinstance(each, dict) and each}
    namespace = namespace_of(list(records)[:_JUDGED])
    if (
        not records
        or _known(list(records)[:1])
        or (len(records) < 2 and not namespace and not is_number(next(iter(records))))
    ):
        return False
    songs = sum(_is_row(_with_key(key, each, columns), namespace) for key, each in list(records.items())[:_JUDGED])
    return 2 * songs > min(len(records), _JUDGED)


def _is_row(record: Mapping[str, object], namespace: str) -> bool:
    fields = _known(list(flat(record)))
    return is_song(record) or bool(namespace and fields.intersection((*SOUND_NAMES, "title", "artist")))


def _with_key(key: str, record: Mapping[str, object], columns: Sequence[str]) -> dict[str, object]:
    """A record and what its key says, where it does not say that itself."""
    if len(columns) == 2:
        artist, title = parted(key)
        if artist and plain(record.get("artist")).casefold() == title.casefold():  # "Title - Artist"
            artist, title = title, artist
        return {"artist": artist, "title": title, **record}
    return {**dict.fromkeys(columns, key), **record}


def _keyed(opened: OpenedFile, table: JsonTable) -> Iterator[Mapping[str, object]]:
    for key, record in members(opened, table.path):
        if isinstance(record, dict):
            yield flat(_with_key(key, record, table.columns))
        else:
            yield {BROKEN: f"{key[:40]!r} is no object but {type(record).__name__}"}


def _objects_of(opened: OpenedFile, table: JsonTable) -> Iterator[Mapping[str, object]]:
    for record in documents(opened):
        for each in record if isinstance(record, list) else (record,):
            if isinstance(each, dict):
                yield flat(each)
            else:
                yield {BROKEN: f"it is no object but {type(each).__name__}"}


def _values(opened: OpenedFile, table: JsonTable) -> Iterator[Mapping[str, object]]:
    names: list[object] = []
    rows = documents(opened) if table.many else (item for _, item in members(opened, table.path))
    for row in rows:
        if not names and isinstance(row, list):
            names = row
        else:
            yield _named(names, row)


def _split(opened: OpenedFile, table: JsonTable) -> Iterator[Mapping[str, object]]:
    """Rows one by one where their names and their index come before them; else together."""
    header, data, index = table.names
    parts: dict[str, list[object]] = {header: [], data: [], index: []}
    number = 0
    before = False
    for key, item in members(opened, table.path):
        if key != data or not parts[header]:
            if key in parts and key:
                parts[key].append(item)
                _check_size(opened)
            continue
        before = True
        yield _indexed(_named(_header(parts[header]), item), parts[index], number)
        number += 1
    if not before:
        for number, row in enumerate(parts[data]):
            yield _indexed(_named(_header(parts[header]), row), parts[index], number)


def _named(names: Sequence[object], row: object) -> dict[str, object]:
    if not isinstance(row, list):
        return {BROKEN: f"it is no array but {type(row).__name__}"}
    if len(row) > len(names):
        return {BROKEN: f"it has {len(row)} cells, {len(names)} columns have names"}
    return flat(dict(zip(map(str, names), row, strict=False)))


def _indexed(row: dict[str, object], index: Sequence[object], number: int) -> Mapping[str, object]:
    return {"id": index[number], **row} if number < len(index) and BROKEN not in row else row


def _arrays(opened: OpenedFile, table: JsonTable) -> Iterator[Mapping[str, object]]:
    document = _below(opened, table)
    columns = {key: each for key, each in document.items() if isinstance(each, list)}
    lengths = {key: len(each) for key, each in columns.items()}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} {length:,}" for name, length in list(lengths.items())[:8])
        raise SourceError(
            f"{opened.shown} holds an array for each column, and they are not of one length ({each}): which cells "
            "belong together is not known; get it again, or write an object for each song"
        )
    for cells in zip(*columns.values(), strict=True):
        yield flat(dict(zip(columns, cells, strict=True)))


def _columns(opened: OpenedFile, table: JsonTable) -> Iterator[Mapping[str, object]]:
    columns = {name: each for name, each in _below(opened, table).items() if isinstance(each, dict)}
    for key in dict.fromkeys(key for each in columns.values() for key in each):
        row = {name: each[key] for name, each in columns.items() if key in each}
        yield flat(_with_key(key, row, table.columns))


def _below(opened: OpenedFile, table: JsonTable) -> Mapping[str, object]:
    _check_size(opened)
    document = whole(opened)
    for key in table.path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _check_size(opened: OpenedFile) -> None:
    if opened.path.stat().st_size > MOST_WHOLE:
        raise SourceError(
            f"{opened.shown} is by columns and too large to be read as a whole (over {MOST_WHOLE // 1_000_000:,} MB); "
            'write it by rows: in pandas to_json(..., orient="records", lines=True)'
        )


_ROWS: Mapping[Shape, Callable[[OpenedFile, JsonTable], Iterator[Mapping[str, object]]]] = {
    "keyed": _keyed, "columns": _columns, "arrays": _arrays, "split": _split, "values": _values,
    "objects": _objects_of,
}  # fmt: skip
