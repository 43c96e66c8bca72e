"""One song whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.cli.render.console import json_document, line, table
from engine.plain import plain

if TYPE_CHECKING:
    from engine.lookup.record import SongRecord
    from indexer.records import Song


def song_record(song: Song, *, lyrics: bool = False) -> dict[str, Any]:
    """A song as JSON has it; its lyrics, which may belong to somebody, only when they are wanted."""
    record: dict[str, Any] = plain(song)
    words = record.pop("lyrics")
    record["has_lyrics"] = words is not None
    return record | {"lyrics": words} if lyrics else record


def number(value: float | None) -> str:
    """A value of an audio feature, short.

    >>> number(0.81234), number(215000.0), number(None)
    ('0.812', '215,000', '')
    """
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def show_song(record: SongRecord, *, lyrics: bool, as_json: bool) -> None:
    """What the catalogue says of a song, and what the index knows beyond."""
    song = record.song
    if as_json:
        moods = [{"name": name, "above": share} for name, share in record.moods]
        json_document(
            song_record(song, lyrics=lyrics)
            | {"playlists": record.playlists, "keywords": record.keywords, "moods": moods}
        )
        return
    facts = {
        "song_id": song.song_id,
        "spotify_id": song.spotify_id,
        "album": song.album,
        "year": song.year if song.year is not None else None if song.decade is None else f"{song.decade}s",
        "language": song.language,
        "genres": ", ".join(song.genres),
        "tags": ", ".join(song.tags),
        "explicit": {True: "yes", False: "no", None: None}[song.explicit],
        "popularity": number(song.popularity),
        "playlists": f"{record.playlists:,}",
        "keywords": ", ".join(record.keywords),
        "moods": ", ".join(f"{name} (above {share:.0%} of songs)" for name, share in record.moods),
        "lyrics": "yes" if song.lyrics is not None else "unknown",
        **{name: number(value) for name, value in (song.audio.known() if song.audio else {}).items()},
    }
    rows = [(name, value) for name, value in facts.items() if value not in (None, "")]
    table(song.name, [("", "left"), ("", "left")], rows)
    for sung_line in (song.lyrics or "").splitlines() if lyrics else ():
        line(sung_line)
