"""Slices of Spotify's Million Playlist Dataset: `{"info": ..., "playlists": [{"pid", "name", "tracks": [...]}]}`.

A pid counts within this data set only, so the catalogue's playlist_id is "mpd:PID". A track stands in many playlists:
it is read once in a file, and again only where its names differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from indexer.sources.base import CERTAIN, Batch, EntryRow, Fit, Format, Refusal
from indexer.sources.cells import identifier
from indexer.sources.documents import items
from indexer.sources.identifiers import spotify_track
from indexer.sources.opened import OpenedFile

_ENTRIES = 5_000  # per batch
_TRACKS = 200_000  # of which is remembered what was read, in some 40 MB
_TRACK = ("track_name", "artist_name", "album_name", "duration_ms")
_FIELDS = ("title", "artist", "album", "duration_ms")


def _recognise(opened: OpenedFile) -> Fit | None:
    outline = opened.outline
    playlists = outline.get("playlists") if opened.kind == "json" and isinstance(outline, dict) else None
    if not isinstance(playlists, list) or not all(isinstance(each, Mapping) for each in playlists):
        return None
    if any("pid" in each for each in playlists):
        return Fit(CERTAIN, '"playlists" with "pid"')
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    batch = Batch()
    tracks: dict[object, tuple[str, int]] = {}  # URI as written -> track id, hash of what was read of it
    playlists = (item for key, item in items(opened) if key == "playlists")
    for row, playlist in enumerate(playlists, start=1):
        _add(batch, file, row, playlist, tracks)
        if len(batch.entries) >= _ENTRIES:
            yield batch
            batch = Batch()
            if len(tracks) > _TRACKS:
                tracks.clear()
    yield batch


def _add(batch: Batch, file: str, row: int, playlist: object, tracks: dict[object, tuple[str, int]]) -> None:
    listed = playlist.get("tracks") if isinstance(playlist, dict) else None
    pid = identifier(playlist.get("pid")) if isinstance(playlist, dict) else ""
    if not isinstance(playlist, dict) or not pid or not isinstance(listed, list):
        batch.refusals.append(Refusal(file, row, "playlist", "no pid or no tracks; expected both"))
        return
    playlist_id = f"mpd:{pid}"
    if not batch.add_playlist(file, row, playlist_id, playlist | {"followers": playlist.get("num_followers")}):
        return
    for position, track in enumerate(listed):
        if not isinstance(track, dict):
            batch.refusals.append(
                Refusal.about(file, row, "entry", f"entry {position}", f"no object: {str(track)[:40]!r}")
            )
            continue
        uri, facts = track.get("track_uri"), tuple(map(track.get, _TRACK))
        song, known = tracks.get(uri, ("", 0)) if isinstance(uri, str) else ("", 0)
        if song and known == _hash(facts):
            batch.entries.append(EntryRow(row, playlist_id, position, ("spotify", song)))
            continue
        song = spotify_track(uri)
        if not song:
            batch.refusals.append(Refusal.about(file, row, "entry", f"entry {position}", "no track_uri"))
        elif batch.add_song(file, row, dict(zip(_FIELDS, facts, strict=True)), ids=[("spotify", song)]) is not None:
            # "pos" is this number in every slice; the list's own order is what cannot be wrong
            batch.entries.append(EntryRow(row, playlist_id, position, len(batch.songs) - 1))
            tracks[uri] = song, _hash(facts)


def _hash(facts: tuple[object, ...]) -> int:
    try:
        return hash(facts)
    except TypeError:  # a list where a name belongs
        return hash(repr(facts))


FORMATS = (
    Format("mpd slice", 1, '"playlists" with "pid" and "tracks" (Million Playlist Dataset, JSON)', _recognise, _read),
)
