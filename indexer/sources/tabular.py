"""Files: what a file is by its first bytes, and its rows as mappings, batch by batch; knows no song and no format."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from indexer.errors import SourceError

HEAD_BYTES = 65_536  # enough for the header row of any table and the first object of any JSON file
BATCH_ROWS = 2_000
JSONL_PEEK = 50  # optional keys (lyrics, tags) are missing from some rows, rarely from the first fifty
MAX_CELL = 16_000_000  # characters; above this a quote was opened and never closed

Kind = Literal["csv", "jsonl", "json", "parquet"]
Row = tuple[int, Mapping[str, object]]

_PACKED = {
    b"\x1f\x8b": "gzip-compressed (unpack it with gunzip)",
    b"PK\x03\x04": "a zip archive (unpack it with unzip)",
    b"SQLite format 3\x00": "an SQLite database (give it with --catalogue if it is a catalogue of Refrain)",
    b"BZh": "bzip2-compressed (unpack it with bunzip2)",
    b"(\xb5/\xfd": "zstd-compressed (unpack it with unzstd)",
    b"\xfd7zXZ": "xz-compressed (unpack it with unxz)",
}
_JSON_SLICE = re.compile(r'\A\s*\{.*"playlists"\s*:\s*\[', re.DOTALL)
_END_MARK = "\x1eend of file\x1e"

# The only key of a row that is no row: its value says why. No column can have this name.
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


def look(path: str | Path) -> OpenedFile:
    """What `path` is by its content. A file that cannot hold songs is a `SourceError` that says what it is."""
    path = Path(path)
    if path.is_dir():
        raise SourceError(f"{path} is a directory; name the files in it, as in {path}/*.csv")
    if path.exists() and not path.is_file():
        raise SourceError(f"{path} is a device or a pipe; save what it holds as a file first")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist; check the name") from None
    except PermissionError:
        raise SourceError(f"{path} may not be read by this user; give yourself the right with chmod u+r") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
    if not head.strip():
        raise SourceError(f"{path} is empty; expected a CSV, JSONL, JSON or parquet file: get it again")
    if head.startswith(b"PAR1"):
        return _look_parquet(path)
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            raise SourceError(f"{path} is {name}; expected CSV, JSONL, JSON or parquet")
    encoding = _encoding(head)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        raise not_text(path, encoding) from None
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        raise SourceError(
            f"{path} is an HTML or XML page, not a table; download the file itself (on GitHub: the raw file)"
        )
    if _JSON_SLICE.match(start):
        return OpenedFile(path, "json", encoding)
    if start.startswith("{"):
        return OpenedFile(path, "jsonl", encoding, _jsonl_columns(path, encoding))
    if start.startswith("["):
        raise SourceError(f"{path} is one JSON array; expected one object per line: convert with jq -c '.[]'")
    first = start.splitlines()[0]
    delimiter = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    return OpenedFile(path, "csv", encoding, tuple(map(column_name, header)), delimiter)


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
        raise SourceError(f"{opened.path} cannot be read to its end: {error.strerror or error}") from None


def column_name(name: object) -> str:
    """A column name as formats are recognised by.

    >>> column_name(" Track Name")
    'track_name'
    """
    return re.sub(r"[\s-]+", "_", str(name).strip("\ufeff \t\r\n\x00").lower())


def columns_of(opened: OpenedFile, synonyms: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """For each field that the file has, the columns that may hold it, best first.

    Rows of JSONL have keys of their own, and rare ones may come late: there every accepted name stays possible.
    """
    if opened.kind == "jsonl":
        return dict(synonyms)
    present = set(opened.columns)
    found = {field: tuple(name for name in names if name in present) for field, names in synonyms.items()}
    return {field: names for field, names in found.items() if names}


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
    return SourceError(f"{path} is not {encoding.upper().removesuffix('-SIG')} text: byte {max(done, 0):,}; {advice}")


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


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
                if not cells:
                    continue
                number += 1
                if number == 0:
                    continue
                if len(cells) != len(names):
                    reason = f"line {reader.line_num} has {len(cells)} cells, the header has {len(names)}"
                    yield number, {BROKEN: reason}
                else:
                    yield number, dict(zip(names, cells, strict=True))
        except csv.Error as error:
            raise SourceError(
                f"{opened.path}, line {first_line:,}: no CSV from here on ({error}); mend the quotes there"
            ) from None
    raise SourceError(
        f"{opened.path}, line {first_line:,}: a quote is opened and never closed; the file is cut short or a quote in "
        "a text was not doubled: get it again or mend that line"
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
            found = _json_line(opened.path, line_number, line)
            if not isinstance(found, dict):
                yield number, {BROKEN: f"line {line_number} is not a JSON object but {type(found).__name__}"}
                continue
            for key in found.keys() - names.keys():
                names[key] = column_name(key)
            yield number, {names[key]: value for key, value in found.items()}


def _json_line(path: Path, line_number: int, line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{path}, line {line_number:,} is not JSON ({str(error)[:80]}); expected one object per line: "
            "the file is cut short or damaged, get it again"
        ) from None


def _jsonl_columns(path: Path, encoding: str) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    try:
        with path.open(encoding=encoding) as file:
            for line_number, line in enumerate(islice(file, JSONL_PEEK), start=1):
                found = _json_line(path, line_number, line) if line.strip() else None
                if isinstance(found, dict):
                    columns.update(dict.fromkeys(map(column_name, found)))
    except UnicodeDecodeError:
        raise not_text(path, encoding) from None
    return tuple(columns)


def _look_parquet(path: Path) -> OpenedFile:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns = tuple(map(column_name, file.schema_arrow.names))
            return OpenedFile(path, "parquet", columns=columns, rows=file.metadata.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise _bad_parquet(path, error) from None


def _parquet_rows(opened: OpenedFile) -> Iterator[Row]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(opened.path) as file:
            for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, dict(zip(opened.columns, cells, strict=True))
    except (pyarrow.ArrowException, OSError) as error:
        raise _bad_parquet(opened.path, error) from None


def _bad_parquet(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path} begins like parquet but cannot be read ({str(error)[:100]}); it is cut short or damaged: get it again"
    )
