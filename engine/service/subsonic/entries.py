"""Entries: songs, albums and artists as OpenSubsonic writes them, with every field that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.index import OpenIndex
from engine.service.served import Served
from engine.service.sound import media_type
from engine.service.subsonic.collection import Collection, collection_of
from engine.service.subsonic.ids import ALBUM, ARTIST, marked_id, public_song_id
from engine.service.subsonic.parameters import Parameters
from indexer.records import Song
from indexer.text.names import artist_key

if TYPE_CHECKING:
    from indexer.catalogue import FileRecord

Entry = dict[str, Any]

_NO_PART_OF_A_PATH = str.maketrans({"/": "_", "\\": "_", "\x00": "_"})


@dataclass(frozen=True)
class Call:
    """One call: what is given, and the index that all of its answer comes from."""

    given: Parameters
    service: Served
    index: OpenIndex

    @property
    def collection(self) -> Collection:
        return collection_of(self.index)


def song_entries(call: Call, rows: Sequence[int]) -> list[Entry]:
    """Songs as `Child`."""
    songs = list(call.index.songs.described(rows))
    ids = [song.song_id for song in songs]
    files, others = call.service.sound.records(ids), call.service.sound.ids(ids)
    albums = call.index.songs.column("album_key")
    return [
        _child(song, next(iter(albums.of(row)), ""), files.get(song.song_id), others.get(song.song_id, {}))
        for row, song in zip(rows, songs, strict=True)
    ]


def _child(song: Song, album: str, file: FileRecord | None, ids: Any) -> Entry:
    artists = song.artists or ((song.artist,) if song.artist else ())
    named = [{"id": marked_id(ARTIST, artist_key(name)), "name": name} for name in (*artists, *song.featured)]
    album_id = marked_id(ALBUM, album) if album else None
    audio = song.audio
    entry: Entry = {
        "id": public_song_id(song.song_id), "parent": album_id, "isDir": False, "title": song.title or "untitled",
        "album": song.album, "artist": song.artist or None, "year": song.year,
        "genre": song.genres[0] if song.genres else None,
        "duration": None if audio is None or audio.duration_ms is None else round(audio.duration_ms / 1000),
        "isVideo": False, "albumId": album_id, "artistId": named[0]["id"] if artists else None,
        "type": "music", "mediaType": "song",
        "bpm": 0 if audio is None or audio.tempo is None else round(audio.tempo),
        "musicBrainzId": next(iter(ids.get("mbid", ())), ""), "isrc": list(ids.get("isrc", ())),
        "genres": [{"name": name} for name in song.genres], "artists": named, "displayArtist": song.artist,
        "explicitStatus": {True: "explicit", False: "clean", None: ""}[song.explicit],
    }  # fmt: skip
    return entry if file is None else entry | _of_file(song, file)


def _of_file(song: Song, file: FileRecord) -> Entry:
    suffix = Path(file.path).suffix.lower()
    # Where the file lies is nobody's business: this path is made of the names, as other servers make theirs.
    parts = (song.artist or "Unknown artist", song.album or "Unknown album", song.title or "untitled")
    gains = {"trackGain": file.gain_db, "albumGain": file.album_gain_db}
    return {
        "track": file.track, "discNumber": file.disc, "size": file.size, "suffix": suffix.removeprefix("."),
        "contentType": media_type(Path(file.path)),
        "coverArt": public_song_id(song.song_id) if file.cover else None,
        "path": "/".join(part.translate(_NO_PART_OF_A_PATH).strip(". ") or "_" for part in parts) + suffix,
        "displayAlbumArtist": file.album_artist or song.artist,
        "replayGain": gains if file.gain_db is not None else None,
    }  # fmt: skip


def album_entries(call: Call, keys: Iterable[str]) -> list[Entry]:
    """Albums as `AlbumID3`."""
    songs_of = {key: list(call.index.songs.described(call.collection.songs_of_album(key).tolist())) for key in keys}
    files = call.service.sound.records(song.song_id for songs in songs_of.values() for song in songs)
    covered = {song_id for song_id, file in files.items() if file.cover}
    return [
        _album(call, key, songs, cover=any(song.song_id in covered for song in songs))
        for key, songs in songs_of.items()
    ]


def _album(call: Call, key: str, songs: Sequence[Song], *, cover: bool) -> Entry:
    artist = key.partition("|")[0]
    name = call.collection.artist_name(artist) if artist else None
    artist_id = marked_id(ARTIST, artist) if artist else None
    lengths = [song.audio.duration_ms for song in songs if song.audio is not None and song.audio.duration_ms]
    genres = [name for name, _ in Counter(genre for song in songs for genre in song.genres).most_common()]
    return {
        "id": marked_id(ALBUM, key), "name": songs[0].album, "artist": name, "artistId": artist_id,
        "coverArt": marked_id(ALBUM, key) if cover else None,
        "songCount": len(songs), "duration": round(sum(lengths) / 1000),
        "created": call.index.manifest["created"],
        "year": min((song.year for song in songs if song.year is not None), default=None),
        "genre": genres[0] if genres else None, "genres": [{"name": genre} for genre in genres],
        "artists": [{"id": artist_id, "name": name}] if artist else [], "displayArtist": name or "",
    }  # fmt: skip


def album_directories(call: Call, keys: Iterable[str]) -> list[Entry]:
    """Albums as directories, as the calls of before ID3 tags have them."""
    return [
        {**album, "title": album["name"], "album": album["name"], "isDir": True, "parent": album["artistId"],
         "mediaType": "album"}
        for album in album_entries(call, keys)
    ]  # fmt: skip


def artist_entries(call: Call, keys: Iterable[str]) -> list[Entry]:
    """Artists as `ArtistID3`."""
    return [
        {"id": marked_id(ARTIST, key), "name": call.collection.artist_name(key),
         "albumCount": len(call.collection.albums_of_artist(key))}
        for key in keys
    ]  # fmt: skip


def album_rows(call: Call, key: str) -> list[int]:
    """The songs of an album in their order, as far as files say it."""
    rows = call.collection.songs_of_album(key)
    files = call.service.sound.records(call.index.songs.song_ids[row] for row in rows.tolist())

    def place(row: int) -> tuple[int, int, str]:
        file = files.get(call.index.songs.song_ids[row])
        last = 1 << 30
        disc, track = (None, None) if file is None else (file.disc, file.track)
        return (last if disc is None else disc, last if track is None else track, call.index.songs.titles[row])

    return sorted(np.asarray(rows).tolist(), key=place)
