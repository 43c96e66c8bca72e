"""Spreadsheets: the first sheet of an XLSX or ODS file that holds a table, as rows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from indexer.errors import SourceError
from indexer.sources.meanings import meaning
from indexer.sources.opened import BROKEN, OpenedFile, Row, shown, unique_names

MOST_BYTES = 2_000_000_000  # of a spreadsheet unpacked; it stands in memory as a whole
_HEADER_ROWS = 6  # a title and blank rows may stand before the header


def is_sheet(archive: zipfile.ZipFile) -> bool:
    """Whether a zip archive is a spreadsheet, by the parts that it must have.

    Raises ValueError where it would unpack to more than MOST_BYTES.
    """
    names = set(archive.namelist())
    spreadsheet = "xl/workbook.xml" in names or ("content.xml" in names and "META-INF/manifest.xml" in names)
    if spreadsheet and sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
        raise ValueError(f"it would unpack to more than {MOST_BYTES:,} bytes")
    return spreadsheet


def sheet_header(path: Path, name: str) -> OpenedFile:
    """The table of a spreadsheet: the sheet and the row whose cells name the most known columns."""
    sheets = _sheets(path)
    best: tuple[int, int, int] = (-1, 0, 0)
    for number, (_, rows) in enumerate(sheets):
        for at, cells in enumerate(rows[:_HEADER_ROWS]):
            known = sum(meaning(" ".join(str(cell).split())) is not None for cell in cells)
            best = max(best, (known, -number, -at))
    if best[0] < 0:
        raise SourceError(f"{shown(path)} is a spreadsheet without a row; save the table itself as CSV UTF-8")
    sheet, at = -best[1], -best[2]
    title, rows = sheets[sheet]
    remarks = []
    if len(sheets) > 1:
        remarks.append(f"of {len(sheets)} sheets the one called {title!r} is read")
    if at:
        remarks.append(f"the rows before the header (row {at + 1}) are left out")
    columns = unique_names(rows[at])
    return OpenedFile(path, "sheet", name, columns=columns, skipped=at, rows=len(rows) - at - 1, remarks=tuple(remarks),
                      outline=sheet)  # fmt: skip


def sheet_rows(opened: OpenedFile) -> Iterator[Row]:
    """The rows below the header; dates as texts, whole numbers without a point."""
    _, rows = _sheets(opened.path)[int(str(opened.outline or 0))]
    number = 0
    for cells in rows[opened.skipped + 1 :]:
        if not any(cell != "" for cell in cells):
            continue
        number += 1
        if any(cell != "" for cell in cells[len(opened.columns) :]):
            yield number, {BROKEN: f"row {number} has {len(cells)} cells, the header has {len(opened.columns)}"}
        else:
            yield number, dict(zip(opened.columns, map(_value, cells), strict=False))


def _sheets(path: Path) -> list[tuple[str, Sequence[Sequence[Any]]]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise SourceError(
            f"{shown(path)} is a spreadsheet; save it as CSV UTF-8, or pip install 'refrain[sheets]'"
        ) from None
    try:
        book = CalamineWorkbook.from_path(str(path))
        return [(each, book.get_sheet_by_name(each).to_python(skip_empty_area=True)) for each in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(
            f"{shown(path)} begins like a spreadsheet but cannot be read ({str(error)[:100]}); it is cut short or "
            "damaged: get it again"
        ) from None


def _value(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, timedelta | time):
        return str(cell)
    return cell
