"""Artists in one text, "Ada & Bo": taken apart where each of them is an artist of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from indexer.catalogue.connect import insertion, rows_among, write_rows
from indexer.catalogue.keys import artist_range, content_digest, name_key, quick_artist_key
from indexer.catalogue.meeting import Stored, stored_songs
from indexer.catalogue.schema import Names
from indexer.sources.base import SongRow
from indexer.text.artists import parts_of, taken_apart

_IN_MEMORY = 50_000  # names of one file; above that they are asked for again
_INSERT = insertion("open_artists", ("part", "artist"), ignore=True)
# "Ada, Bo" has Ada's name key; it says of neither that there is such an artist.
_KNOWN = (
    "SELECT 1 FROM songs WHERE name_key >= ? AND name_key < ? "
    "AND (artists NOT IN ('', '[]') OR artist NOT LIKE ?) LIMIT 1"
)
_SONGS = "SELECT song_id FROM songs WHERE artist = ? AND artists IN ('', '[]') AND name_key >= ? AND name_key < ?"
_UPDATE = "UPDATE songs SET artists = ?, name_key = ?, content_digest = ? WHERE song_id = ?"

_ways = lru_cache(_IN_MEMORY)(parts_of)


class JoinedArtists:
    """Takes the artists of the songs of one file apart: at once where it can, the others when the file is over.

    Names that stay open are stored with the keys of those who may be among them, so that a later file which brings one
    of these is enough to look at them again.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.any_open = self._first("SELECT 1 FROM open_artists LIMIT 1")
        self._parts: dict[str, tuple[str, ...]] = {}  # artist text -> its artists, () where it stays one text
        self._known: dict[str, bool] = {}
        self._seen: set[str] = set()  # keys of artists of this file
        self._open: set[str] = set()  # names to look at when the file is over

    def taken_apart(self, row: SongRow) -> SongRow:
        """The row with the artists that its text is known to join."""
        artist = row.facts.get("artist")
        if not isinstance(artist, str) or "artists" in row.facts:
            return row
        parts = self._parts.get(artist)
        if parts is None:
            if len(self._parts) > _IN_MEMORY:
                self._parts.clear()
            parts = taken_apart(artist, self._is_known) if _ways(artist) else ()
            self._parts[artist] = parts = parts if len(parts) > 1 else ()
        return replace(row, facts={**row.facts, "artists": parts}) if parts else row

    def note(self, songs: Iterable[Stored]) -> None:
        """Note whose songs a batch brought, and the names that may be several artists."""
        joined: set[str] = set()
        keys: set[str] = set()
        for song in songs:
            artist, artists = song["artist"], song["artists"]
            if not artists and artist not in self._open and _ways(artist):
                joined.add(artist)
            keys.add(quick_artist_key(artists[0] if artists else artist))
        if joined:
            parts = {(quick_artist_key(part), name) for name in joined for way in _ways(name) for part in way}
            write_rows(self._connection, _INSERT, sorted(parts))
            self._open |= joined
        keys -= self._seen
        if self.any_open and keys:
            found = rows_among(self._connection, "SELECT DISTINCT artist FROM open_artists WHERE part", keys)
            self._open.update(row[0] for row in found)
        self.any_open |= bool(joined)
        if len(self._seen) > _IN_MEMORY:
            self._seen.clear()
        self._seen |= keys

    def finish(self) -> None:
        """Take apart what can be by now; the digests of these songs change."""
        self._known.clear()
        updates: list[tuple[Any, ...]] = []
        closed = []
        for artist in sorted(self._open):
            parts = taken_apart(artist, self._is_known)
            if len(parts) < 2:
                continue
            closed.append((artist,))
            rows = self._connection.exec_driver_sql(self._sql(_SONGS), (artist, *artist_range(artist)))
            for song in stored_songs(self._connection, [row[0] for row in rows]).values():
                song["artists"] = parts
                key = name_key(song["title"], artist, parts)
                listed = Names().process_bind_param(parts, self._connection.dialect)
                updates.append((listed, key, content_digest(song), song["song_id"]))
        write_rows(self._connection, _UPDATE, updates)
        write_rows(self._connection, "DELETE FROM open_artists WHERE artist = ?", closed)

    def _is_known(self, name: str) -> bool:
        key = quick_artist_key(name)
        known = self._known.get(key)
        if known is None:
            if len(self._known) > _IN_MEMORY:
                self._known.clear()
            low, high = artist_range(name)  # of "Ada, Bo" it is that of Ada, who says nothing of the two
            self._known[key] = known = low == f"{key}|" and self._first(_KNOWN, low, high, "%, %")
        return known

    def _first(self, query: str, *values: str) -> bool:
        return self._connection.exec_driver_sql(self._sql(query), values).first() is not None

    def _sql(self, query: str) -> str:
        return query if self._connection.dialect.name == "sqlite" else query.replace("?", "%s")
