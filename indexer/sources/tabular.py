"""Tables: the rows of a file as mappings, batch by batch; knows no song and no format."""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from indexer.errors import SourceError

BATCH_ROWS = 2_000
MAX_CELL = 16_000_000  # characters; above this a quote was opened and never closed

Kind = Literal["csv", "jsonl", "json", "parquet"]
Row = tuple[int, Mapping[str, object]]

_END_MARK = "\x1eend of file\x1e"

# A row that could not be read has this key alone, with the reason as its value. No column can have this name.
BROKEN = "\x00"


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that can be read and what its first bytes say.

    columns   column names, lower case, spaces and dashes as "_"; empty for kind "json" (one big object)
    rows      number of rows where the file says it, else None
    """

    path: Path
    kind: Kind
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    rows: int | None = None

    @property
    def name(self) -> str:
        """The file's name, as it is shown and stored."""
        return shown(self.path.name)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Names that several columns have ("Title" and "title"): of each row the first of them that holds anything
        is read."""
        return tuple(name for name, times in Counter(self.columns).items() if times > 1)


def shown(path: str | Path) -> str:
    """A path for people: bytes of a name that are not UTF-8 text are shown as the replacement character."""
    return os.fsencode(path).decode("utf-8", "replace")


def batches(opened: OpenedFile, size: int = BATCH_ROWS) -> Iterator[list[Row]]:
    """The rows of a table, `size` at a time, numbered from 1 (a CSV header is no row)."""
    rows = {"csv": _csv_rows, "jsonl": _jsonl_rows, "parquet": _parquet_rows}[opened.kind](opened)
    try:
        while True:
            with _wide_cells():
                batch = list(islice(rows, size))
            if not batch:
                return
            yield batch
    except UnicodeDecodeError:
        raise not_text(opened.path, opened.encoding) from None
    except OSError as error:
        raise SourceError(f"{shown(opened.path)} cannot be read to its end: {error.strerror or error}") from None


def column_name(name: object) -> str:
    """A column name as formats are recognised by.

    >>> column_name(" Track Name")
    'track_name'
    """
    return re.sub(r"[\s-]+", "_", str(name).strip("\ufeff \t\r\n\x00").lower())


def _by_name(names: Sequence[str], cells: Iterable[object]) -> dict[str, object]:
    """A row by column names; of columns with one name the first that holds anything counts."""
    row: dict[str, object] = {}
    for name, cell in zip(names, cells, strict=True):
        if row.get(name) in (None, ""):
            row[name] = cell
    return row


def columns_of(opened: OpenedFile, synonyms: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """For each field that the file has, the columns that may hold it, best first.

    Rows of JSONL have keys of their own, and rare ones may come late: there every accepted name stays possible.
    """
    if opened.kind == "jsonl":
        return dict(synonyms)
    present = set(opened.columns)
    usable = {field: tuple(name for name in names if name in present) for field, names in synonyms.items()}
    return {field: names for field, names in usable.items() if names}


def not_text(path: Path, encoding: str) -> SourceError:
    """The error for bytes that are not text in `encoding`: where the first of them is, and how to convert."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as file:
        while True:
            piece = file.read(1 << 20)
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                done += error.start - waiting
                break
            done += len(piece)
            if not piece:
                break
    if encoding == "utf-8-sig" or encoding == "utf-8":
        advice = "convert it, if it is Latin-1 with: iconv -f latin1 -t utf-8 OLD > NEW"
    else:
        advice = "the file is damaged or cut short: get it again"
    return SourceError(
        f"{shown(path)} is not {encoding.upper().removesuffix('-SIG')} text: byte {max(done, 0):,}; {advice}"
    )


@contextmanager
def _wide_cells() -> Iterator[None]:
    """csv cuts cells at 131,072 characters for the whole process; a lyric of 1 MB needs more, while we read only."""
    previous = csv.field_size_limit(MAX_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(previous)


def _csv_rows(opened: OpenedFile) -> Iterator[Row]:
    names = opened.columns
    first_line, number = 1, -1
    with opened.path.open(encoding=opened.encoding, newline="") as file:
        reader = csv.reader(_then_mark(file), delimiter=opened.delimiter)
        try:
            for cells in reader:
                if cells == [_END_MARK]:
                    return
                if _END_MARK in (cells[-1] if cells else ""):
                    break
                first_line = reader.line_num + 1
                if not cells or (number < 0 and not any(map(str.strip, cells))):
                    continue
                number += 1
                if number == 0:
                    continue
                if len(cells) != len(names):
                    reason = f"line {reader.line_num} has {len(cells)} cells, the header has {len(names)}"
                    yield number, {BROKEN: reason}
                else:
                    yield number, _by_name(names, cells)
        except csv.Error as error:
            raise SourceError(
                f"{shown(opened.path)}, line {first_line:,}: no CSV from here on ({error}); mend the quotes there"
            ) from None
    raise SourceError(
        f"{shown(opened.path)}, line {first_line:,}: a quote is opened and never closed; the file is cut short or "
        "a quote in a text was not doubled: get it again or mend that line"
    )


def _then_mark(lines: Iterable[str]) -> Iterator[str]:
    """The lines, then a mark in a row of its own: if it lands inside a cell, a quote was never closed."""
    ended = True
    for line in lines:
        yield line
        ended = line.endswith(("\n", "\r"))
    if not ended:
        yield "\n"
    yield _END_MARK


def _jsonl_rows(opened: OpenedFile) -> Iterator[Row]:
    names: dict[str, str] = {}
    number = 0
    with opened.path.open(encoding=opened.encoding) as file:
        for line_number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            number += 1
            row = json_line(opened.path, line_number, line)
            if not isinstance(row, dict):
                yield number, {BROKEN: f"line {line_number} is not a JSON object but {type(row).__name__}"}
                continue
            for key in row.keys() - names.keys():
                names[key] = column_name(key)
            yield number, _by_name([names[key] for key in row], row.values())


def json_line(path: Path, line_number: int, line: str) -> object:
    """The value of one line of JSONL."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{shown(path)}, line {line_number:,} is not JSON ({str(error)[:80]}); expected one object per line: "
            "the file is cut short or damaged, get it again"
        ) from None


def _parquet_rows(opened: OpenedFile) -> Iterator[Row]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(opened.path) as file:
            for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
                columns = [_cells(*each) for each in zip(opened.columns, batch.columns, strict=True)]
                for cells in zip(*columns, strict=True):
                    number += 1
                    problem = next((cell.reason for cell in cells if isinstance(cell, _Unreadable)), None)
                    yield number, {BROKEN: problem} if problem else _by_name(opened.columns, cells)
    except (pyarrow.ArrowException, OSError) as error:
        raise bad_parquet(opened.path, error) from None


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A cell that Python has no value for."""

    reason: str


def _cells(name: str, column: Any) -> list[object]:
    """The values of an Arrow column; a date beyond 9999 or a text that is not UTF-8 spoils only its own row."""
    try:
        values: list[object] = column.to_pylist()
    except (ValueError, OverflowError):
        values = []
        for cell in column:
            try:
                values.append(cell.as_py())
            except (ValueError, OverflowError) as error:
                values.append(
                    _Unreadable(f"column {name!r} holds a {cell.type} that cannot be read ({str(error)[:60]})")
                )
    return values


def bad_parquet(path: Path, error: Exception) -> SourceError:
    """The error for a file that begins like parquet and is none."""
    return SourceError(
        f"{shown(path)} begins like parquet but cannot be read ({str(error)[:100]}); it is cut short or damaged: "
        "get it again"
    )
