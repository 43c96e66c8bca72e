"""Playlists and paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.cli.render.console import Column, json_document, table
from engine.cli.render.songs import answer_record, show_relaxed

if TYPE_CHECKING:
    from engine.playlist.playlist import Playlist


def playlist_record(playlist: Playlist, query: Mapping[str, Any]) -> dict[str, Any]:
    """A playlist as JSON has it: an answer with a name."""
    return {"name": playlist.name, **answer_record((hit.to_json() for hit in playlist.songs), query, playlist.relaxed)}


def show_playlist(playlist: Playlist, query: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        json_document(playlist_record(playlist, query))
        return
    from engine.playlist.transitions import camelot

    columns: list[Column] = [("", "right"), ("song", "left"), ("artist", "left"), ("year", "right"), ("BPM", "right")]
    table(
        playlist.name,
        [*columns, ("key", "right"), ("energy", "right"), ("why", "left")],
        (
            (
                hit.rank, hit.title or "untitled", hit.artist, hit.year,
                "" if hit.tempo is None else f"{hit.tempo:.0f}",
                camelot(hit.key, hit.mode), "" if hit.energy is None else f"{hit.energy:.2f}", hit.reason,
            )
            for hit in playlist.songs
        ),
    )  # fmt: skip
    show_relaxed(playlist.relaxed)
