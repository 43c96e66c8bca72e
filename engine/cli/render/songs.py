"""Lists: songs by name or filters, and the hits of a query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, message, notes, table

if TYPE_CHECKING:
    from engine.answer.hits import Hits
    from engine.lookup.listing import Page


def show_songs(page: Page, *, as_json: bool) -> None:
    """Songs as the catalogue has them."""
    if as_json:
        json_document(page.to_dict())
        return
    if page.songs:
        table(
            None,
            [("song", "left"), ("artist", "left"), ("year", "right"), ("album", "left"), ("song_id", "left")],
            ((each.title or "untitled", each.artist, each.year, each.album, each.song_id) for each in page),
        )
    if page.total is not None:
        message(f"{len(page):,} of {page.total:,} songs")
    elif not page.songs:
        message("no song found")


def show_hits(hits: Hits, *, as_json: bool) -> None:
    """The songs that a query found, best first."""
    notes(hits.notes)
    if as_json:
        json_document(hits.to_dict())
        return
    if not hits:
        message("no song found; try fewer filters or other words")
        return
    lines = any(hit.line for hit in hits)
    columns: list[Column] = [("", "right"), ("song", "left"), ("artist", "left"), ("year", "right"), ("score", "right")]
    table(
        None,
        [*columns, ("line" if lines else "why", "left")],
        (
            (hit.rank, hit.title or "untitled", hit.artist, hit.year, f"{hit.score:.2f}", hit.line or hit.reason)
            for hit in hits
        ),
    )


def show_relaxed(relaxed: Iterable[str]) -> None:
    """Rules that could not be kept."""
    for sentence in relaxed:
        message(f"relaxed: {sentence}")
