"""What an import did, and what it could not take."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, message, table

if TYPE_CHECKING:
    from indexer.catalogue import LoadReport, Refusal

_COUNTS = ("added", "changed", "unchanged", "refused")


def show_import(report: LoadReport) -> None:
    rows = [
        (kind, *(f"{getattr(counts, name):,}" for name in _COUNTS))
        for kind, counts in report.counts.items()
        if any(getattr(counts, name) for name in _COUNTS)
    ]
    columns: list[Column] = [(report.format, "left"), *((name, "right") for name in _COUNTS)]
    table(Path(report.file).name, columns, rows)
    if report.refused:
        first = report.refusals[0]
        remarks = "1 remark" if report.refused == 1 else f"{report.refused:,} remarks"
        message(f"{remarks}, the first: row {first.row}: {first.reason}; list them with `refrain refused`")


def show_refusals(refusals: Iterable[Refusal], *, as_json: bool) -> None:
    if as_json:
        json_document({"refused": refusals})
        return
    columns: list[Column] = [("file", "left"), ("row", "right"), ("what", "left"), ("why", "left")]
    table(None, columns, ((Path(each.file).name, each.row, each.what, each.reason) for each in refusals))
