"""Detection: what a file is by its first bytes, whatever its name."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from indexer.errors import SourceError
from indexer.sources.elements import declared_encoding, first_tag
from indexer.sources.encodings import Encoding, encoding_of
from indexer.sources.flat import MAX_DEPTH, flat
from indexer.sources.json_tables import sequence_in, table_in, table_rows
from indexer.sources.meanings import meaning
from indexer.sources.opened import BROKEN, SOUND_ENDINGS, OpenedFile, shown, unique_names
from indexer.sources.outline import outline
from indexer.sources.tabular import bad_parquet, json_line

HEAD_BYTES = 65_536  # enough for the header row of any table and the first object of any JSON file
JSONL_PEEK = 50  # optional keys (lyrics, tags) are missing from some rows, rarely from the first fifty
MAX_LINE = 16_000_000  # characters of a line of JSON Lines
_LONG_LINE = 1 << 20  # characters of an object on one line, of which the beginning shows what it is
MOST_COLUMNS = 20_000  # tables with a column for each genre or tag have some thousands
TITLE_LINES = 5  # that may stand before the header of a table
DELIMITERS = ",;\t|"

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_PACKED = {
    b"SQLite format 3\x00": "an SQLite database (give it with --catalogue if it is a catalogue of Refrain)",
    b"BZh": "bzip2-compressed (unpack it with bunzip2)",
    b"(\xb5/\xfd": "zstd-compressed (unpack it with unzstd)",
    b"\xfd7zXZ": "xz-compressed (unpack it with unxz)",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive (unpack it)",
    b"Rar!": "a RAR archive (unpack it)",
    b"%PDF": "a PDF (save the table in it as CSV)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"vrsn": "a database or crate of Serato (in Serato's History panel export the list as CSV or M3U)",
    b"bplist00": "a binary property list (in Music or iTunes: File > Library > Export Library writes XML)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (open it, and save it as XLSX or as CSV UTF-8)",
}
_SOUND = (
    b"ID3",
    b"fLaC",
    b"OggS",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf2",
    b"FORM",
    b"MAC ",
    b"wvpk",
    b"\x30\x26\xb2\x75",
)
_FILE_LINE = re.compile(
    rf"(?:.*(?:{'|'.join(map(re.escape, SOUND_ENDINGS))})|spotify:track:\w+|https?://\S+)", re.IGNORECASE
)
_LINES = re.compile(
    r"#EXTM3U|#EXTINF|\[playlist\]|\[[a-z#]{1,10}\s*:|\[\d{1,3}:\d\d",
    re.IGNORECASE,  # "[ti:" is no JSON
)
_COMMENTED = re.compile(r"(?:(?://|#)[^\n]*\n\s*|/\*[^*]*\*/\s*)+[{\[]")
_SCRIPT = re.compile(r"(?:(?:(?:var|let|const)\s+)?[\w.$]+\s*(?:=|\()|export\s+default)\s*[{\[]")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# Last.fm exports have no header: artist, album, title, "04 Mar 2021 10:15".
_LISTEN_TIME = re.compile(r"\d{1,2} \w{3} \d{4},? \d\d:\d\d")
_LISTEN_COLUMNS = ("artist", "album", "title", "listened_at")


def sniff(path: str | Path, name: str = "") -> OpenedFile:
    """What `path` is by its content. A file that cannot hold songs is a `SourceError` that says what it is.

    name   what the file is called where that is not its path: a member of an archive
    """
    opened = _sniffed(Path(path), name)
    if len(opened.columns) > MOST_COLUMNS:
        raise SourceError(
            f"{opened.shown} has {len(opened.columns):,} columns, expected a table of songs with at most "
            f"{MOST_COLUMNS:,}; it is damaged, or its rows and columns are swapped"
        )
    return opened


def _sniffed(path: Path, name: str) -> OpenedFile:
    head, called = _head(path), OpenedFile(path, "lines", name).shown
    if not head.strip():
        raise SourceError(f"{called} is empty; expected songs or playlists in a file of any known kind: get it again")
    if head.startswith(b"PAR1"):
        return _parquet(path, name)
    if head.startswith(ZIP):
        return _sheet(path, name)
    if head.startswith(_SOUND) or head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] == b"WAVE"):
        return OpenedFile(path, "sound", name)
    for magic, packing in {GZIP: "gzip-compressed (unpack it with gunzip)", **_PACKED}.items():
        if head.startswith(magic):
            raise SourceError(f"{called} is {packing}; expected CSV, JSON, XML, M3U, parquet or a spreadsheet")
    encoding = encoding_of(path, head)
    if b"\x00" in head and not encoding.name.startswith("utf-16"):
        packing = (
            "a tar archive (unpack it with tar -xf)" if head[257:262] == b"ustar" else "no text and of no known kind"
        )
        raise SourceError(f"{called} is {packing}; expected CSV, JSON, XML, M3U or parquet")
    return _text(path, name, encoding, head)


def _head(path: Path) -> bytes:
    name = shown(path)
    try:
        if path.is_dir():
            raise SourceError(f"{name} is a folder, expected a file; `refrain import {name}` imports what is in it")
        if path.exists() and not path.is_file():
            raise SourceError(f"{name} is a device or a pipe; save what it holds as a file first")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise SourceError(f"{name} does not exist; check the name") from None
    except PermissionError:
        raise SourceError(f"{name} may not be read by this user; give yourself the right with chmod u+r") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SourceError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _text(path: Path, name: str, encoding: Encoding, head: bytes) -> OpenedFile:
    text = head.decode(encoding.name, "ignore")
    start = text.lstrip("\ufeff\x1e \t\r\n")
    remarks = (encoding.remark,) if encoding.remark else ()
    opened = OpenedFile(path, "lines", name, encoding.name, encoding.errors, head=text, remarks=remarks)
    if not start:
        raise SourceError(
            f"{opened.shown} is empty; expected songs or playlists in a file of any known kind: get it again"
        )
    if start.startswith("<"):
        return _xml(opened, start)
    if _LINES.match(start) or _only_files(start):
        return opened
    if start[0] in "{[":
        return _json(opened, start)
    if _COMMENTED.match(start):
        raise SourceError(f"{opened.shown} is JSON after a comment, which JSON does not allow; delete the comments")
    if _SCRIPT.match(start):
        raise SourceError(
            f"{opened.shown} is a script with JSON in it; keep what stands from the first bracket to the one that "
            "closes it, and delete the rest"
        )
    return _csv(opened)


def _with(opened: OpenedFile, kind: str, **changes: object) -> OpenedFile:
    return OpenedFile(**{**{f: getattr(opened, f) for f in opened.__dataclass_fields__}, "kind": kind, **changes})


def _xml(opened: OpenedFile, start: str) -> OpenedFile:
    if re.match(r"<!doctype html|<html", start, re.IGNORECASE):
        what = "the raw file of GitHub, JSON in Google Takeout"
        raise SourceError(f"{opened.shown} is an HTML page; download the file itself ({what})")
    try:
        root = first_tag(start)
    except ValueError as error:
        raise SourceError(f"{opened.shown} is no whole XML ({error}); it is damaged: get it again") from None
    if root is None:
        raise SourceError(f"{opened.shown} begins like XML and has no element; it is cut short: get it again")
    changes: dict[str, object] = {"outline": (root.name, root.attributes)}
    if opened.remarks and (declared := declared_encoding(start)):  # its bytes are not UTF-8, so it may be believed
        changes |= {"encoding": declared, "errors": "replace", "remarks": ()}
    return _with(opened, "xml", **changes)


def _only_files(start: str) -> bool:
    """Whether each line is the name of a file of sound or a link: an M3U without its first line."""
    lines = [line.strip() for line in start.splitlines()[:-1] or [start] if line.strip() and not line.startswith("#")]
    return bool(lines) and all(map(_FILE_LINE.fullmatch, lines[:50]))


def _json(opened: OpenedFile, start: str) -> OpenedFile:
    with opened.open_text() as file:
        try:
            lines = (line for line in iter(lambda: file.readline(MAX_LINE), "") if line.strip())
            first, second = next(lines, ""), next(lines, "")
        except UnicodeDecodeError:
            first = second = ""
    value = _value(first)
    if isinstance(value, dict) and second:
        table = sequence_in([value, _value(second)])
        if table is not None and table.shape == "objects":
            return _with(opened, "jsonl", columns=_jsonl_columns(opened), outline=value)
    elif len(documents := _documents(start)) > 1:
        table, value = sequence_in(documents), documents[0]
    else:
        line = value
        if value is None or (isinstance(value, dict) and len(first) > _LONG_LINE):
            value = outline(start)
        table = table_in(value)
        if table is None and isinstance(line, dict) and _is_row(line):
            return _with(opened, "jsonl", columns=_jsonl_columns(opened), outline=value)
    if table is None:
        return _with(opened, "json", outline=value)
    opened = _with(opened, "json table", outline=table)
    try:
        names = dict.fromkeys(name for _, row in islice(table_rows(opened), JSONL_PEEK) for name in row)
    except SourceError:  # it is said where the rows are read
        names = {}
    remarks = opened.remarks
    if table.columns and table.shape in ("keyed", "columns"):
        called = " and ".join(f'"{name}"' for name in table.columns)
        remarks = (*remarks, f"the keys of its rows are read as {called}")
    columns = tuple(name for name in names if name != BROKEN)
    return _with(opened, "json table", columns=columns, remarks=remarks)


def _value(line: str) -> object:
    """The value of a line of JSON, None where it is none."""
    try:
        return json.loads(line.strip("\ufeff\x1e \t\r\n"))
    except (ValueError, RecursionError):
        return None


def _documents(start: str) -> list[object]:
    """The first documents of a file of several; [] where its first one is not whole in its beginning."""
    decoder, found, at = json.JSONDecoder(), list[object](), 0
    while len(found) < JSONL_PEEK and at < len(start):
        try:
            value, at = decoder.raw_decode(start, at)
        except (ValueError, RecursionError):
            break
        found.append(value)
        at += len(start[at:]) - len(start[at:].lstrip(", \t\r\n\x1e"))
    return found


def _is_row(value: Mapping[str, object], depth: int = 0) -> bool:
    """Whether the only object of a file is one row rather than a document that lists others, at whatever depth."""
    lists = (each for each in value.values() if isinstance(each, list))
    inner = [each for each in value.values() if isinstance(each, dict)] if depth < MAX_DEPTH else []
    return not any(isinstance(item, dict) for each in lists for item in each) and all(
        _is_row(each, depth + 1) for each in inner
    )


def _jsonl_columns(opened: OpenedFile) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    try:
        with opened.open_text() as file:
            for line_number, line in enumerate(islice(file, JSONL_PEEK), start=1):
                row = json_line(opened, line_number, line) if line.strip() else None
                if isinstance(row, dict):
                    columns.update(dict.fromkeys(flat(row)))
    except SourceError:  # it is said where the rows are read
        pass
    return tuple(columns)


def _csv(opened: OpenedFile) -> OpenedFile:
    lines = opened.head.lstrip("\ufeff").splitlines()
    skipped, delimiters = 0, DELIMITERS
    remarks = list(opened.remarks)
    if mark := _SEPARATOR_LINE.fullmatch(lines[0]):
        skipped, delimiters = 1, mark.group(1)
    candidates = [
        (number, delimiter, cells)
        for number, line in list(enumerate(lines))[skipped : skipped + TITLE_LINES]
        for delimiter in delimiters
        if line.strip() and (cells := _cells(line, delimiter))
    ]
    if not candidates:
        raise SourceError(f"{opened.shown} is no table: no line with cells in its beginning; get it again")
    if _are_listens(lines[skipped : skipped + TITLE_LINES]):
        return _with(opened, "csv", columns=_LISTEN_COLUMNS, delimiter=",", skipped=skipped, header=False)
    # The first line with names that mean something, parted so that most of them do.
    best = max(candidates, key=lambda each: (min(_known(each[2]), 2), -each[0], _known(each[2]), len(each[2])))
    number, delimiter, cells = best
    if not _known(cells):
        number, delimiter, cells = max(candidates, key=lambda each: (-each[0], len(each[2])))
    if any(line.strip() for line in lines[skipped:number]):
        remarks.append(f"the lines before the header (line {number + 1}) are left out")
    return _with(
        opened, "csv", columns=unique_names(cells), delimiter=delimiter, skipped=number, remarks=tuple(remarks),
        spaced=_quotes_behind_spaces(opened.head, delimiter),
    )  # fmt: skip


def _quotes_behind_spaces(head: str, delimiter: str) -> bool:
    """Whether cells are written as `a, "b, c"`: each quote behind a space opens a cell that a quote closes."""
    mark = re.escape(delimiter)
    opening = len(re.findall(rf'{mark} +"', head))
    return 0 < opening == len(re.findall(rf'{mark} +"(?:[^"]|"")*"(?= *(?:{mark}|[\r\n]|\Z))', head))


def _are_listens(lines: Sequence[str]) -> bool:
    """Whether rows end in times: no header does. A song that was playing while it was written has none yet."""
    rows = [_cells(line, ",") for line in lines if line.strip()]
    ends = [row[-1].strip() if len(row) == len(_LISTEN_COLUMNS) else "no listen" for row in rows]
    times = sum(_LISTEN_TIME.fullmatch(end) is not None for end in ends)
    return 2 * times > len(ends) and (not ends[0] or _LISTEN_TIME.fullmatch(ends[0]) is not None)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _known(cells: Sequence[str]) -> int:
    return sum(meaning(" ".join(cell.split())) is not None for cell in cells)


def _parquet(path: Path, name: str) -> OpenedFile:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns = unique_names(file.schema_arrow.names)
            return OpenedFile(path, "parquet", name, columns=columns, rows=file.metadata.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise bad_parquet(path, error) from None


def _sheet(path: Path, name: str) -> OpenedFile:
    from indexer.sources.sheets import is_sheet, sheet_header

    try:
        with zipfile.ZipFile(path) as archive:
            spreadsheet = is_sheet(archive)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SourceError(
            f"{shown(path)} begins like a zip archive but cannot be read ({str(error)[:80]}); it is cut short or "
            "damaged: get it again"
        ) from None
    if not spreadsheet:
        raise SourceError(f"{shown(path)} is a zip archive of several files; import it with `refrain import`")
    return sheet_header(path, name)
