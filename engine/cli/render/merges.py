"""Merges by name as tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, table

if TYPE_CHECKING:
    from indexer.catalogue import Merge, NearMerge


def show_merges(merges: Iterable[Merge], *, as_json: bool) -> None:
    """Rows that met songs of other files by name."""
    if as_json:
        json_document({"merges": merges})
        return
    columns: list[Column] = [
        ("song", "left"), ("song_id", "left"), ("of", "left"), ("met by", "left"), ("in", "left"), ("brought", "left")
    ]  # fmt: skip
    rows = (
        (each.name, each.song_id, _short(each.song_file), each.row_name, f"{_short(each.file)}, row {each.row}",
         ", ".join(each.replaced) or "nothing new")
        for each in merges
    )  # fmt: skip
    table(None, columns, rows)


def show_near_merges(merges: Iterable[NearMerge], *, as_json: bool) -> None:
    """Songs of one name that stayed two."""
    if as_json:
        json_document({"near_merges": merges})
        return
    columns: list[Column] = [("song", "left"), ("of", "left"), ("is not", "left"), ("of", "left"), ("why", "left")]
    rows = (
        (f"{each.name} [{each.song_id}]", _short(each.file), f"{each.other_name} [{each.other_id}]",
         _short(each.other_file), each.reason)
        for each in merges
    )  # fmt: skip
    table(None, columns, rows)


def _short(file: str) -> str:
    return Path(file).name
