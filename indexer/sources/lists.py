"""Lists: playlists as players write them, an entry at a time: a file or an address, and names of the song."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from indexer.sources.base import Batch, Refusal
from indexer.sources.cells import plain
from indexer.sources.columns import ColumnMap
from indexer.sources.identifiers import mbid, spotify_track
from indexer.sources.opened import OpenedFile
from indexer.sources.path_names import names_of_path
from indexer.sources.paths import is_address, plain_path
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list. What it does not say is "" or None.

    row          its line or place, from 1
    locations    paths and addresses of its song, relative ones as they stand
    duration_ms  a number, or a text that should be one
    song_id      the catalogue's key, where Refrain wrote the list
    """

    row: int
    locations: tuple[str, ...] = ()
    title: str = ""
    artist: str = ""
    album: str = ""
    duration_ms: object = None
    song_id: str = ""


def list_name(opened: OpenedFile, name: str) -> PlaylistName:
    """The playlist that a list is: by the name in it, else by the file's name and folder, as many are called alike."""
    name = plain(name)
    if name:
        return PlaylistName.of("playlist", name)
    folder = opened.name.replace("\\", "/").rpartition("/")[0]
    return PlaylistName(PlaylistName.of("playlist", f"{folder} {opened.title}").playlist_id, opened.title)


def location_of(uri: str) -> str:
    """A location that is a URI, as the lists have it that write paths: relative ones without "%20".

    >>> location_of("A%20Band/01.mp3"), location_of("file:///a%20b.mp3")
    ('A Band/01.mp3', 'file:///a%20b.mp3')
    """
    return uri if is_address(uri) or uri[:5].lower() == "file:" else unquote(uri)


def read_list(
    opened: OpenedFile, name: str, entries: Iterable[Entry], facts: Mapping[str, object] | None = None
) -> Iterator[Batch]:
    """The entries of a list as one playlist.

    An entry is the song whose key or id it brings or whose file it names, else the song of its artist and title, else
    of those that its path says; one that says neither, as a stream, is refused.
    """
    playlist = list_name(opened, name)
    reader = SongReader(opened, ColumnMap(()), weak=True)
    stream = iter(entries)
    while some := list(islice(stream, BATCH_ROWS)):
        batch = Batch()
        for entry in some:
            _add(reader, batch, opened.name, playlist, entry, facts or {})
        yield batch
    last = Batch()
    reader.finish(last)
    yield last


def _add(
    reader: SongReader, batch: Batch, file: str, playlist: PlaylistName, entry: Entry, facts: Mapping[str, object]
) -> None:
    values = values_of(entry)
    location = next(iter(entry.locations), "")
    named = "title" in values and ("artist" in values or not is_address(location))
    if not named and not values.keys() & {"song_id", "spotify_id", "mbid"}:
        reason = (
            "an address, and no artist and title: a stream, or a song that no name is given of"
            if is_address(location)
            else "neither an artist and title nor a path that says them"
        )
        batch.refusals.append(Refusal.about(file, entry.row, "entry", repr(location[:200]), reason))
        return
    place = reader.add_song(batch, entry.row, values)
    if place is not None:
        reader.add_entry(batch, entry.row, playlist, place, facts)


def values_of(entry: Entry) -> dict[str, object]:
    """An entry by the fields of a song."""
    title, artist, album = entry.title, entry.artist, entry.album
    path = next((each for each in entry.locations if plain_path(each)), "")
    if path and not (title and artist):
        names = names_of_path(path)
        if not title:
            title, artist, album = names.title, artist or names.artist, album or names.album
        elif not artist and names.title.casefold() == title.casefold():
            artist = names.artist
    values: dict[str, object] = {
        "song_id": entry.song_id,
        "spotify_id": next(filter(None, map(spotify_track, entry.locations)), ""),
        "mbid": next(filter(None, map(mbid, entry.locations)), ""),
        "title": title,
        "artist": artist,
        "album": album,
        "duration_ms": entry.duration_ms,
        "path": path,
    }
    return {name: value for name, value in values.items() if value not in ("", None)}
