"""Detection: what a file is by its first bytes, whatever its name."""

from __future__ import annotations

import codecs
import csv
import json
import re
from itertools import islice
from pathlib import Path

from indexer.errors import SourceError
from indexer.sources.tabular import OpenedFile, bad_parquet, column_name, json_line, not_text, shown

HEAD_BYTES = 65_536  # enough for the header row of any table and the first object of any JSON file
JSONL_PEEK = 50  # optional keys (lyrics, tags) are missing from some rows, rarely from the first fifty

_PACKED = {
    b"\x1f\x8b": "gzip-compressed (unpack it with gunzip)",
    b"PK\x03\x04": "a zip archive (unpack it with unzip)",
    b"SQLite format 3\x00": "an SQLite database (give it with --catalogue if it is a catalogue of Refrain)",
    b"BZh": "bzip2-compressed (unpack it with bunzip2)",
    b"(\xb5/\xfd": "zstd-compressed (unpack it with unzstd)",
    b"\xfd7zXZ": "xz-compressed (unpack it with unxz)",
}
# One object that holds playlists as objects, before which stand at most simple facts and objects of such.
_SIMPLE = r'"[^"]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-\w.]+|\{[^{}]*\})\s*,\s*'
_JSON_SLICE = re.compile(rf'\{{\s*(?:{_SIMPLE})*"playlists"\s*:\s*\[\s*(?:\{{|\]|\Z)')


def sniff(path: str | Path) -> OpenedFile:
    """What `path` is by its content. A file that cannot hold songs is a `SourceError` that says what it is."""
    path = Path(path)
    name = shown(path)
    if path.is_dir():
        raise SourceError(f"{name} is a directory; name the files in it, as in {name}/*.csv")
    if path.exists() and not path.is_file():
        raise SourceError(f"{name} is a device or a pipe; save what it holds as a file first")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise SourceError(f"{name} does not exist; check the name") from None
    except PermissionError:
        raise SourceError(f"{name} may not be read by this user; give yourself the right with chmod u+r") from None
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}") from None
    if not head.strip():
        raise SourceError(f"{name} is empty; expected a CSV, JSONL, JSON or parquet file: get it again")
    if head.startswith(b"PAR1"):
        return _sniff_parquet(path)
    for magic, packing in _PACKED.items():
        if head.startswith(magic):
            raise SourceError(f"{name} is {packing}; expected CSV, JSONL, JSON or parquet")
    encoding = _encoding(head)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        raise not_text(path, encoding) from None
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise SourceError(f"{name} is empty; expected a CSV, JSONL, JSON or parquet file: get it again")
    if start.startswith("<"):
        raise SourceError(
            f"{name} is an HTML or XML page, not a table; download the file itself (on GitHub: the raw file)"
        )
    if start.startswith("{"):
        if _is_slice(start):
            return OpenedFile(path, "json", encoding)
        return OpenedFile(path, "jsonl", encoding, _jsonl_columns(path, encoding))
    if start.startswith("["):
        raise SourceError(f"{name} is one JSON array; expected one object per line: convert with jq -c '.[]'")
    # Not `start`: pandas leaves the first cell of a header empty, and in a TSV only a tab says so.
    first = next(line for line in text.lstrip("\ufeff").splitlines() if line.strip())
    delimiter = max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    return OpenedFile(path, "csv", encoding, tuple(map(column_name, header)), delimiter)


def _is_slice(text: str) -> bool:
    """Whether JSON is one object that holds playlists; songs may have a key "playlists" too, an object per line."""
    first, _, rest = text.partition("\n")
    try:
        whole = json.loads(first)
    except (ValueError, RecursionError):
        return _JSON_SLICE.match(text) is not None
    playlists = whole.get("playlists") if isinstance(whole, dict) else None
    return not rest.strip() and isinstance(playlists, list) and all(isinstance(each, dict) for each in playlists)


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


def _jsonl_columns(path: Path, encoding: str) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    try:
        with path.open(encoding=encoding) as file:
            for line_number, line in enumerate(islice(file, JSONL_PEEK), start=1):
                row = json_line(path, line_number, line) if line.strip() else None
                if isinstance(row, dict):
                    columns.update(dict.fromkeys(map(column_name, row)))
    except UnicodeDecodeError:
        raise not_text(path, encoding) from None
    return tuple(columns)


def _sniff_parquet(path: Path) -> OpenedFile:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns = tuple(map(column_name, file.schema_arrow.names))
            return OpenedFile(path, "parquet", columns=columns, rows=file.metadata.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise bad_parquet(path, error) from None
