"""What an import did, and what it could not take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, message, table

if TYPE_CHECKING:
    from indexer.catalogue import LoadReport, Refusal, Remark

SHOWN = 5  # kinds of remarks that an import prints
_COUNTS = ("added", "changed", "unchanged", "refused")


def show_import(report: LoadReport) -> None:
    rows = [
        (kind, *(f"{getattr(counts, name):,}" for name in _COUNTS))
        for kind, counts in report.counts.items()
        if any(getattr(counts, name) for name in _COUNTS)
    ]
    columns: list[Column] = [(report.format, "left"), *((name, "right") for name in _COUNTS)]
    table(Path(report.file).name, columns, rows)
    for remark in report.remarks[:SHOWN]:
        message(f"{_files(remark)}{remark.kind}" if "files" in report.counts else f"{_rows(remark)}: {remark.kind}")
    if len(report.remarks) > SHOWN:
        message(f"and {len(report.remarks) - SHOWN} more kinds of remarks; list them with `refrain refused`")


def _files(remark: Remark) -> str:
    """How many files of a folder a remark is about; that of a single file names it."""
    return "" if remark.count == 1 else f"{remark.count:,} {'entries' if remark.what == 'entry' else 'files'}: "


def _rows(remark: Remark) -> str:
    """Which rows a remark is about.

    >>> from indexer.catalogue import Remark
    >>> _rows(Remark("a", "song", "why", 1, (7,))), _rows(Remark("a", "song", "why", 1200, (1, 5, 9)))
    ('row 7', '1,200 rows (1, 5, 9, ...)')
    """
    if remark.count == 1:
        return f"row {remark.rows[0]}"
    more = ", ..." if remark.count > len(remark.rows) else ""
    return f"{remark.count:,} rows ({', '.join(map(str, remark.rows))}{more})"


def show_remarks(remarks: Sequence[Remark], *, as_json: bool) -> None:
    """What imports left out, counted by reason."""
    if as_json:
        json_document({"remarks": remarks})
        return
    columns: list[Column] = [("file", "left"), ("what", "left"), ("where", "left"), ("why", "left")]
    table(None, columns, ((Path(each.file).name, each.what, _rows(each), each.kind) for each in remarks))


def show_refusals(refusals: Iterable[Refusal], *, as_json: bool) -> None:
    if as_json:
        json_document({"refused": refusals})
        return
    columns: list[Column] = [("file", "left"), ("row", "right"), ("what", "left"), ("why", "left")]
    table(None, columns, ((Path(each.file).name, each.row, each.what, each.reason) for each in refusals))
