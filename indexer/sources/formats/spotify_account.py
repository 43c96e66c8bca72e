"""Spotify's account data and extended streaming history, as https://www.spotify.com/account/privacy sends them.

Playlist1.json     {"playlists": [{"name", "items": [{"track": {"trackName", "artistName", "albumName", "trackUri"},
                   "episode", "localTrack": {"uri"}, "addedDate"}], "description", "numberOfFollowers"}]}; of 2020 and
                   before without the "track" around a song and without URIs
YourLibrary.json   {"tracks": [{"artist", "album", "track", "uri"}], "albums", "shows", "bannedTracks", "artists", ...}
histories          [{"endTime", "artistName", "trackName", "msPlayed"}], minutes in UTC; the extended one
                   [{"ts", "ms_played", "master_metadata_track_name", "spotify_track_uri", "skipped", ...}];
                   both write when a song ended

Keys: https://support.spotify.com/article/understanding-my-data. Its other files hold no songs: see `without_songs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote_plus

from indexer.sources.base import CERTAIN, Batch, Fit, Format, Refusal
from indexer.sources.cells import plain, without_entities
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.documents import items
from indexer.sources.listens import NoListen, Record, listens_format
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS

_LIBRARY = PlaylistName("spotify:library", "Liked Songs")  # what Spotify calls it in English
_TRACK = (
    Column("trackName", "title"),
    Column("track", "title"),
    Column("artistName", "artist"),
    Column("artist", "artist"),
    Column("albumName", "album"),
    Column("album", "album"),
    Column("trackUri", "spotify_id"),
    Column("uri", "spotify_id"),
    Column("duration_ms", "duration_ms"),
)
_NO_TRACKS = {
    "bannedTracks": "songs that the listener hides",
    "albums": "saved albums, which name no songs",
    "shows": "podcasts",
    "episodes": "episodes of podcasts",
    "artists": "artists who are followed",
    "bannedArtists": "artists whom the listener hides",
    "audiobooks": "audiobooks",
}
_EPISODE, _AUDIOBOOK = "an episode of a podcast, no song", "a chapter of an audiobook, no song"


def _first(opened: OpenedFile, *keys: str) -> Record | None:
    """The first object of the array in the outline, or of the array under one of the keys."""
    outline = opened.outline if opened.kind == "json" else None
    for key in keys:
        outline = outline.get(key) if isinstance(outline, dict) else None
    listed = outline if isinstance(outline, list) else []
    return next((each for each in listed if isinstance(each, dict)), None)


def _are_playlists(opened: OpenedFile) -> Fit | None:
    first = _first(opened, "playlists")
    if first is None or "pid" in first or not ("lastModifiedDate" in first or "numberOfFollowers" in first):
        return None
    return Fit(CERTAIN, '"playlists" with "lastModifiedDate" and "items"')


def _playlists(opened: OpenedFile) -> Iterator[Batch]:
    reader = SongReader(opened, ColumnMap(_TRACK))
    batch, names, row = Batch(), Counter[str](), 0
    for key, playlist in items(opened):
        if key != "playlists" or not isinstance(playlist, dict):
            batch.refusals.append(Refusal(opened.name, row, "playlist", f"{key or 'an item'!r} is no playlist"))
            continue
        name = plain(playlist.get("name"))
        names[name] += 1  # an account may have several of one name
        number = f" {names[name]}" if names[name] > 1 else ""
        of = PlaylistName(PlaylistName.of("spotify", name).playlist_id + number, name)
        facts = {
            "description": without_entities(playlist.get("description")),
            "followers": playlist.get("numberOfFollowers"),
        }
        listed = playlist.get("items", playlist.get("tracks"))
        for item in listed if isinstance(listed, list) else ():
            row += 1
            track = _track(item)
            if isinstance(track, str):
                batch.refusals.append(Refusal.about(opened.name, row, "entry", name, track))
                continue
            place = reader.add_song(batch, row, reader.columns.values(track))
            if place is not None:
                reader.add_entry(batch, row, of, place, facts)
        if len(batch.songs) >= BATCH_ROWS:
            yield batch
            batch = Batch()
    reader.finish(batch)
    yield batch


def _track(item: object) -> Record | str:
    """The song of an entry, or why it is none."""
    if not isinstance(item, dict):
        return "no object"
    track, local = item.get("track"), item.get("localTrack")
    if isinstance(track, dict):
        return track
    if isinstance(local, dict | str):
        return _local(local)
    if "trackName" in item:
        return item
    if item.get("episode"):
        return _EPISODE
    return _AUDIOBOOK if item.get("audiobook") else "an entry without a song"


def _local(local: Mapping[str, object] | str) -> Record | str:
    """The song of a file on the listener's own disk: "spotify:local:ARTIST:ALBUM:TITLE:SECONDS", quoted as in forms."""
    uri = local if isinstance(local, str) else plain(local.get("uri") or local.get("trackUri"))
    parts = uri.split(":")
    if len(parts) < 6 or parts[:2] != ["spotify", "local"]:
        return local if isinstance(local, dict) and "trackName" in local else "a local file without a name"
    artist, album, title, seconds = map(unquote_plus, parts[2:6])
    length = {"duration_ms": 1000 * int(seconds)} if seconds.isdecimal() and int(seconds) else {}
    return {"trackName": title, "artistName": artist, "albumName": album, **length}


