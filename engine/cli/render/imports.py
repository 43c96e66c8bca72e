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
    if report.met_by_name:
        met = "1 row" if report.met_by_name == 1 else f"{report.met_by_name:,} rows"
        message(f"{met} met songs of other files by artist and title; list them with `refrain merges`")
    if report.nearly_met:
        near = "1 row" if report.nearly_met == 1 else f"{report.nearly_met:,} rows"
        message(f"{near} became other songs than those of their name; list why with `refrain merges --near`")
    for remark in report.remarks[:SHOWN]:
        message(f"{_rows(remark)}: {remark.kind}")
    if len(report.remarks) > SHOWN:
        message(f"and {len(report.remarks) - SHOWN} more kinds of remarks; list them with `refrain refused`")


def _rows(remark: Remark) -> str:
    """Which rows a remark is about; row 0 is the file as a whole.

    >>> from indexer.catalogue import Remark
    >>> _rows(Remark("a", "song", "why", 1, (7,))), _rows(Remark("a", "song", "why", 1200, (1, 5, 9)))
    ('row 7', '1,200 rows (1, 5, 9, ...)')
    >>> _rows(Remark("a", "value", "why", 1, (0,))), _rows(Remark("a", "value", "why", 1200, (0,)))
    ('all rows', '1,200 rows')
    """
    rows = [row for row in remark.rows if row]
    if remark.count == 1:
        return f"row {rows[0]}" if rows else "all rows"
    more = ", ..." if remark.count > len(rows) else ""
    return f"{remark.count:,} rows" + (f" ({', '.join(map(str, rows))}{more})" if rows else "")


def _row(refusal: Refusal) -> str:
    """Which rows a refusal stands for.

    >>> from indexer.catalogue import Refusal
    >>> _row(Refusal("a", 7, "song", "why")), _row(Refusal("a", 7, "value", "why", count=1200))
    ('7', '7 and 1,199 more')
    >>> _row(Refusal("a", 0, "value", "why")), _row(Refusal("a", 0, "value", "why", count=1200))
    ('all', '1,200')
    """
    if not refusal.row:
        return "all" if refusal.count == 1 else f"{refusal.count:,}"
    return str(refusal.row) if refusal.count == 1 else f"{refusal.row} and {refusal.count - 1:,} more"


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
    table(None, columns, ((Path(each.file).name, _row(each), each.what, each.reason) for each in refusals))
