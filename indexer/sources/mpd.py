"""Slices of Spotify's Million Playlist Dataset: `{"info": ..., "playlists": [{"pid", "name", "tracks": [...]}]}`.

Playlists are parsed one by one: a slice of 1,000 playlists (35 MB) never stands in memory as a whole. A pid counts
within this data set only, so the catalogue's playlist_id is "mpd:PID".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.errors import SourceError
from indexer.sources.base import Batch, EntryRow, Format, Refusal
from indexer.sources.tabular import OpenedFile, not_text, shown
from indexer.sources.validate import identifier, spotify_track

_PIECE = 1 << 20  # characters read at a time
_ENTRIES = 5_000  # per batch
_DESCRIBED = 200_000  # tracks of which is remembered that the file described them, in some 40 MB
_TRACK = {"title": "track_name", "artist": "artist_name", "album": "album_name", "duration_ms": "duration_ms"}
_PLAYLISTS = re.compile(r'"playlists"\s*:\s*\[')
_FILLER = re.compile(r"[\s,]*")


def _fits(opened: OpenedFile) -> bool:
    return opened.kind == "json"


def _read(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    batch = Batch()
    described: dict[str, int] = {}
    for row, playlist in enumerate(_playlists(opened), start=1):
        _add(batch, file, row, playlist, described)
        if len(batch.entries) >= _ENTRIES:
            yield batch
            batch = Batch()
            if len(described) > _DESCRIBED:
                described.clear()
    yield batch


def _add(batch: Batch, file: str, row: int, playlist: object, described: dict[str, int]) -> None:
    """Add a playlist and those of its tracks that the file did not describe before, by id and in the same words."""
    tracks = playlist.get("tracks") if isinstance(playlist, dict) else None
    pid = identifier(playlist.get("pid")) if isinstance(playlist, dict) else ""
    if not isinstance(playlist, dict) or not pid or not isinstance(tracks, list):
        batch.refusals.append(Refusal(file, row, "playlist", "no pid or no tracks; expected both"))
        return
    playlist_id = f"mpd:{pid}"
    if not batch.add_playlist(file, row, playlist_id, playlist | {"followers": playlist.get("num_followers")}):
        return
    for position, track in enumerate(tracks):
        if not isinstance(track, dict):
            batch.refusals.append(
                Refusal.about(file, row, "entry", f"entry {position}", f"no object: {str(track)[:40]!r}")
            )
            continue
        uri: Any = track.get("track_uri")
        values = _values(track)
        try:
            words = hash(values)
        except TypeError:  # a list or an object where a name should stand
            words = None
        if words is not None and described.get(uri) == words:
            batch.entries.append(EntryRow(row, playlist_id, position, ("spotify", uri[-22:])))
            continue
        track_id = spotify_track(uri) or identifier(uri)
        if not track_id:
            batch.refusals.append(Refusal.about(file, row, "entry", f"entry {position}", "no track_uri"))
            continue
        song = dict(zip(_TRACK, values, strict=True))
        if batch.add_song(file, row, song, ids=(("spotify", track_id),)) is not None:
            # "pos" is this number in every slice; the list's own order is what cannot be wrong
            batch.entries.append(EntryRow(row, playlist_id, position, len(batch.songs) - 1))
            if isinstance(uri, str) and words is not None and uri.endswith(track_id):
                described[uri] = words


def _values(track: Mapping[str, object]) -> tuple[object, ...]:
    return tuple([track.get(name) for name in _TRACK.values()])


def _playlists(opened: OpenedFile) -> Iterator[object]:
    decoder = json.JSONDecoder()
    try:
        with opened.path.open(encoding=opened.encoding) as file:
            text = file.read(_PIECE)
            start = _PLAYLISTS.search(text)
            if start is None:  # `sniff` saw it in the first bytes
                raise _cut_short(opened, 0, "no list of playlists")
            at, count = start.end(), 0
            while True:
                at = _end(_FILLER, text, at)
                if text.startswith("]", at):
                    break
                try:
                    playlist, at = decoder.raw_decode(text, at)
                except (ValueError, RecursionError) as error:  # ValueError: also integers of thousands of digits
                    # Twice as much each time: a playlist of any size costs at most twice its own parsing.
                    more = file.read(max(_PIECE, len(text) - at))
                    if not more:
                        raise _cut_short(opened, count, str(error)[:60]) from None
                    text, at = text[at:] + more, 0
                    continue
                count += 1
                yield playlist
            if not (text[at + 1 :] + file.read()).rstrip().endswith("}"):
                raise _cut_short(opened, count, "the closing brace is missing")
    except UnicodeDecodeError:
        raise not_text(opened.path, opened.encoding) from None


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _cut_short(opened: OpenedFile, count: int, why: str) -> SourceError:
    return SourceError(
        f"{shown(opened.path)} is not whole JSON after playlist {count:,} ({why}); it is cut short or damaged: "
        "get it again"
    )


FORMATS = (
    Format("mpd slice", 1, '"playlists" with "pid" and "tracks" (Million Playlist Dataset, JSON)', _fits, _read),
)
