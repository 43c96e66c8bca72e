"""Lists: songs by name or filters, and the hits of a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.render.console import Column, json_document, message, table
from engine.plain import answer_dict, song_dict

if TYPE_CHECKING:
    from engine.answer.hits import Hit
    from indexer.records import Song


def show_songs(songs: Sequence[Song], query: Mapping[str, Any], *, total: int | None = None, as_json: bool) -> None:
    """Songs as the catalogue has them; `total` is how many there are beyond this page."""
    if as_json:
        more: dict[str, Any] = {} if total is None else {"total": total}
        json_document(answer_dict(map(song_dict, songs), query, **more))
        return
    if songs:
        table(
            None,
            [("song", "left"), ("artist", "left"), ("year", "right"), ("album", "left"), ("song_id", "left")],
            ((each.title or "untitled", each.artist, each.year, each.album, each.song_id) for each in songs),
        )
    if total is not None:
        message(f"{len(songs):,} of {total:,} songs")
    elif not songs:
        message("no song found")


def show_hits(hits: Sequence[Hit], query: Mapping[str, Any], relaxed: Sequence[str] = (), *, as_json: bool) -> None:
    """The songs that a query found, best first."""
    if as_json:
        json_document(answer_dict((hit.to_dict() for hit in hits), query, relaxed))
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
    show_relaxed(relaxed)


def show_relaxed(relaxed: Iterable[str]) -> None:
    """Rules that could not be kept."""
    for sentence in relaxed:
        message(f"relaxed: {sentence}")
