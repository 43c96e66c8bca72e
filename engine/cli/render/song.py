"""One song whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.render.console import json_document, line, notes, table
from indexer.records import MEASURED

if TYPE_CHECKING:
    from engine.lookup.record import SongRecord


def number(value: float | None) -> str:
    """A value of an audio feature, short.

    >>> number(0.81234), number(215000.0), number(None)
    ('0.812', '215,000', '')
    """
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def show_song(record: SongRecord, *, lyrics: bool, as_json: bool) -> None:
    """What the catalogue says of a song, and what the index knows beyond."""
    notes(record.notes)
    song = record.song
    if as_json:
        json_document(record.to_dict(lyrics=lyrics))
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
        "audio features": "measured from a file, not Spotify's" if song.audio_origin == MEASURED else None,
        **{name: number(value) for name, value in (song.audio.known() if song.audio else {}).items()},
    }
    rows = [(name, value) for name, value in facts.items() if value not in (None, "")]
    table(song.name, [("", "left"), ("", "left")], rows)
    for sung_line in (song.lyrics or "").splitlines() if lyrics else ():
        line(sung_line)