def _is_library(opened: OpenedFile) -> Fit | None:
    outline = opened.outline if opened.kind == "json" else None
    track = _first(opened, "tracks")
    if track is not None and {"artist", "track", "uri"} <= track.keys():
        return Fit(CERTAIN, '"tracks" with "artist", "track" and "uri"')
    if isinstance(outline, dict) and outline.get("tracks") == [] and {"albums", "bannedTracks"} <= outline.keys():
        return Fit(CERTAIN, '"tracks", "albums" and "bannedTracks"')
    return None


def _library(opened: OpenedFile) -> Iterator[Batch]:
    reader = SongReader(opened, ColumnMap(_TRACK), playlist=_LIBRARY)
    batch, others, row = Batch(), Counter[str](), 0
    for key, item in items(opened):
        if key != "tracks":
            others[key] += 1
            continue
        row += 1
        if isinstance(item, dict):
            reader.add(batch, row, item)
        else:
            batch.refusals.append(Refusal(opened.name, row, "song", "no object"))
        if len(batch.songs) >= BATCH_ROWS:
            yield batch
            batch = Batch()
    for key, count in others.items():
        reason = f"{key!r} is not used: {_NO_TRACKS.get(key, 'no songs')}"
        batch.refusals.append(Refusal(opened.name, 0, "file", reason, reason, count))
    reader.finish(batch)
    yield batch


def _is_history(opened: OpenedFile) -> Fit | None:
    first = _first(opened)
    if first is None:
        return None
    if {"endTime", "trackName", "msPlayed"} <= first.keys():
        return Fit(CERTAIN, "objects with endTime, trackName and msPlayed")
    if {"ts", "ms_played", "master_metadata_track_name"} <= first.keys():
        return Fit(CERTAIN, "objects with ts, ms_played and master_metadata_track_name")
    return None


def _listens(opened: OpenedFile) -> Iterator[tuple[int, Record | NoListen]]:
    for row, (_, item) in enumerate(items(opened), start=1):
        if not isinstance(item, dict):
            yield row, NoListen("no object")
        elif item.get("trackName") or item.get("master_metadata_track_name") or item.get("spotify_track_uri"):
            yield row, item
        elif item.get("episode_name") or item.get("spotify_episode_uri"):
            yield row, NoListen(_EPISODE)
        elif item.get("audiobook_title") or item.get("audiobook_uri"):
            yield row, NoListen(_AUDIOBOOK)
        else:
            yield row, NoListen("it says neither which song nor which episode was played")


def _track_columns(opened: OpenedFile) -> Sequence[Column]:
    return [column for column in _TRACK if f'"{column.name}"' in opened.head]


FORMATS = (
    Format(
        "spotify playlists", 1, "playlists of Spotify's account data (Playlist1.json)", _are_playlists, _playlists,
        _track_columns,
    ),
    Format("spotify library", 1, "YourLibrary.json of Spotify's account data", _is_library, _library, _track_columns),
    listens_format(
        "spotify history", "a listening history of Spotify (StreamingHistory, Streaming_History_Audio)", _is_history,
        _listens,
    ),
)  # fmt: skip
