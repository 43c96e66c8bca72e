"""Tables: the rows of a file as mappings, batch by batch; knows no song and no format."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from indexer.errors import SourceError
from indexer.sources.flat import flat
from indexer.sources.json_tables import table_rows
from indexer.sources.opened import BROKEN, OpenedFile, Row, shown

BATCH_ROWS = 2_000
SAMPLE_ROWS = 1_000
MAX_CELL = 16_000_000  # characters; above this a quote was opened and never closed

_END_MARK = "\x1eend of file\x1e"


def batches(opened: OpenedFile, size: int = BATCH_ROWS) -> Iterator[list[Row]]:
    """The rows of a table, `size` at a time, numbered from 1 (a CSV header is no row)."""
    rows = _rows(opened)
    try:
        while True:
            with _wide_cells():
                batch = list(islice(rows, size))
            if not batch:
                return
            yield batch
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{opened.shown} is not {opened.encoding.upper()} text ({error.reason}); the file is damaged or cut short: "
            "get it again"
        ) from None
    except OSError as error:
        raise SourceError(f"{opened.shown} cannot be read to its end: {error.strerror or error}") from None


def listed_rows(opened: OpenedFile) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """The rows of a table one by one; of a row that cannot be read the reason."""
    for rows in batches(opened):
        for row, cells in rows:
            yield row, str(cells[BROKEN]) if BROKEN in cells else cells


def sample_of(opened: OpenedFile) -> tuple[Row, ...]:
    """The first rows of a table that can be read, at most SAMPLE_ROWS; () of a file that is no table."""
    if "sample" not in opened.cache:
        opened.cache["sample"] = _first_rows(opened)
    sample: tuple[Row, ...] = opened.cache["sample"]
    return sample


def _first_rows(opened: OpenedFile) -> tuple[Row, ...]:
    if opened.kind not in _READERS:
        return ()
    rows: list[Row] = []
    try:
        for batch in batches(opened, 100):
            rows += batch
            if len(rows) >= SAMPLE_ROWS:
                break
    except SourceError:
        pass
    return tuple(row for row in rows if BROKEN not in row[1])


def _rows(opened: OpenedFile) -> Iterator[Row]:
    return _READERS[opened.kind](opened)


@contextmanager
def _wide_cells() -> Iterator[None]:
    """csv cuts cells at 131,072 characters for the whole process; a lyric of 1 MB needs more, while we read only."""
    previous = csv.field_size_limit(MAX_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(previous)


def _csv_rows(opened: OpenedFile) -> Iterator[Row]:
    """A row that ends early lacks its last cells; one that is too long is broken unless what is over is empty."""
    names = opened.columns
    first_line, number = opened.skipped + 1, -1 if opened.header else 0
    with opened.open_text(newline="") as file:
        for _ in islice(file, opened.skipped):
            pass
        reader = csv.reader(_then_mark(file), delimiter=opened.delimiter, skipinitialspace=opened.spaced)
        try:
            for cells in reader:
                if cells == [_END_MARK]:
                    return
                if _END_MARK in (cells[-1] if cells else ""):
                    break
                first_line = opened.skipped + reader.line_num + 1
                if not cells or (number < 0 and not any(map(str.strip, cells))):
                    continue
                number += 1
                if number == 0:
                    continue
                if len(cells) > len(names) and any(map(str.strip, cells[len(names) :])):
                    reason = (
                        f"line {opened.skipped + reader.line_num} has {len(cells)} cells, the header has {len(names)}"
                    )
                    yield number, {BROKEN: reason}
                elif cells != [""] or len(names) == 1:
                    yield number, dict(zip(names, cells, strict=False))
                else:
                    number -= 1
        except csv.Error as error:
            raise SourceError(
                f"{opened.shown}, line {first_line:,}: no CSV from here on ({error}); mend the quotes there"
            ) from None
    raise SourceError(
        f"{opened.shown}, line {first_line:,}: a quote is opened and never closed; the file is cut short or "
        "a quote in a text was not doubled: get it again or mend that line"
    )


def _then_mark(lines: Iterable[str]) -> Iterator[str]:
    """The lines, then a mark in a row of its own: if it lands inside a cell, a quote was never closed."""
    ended = True
    for line in lines:
        yield line.replace("\x00", "") if "\x00" in line else line
        ended = line.endswith(("\n", "\r"))
    if not ended:
        yield "\n"
    yield _END_MARK


def _jsonl_rows(opened: OpenedFile) -> Iterator[Row]:
    number = 0
    with opened.open_text() as file:
        for line_number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            number += 1
            row = json_line(opened, line_number, line)
            if isinstance(row, dict):
                yield number, flat(row)
            else:
                yield number, {BROKEN: f"line {line_number} is not a JSON object but {type(row).__name__}"}


def json_line(opened: OpenedFile, line_number: int, line: str) -> object:
    """The value of one line of JSON Lines."""
    try:
        return json.loads(line.lstrip("\ufeff\x1e"))
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{opened.shown}, line {line_number:,} is not JSON ({str(error)[:80]}); expected one object per line: "
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
                    yield number, {BROKEN: problem} if problem else _nested(opened.columns, cells)
    except (pyarrow.ArrowException, OSError) as error:
        raise bad_parquet(opened.path, error) from None


def _nested(names: Sequence[str], cells: Sequence[object]) -> dict[str, object]:
    """A row of parquet, whose cells may be objects and lists of objects; numpy-free, as `to_pylist` gives them."""
    row: dict[str, object] = dict(zip(names, cells, strict=True))
    return flat(row) if any(isinstance(cell, dict | list) for cell in cells) else row


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


def _sheet_rows(opened: OpenedFile) -> Iterator[Row]:
    from indexer.sources.sheets import sheet_rows

    yield from sheet_rows(opened)


def _json_rows(opened: OpenedFile) -> Iterator[Row]:

    yield from table_rows(opened)


_READERS = {
    "csv": _csv_rows,
    "jsonl": _jsonl_rows,
    "json table": _json_rows,
    "parquet": _parquet_rows,
    "sheet": _sheet_rows,
}
