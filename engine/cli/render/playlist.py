"""Playlists and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, notes, table
from engine.cli.render.songs import show_relaxed

if TYPE_CHECKING:
    from engine.playlist.playlist import Playlist


def show_playlist(playlist: Playlist, *, as_json: bool) -> None:
    notes(playlist.notes)
    if as_json:
        json_document(playlist.to_dict())
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
