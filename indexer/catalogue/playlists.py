"""Playlists of a file into the catalogue: facts at once, entries gathered and compared playlist by playlist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, bindparam, delete, insert, select, update

from indexer.catalogue.connect import chunks, insertion, write_rows
from indexer.catalogue.keys import digest_of
from indexer.catalogue.merging import ADDED, SAME, Refuse, after, tally
from indexer.catalogue.reports import RowCounts
from indexer.catalogue.schema import ENTRIES, PLAYLISTS, Key
from indexer.catalogue.values import checked
from indexer.sources.base import EntryRow, PlaylistRow

PLAYLISTS_AT_A_TIME = 500  # with their entries: some ten thousand rows

_FACTS = ("name", "description", "followers")
_WRITTEN = (*_FACTS, "digest", "entries_by")
_UPDATE = (
    update(PLAYLISTS)
    .where(PLAYLISTS.c.playlist_id == bindparam("of_playlist"))
    .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
)
_STAGED = Table(
    "staged_entries",
    MetaData(),
    Column("playlist_id", Key, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # in the file: two may claim one position
    Column("song_id", Key),
    Column("row", BigInteger),
    prefixes=["TEMPORARY"],
)
_STAGE = insertion("staged_entries", ("playlist_id", "position", "number", "song_id", "row"))
_INSERT = insertion("playlist_entries", ("playlist_id", "song_id", "position"))
_IN_MEMORY = 200_000  # entries; a file that has more gathers them in the database

_Entry = tuple[int, int, str, int]  # position, number in the file, song_id, row


class PlaylistWriter:
    """Writes the playlists of one file and counts what became of them and of their entries.

    The entries of a playlist in a file replace those that it had: a file is taken to list the whole playlist.
    """

    def __init__(self, connection: Connection, import_id: int, refuse: Refuse) -> None:
        self._connection = connection
        self._import_id = import_id
        self._refuse = refuse
        self._touched: dict[str, str] = {}
        self._with_entries: set[str] = set()
        self._number = 0
        self._gathered: dict[str, list[_Entry]] = defaultdict(list)
        self._in_memory = 0
        self._staged = False

    def write(self, rows: Sequence[PlaylistRow]) -> None:
        """Merge the facts of playlists; unknown playlists are added."""
        stored = self._stored({row.playlist_id for row in rows})
        before = {playlist_id: playlist["digest"] for playlist_id, playlist in stored.items()}
        renamed = set()
        for row in rows:
            playlist = stored.setdefault(row.playlist_id, self._empty(row.playlist_id))
            facts = {name: value for name, value in row.facts.items() if value not in ("", None)}
            if any(playlist[name] != value for name, value in facts.items()):
                playlist.update(facts)
                renamed.add(row.playlist_id)
        new: list[Mapping[str, Any]] = []
        updates: list[dict[str, Any]] = []
        entries = entries_of(self._connection, renamed & before.keys())
        for playlist_id, playlist in stored.items():
            if playlist_id not in before:
                new.append(playlist | {"digest": _digest(playlist, ())})
                self._touched[playlist_id] = ADDED
            else:
                if playlist_id in renamed:
                    playlist["digest"] = _digest(playlist, entries[playlist_id])
                self._note(playlist_id, before[playlist_id], playlist, updates)
        self._execute(insert(PLAYLISTS), new)
        self._execute(_UPDATE, updates)

    def add_entries(self, rows: Sequence[tuple[EntryRow, str]]) -> None:
        """Gather entries, each with the song_id that it points to."""
        known = self._with_entries
        for row, song_id in rows:
            self._number += 1
            entry = (row.position, self._number, song_id, row.row)
            if row.playlist_id in known:
                self._gathered[row.playlist_id].append(entry)
                continue
            if row.playlist_id not in self._touched:
                self.write([PlaylistRow(row.row, row.playlist_id, {})])
            known.add(row.playlist_id)
            self._gathered[row.playlist_id].append(entry)
        self._in_memory += len(rows)
        if self._in_memory > _IN_MEMORY:
            self._stage()

    def _stage(self) -> None:
        if not self._staged:
            _STAGED.create(self._connection, checkfirst=False)
            self._staged = True
        rows = [(playlist_id, *entry) for playlist_id, entries in self._gathered.items() for entry in entries]
        write_rows(self._connection, _STAGE, rows)
        self._gathered.clear()
        self._in_memory = 0

    def finish(self) -> tuple[RowCounts, RowCounts]:
        """Write the gathered entries; what became of the playlists and of their entries."""
        added = changed = unchanged = 0
        if self._staged:
            self._stage()
        for playlist_ids in chunks(self._with_entries, PLAYLISTS_AT_A_TIME):
            stored, now = self._stored(playlist_ids), self._songs_of(playlist_ids)
            had = entries_of(self._connection, playlist_ids)
            fresh: list[tuple[str, str, int]] = []
            replaced: list[str] = []
            updates: list[dict[str, Any]] = []
            for playlist_id in playlist_ids:
                old, new, playlist = had[playlist_id], now[playlist_id], stored[playlist_id]
                same = sum(old.get(song_id) == position for song_id, position in new.items())
                known = len(new.keys() & old.keys())
                unchanged, changed, added = unchanged + same, changed + known - same, added + len(new) - known
                if old != new:
                    fresh += [(playlist_id, song_id, position) for song_id, position in sorted(new.items())]
                    if old:
                        replaced.append(playlist_id)
                    before, playlist["entries_by"] = playlist["digest"], self._import_id
                    playlist["digest"] = _digest(playlist, new)
                    self._note(playlist_id, before, playlist, updates)
            if replaced:
                self._connection.execute(delete(ENTRIES).where(ENTRIES.c.playlist_id.in_(replaced)))
            write_rows(self._connection, _INSERT, fresh)
            self._execute(_UPDATE, updates)
        if self._staged:
            _STAGED.drop(self._connection, checkfirst=False)
        return tally(self._touched), RowCounts(added=added, changed=changed, unchanged=unchanged)

    def _note(self, playlist_id: str, before: str, playlist: Mapping[str, Any], updates: list[dict[str, Any]]) -> None:
        if playlist["digest"] != before:
            updates.append({"of_playlist": playlist_id} | {f"new_{name}": playlist[name] for name in _WRITTEN})
        self._touched[playlist_id] = after(self._touched.get(playlist_id, SAME), before, playlist["digest"])

    def _execute(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, rows)

    def _empty(self, playlist_id: str) -> dict[str, Any]:
        unknown = {"name": "", "description": None, "followers": None, "digest": "", "entries_by": None}
        return {"playlist_id": playlist_id, "added_by": self._import_id} | unknown

    def _stored(self, playlist_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        stored: dict[str, dict[str, Any]] = {}
        for chunk in chunks(playlist_ids):
            query = select(PLAYLISTS).where(PLAYLISTS.c.playlist_id.in_(chunk))
            stored.update((row["playlist_id"], dict(row)) for row in self._connection.execute(query).mappings())
        return stored

    def _songs_of(self, playlist_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """The songs that the file puts into each playlist, and their positions."""
        gathered = self._gathered
        if self._staged:
            columns = _STAGED.c
            query = select(columns.playlist_id, columns.position, columns.number, columns.song_id, columns.row)
            gathered = defaultdict(list)
            for playlist_id, *entry in self._connection.execute(query.where(columns.playlist_id.in_(playlist_ids))):
                gathered[playlist_id].append(tuple(entry))
        songs: dict[str, dict[str, int]] = {}
        for playlist_id in playlist_ids:
            songs[playlist_id] = playlist = {}
            last = -1
            for position, _, song_id, row in sorted(gathered[playlist_id]):
                if song_id in playlist:
                    problem = f"{song_id} stands in it before; a playlist holds a song once"
                    self._refuse(row, "entry", f"playlist {playlist_id}", problem, "a playlist holds a song once")
                else:  # where two songs claim one position, the second moves on: the order of the file is kept
                    playlist[song_id] = last = max(position, last + 1)
        return songs


def entries_of(connection: Connection, playlist_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """For each playlist its songs and their positions, in order."""
    entries: dict[str, dict[str, int]] = defaultdict(dict)
    columns = ENTRIES.c
    for chunk in chunks(playlist_ids):
        query = select(columns.playlist_id, columns.song_id, columns.position).where(columns.playlist_id.in_(chunk))
        ordered = query.order_by(columns.playlist_id, columns.position)
        for playlist_id, song_id, position in checked(query, connection.execute(ordered)):
            entries[playlist_id][song_id] = position
    return entries


def refresh_digests(connection: Connection, playlist_ids: Iterable[str]) -> None:
    """Bring the digests of playlists that lost songs up to date."""
    for some in chunks(playlist_ids, PLAYLISTS_AT_A_TIME):
        entries = entries_of(connection, some)
        stored = connection.execute(select(PLAYLISTS).where(PLAYLISTS.c.playlist_id.in_(some))).mappings()
        statement = update(PLAYLISTS).where(PLAYLISTS.c.playlist_id == bindparam("of_playlist"))
        digests = [
            {"of_playlist": row["playlist_id"], "new_digest": _digest(dict(row), entries[row["playlist_id"]])}
            for row in stored
        ]
        if digests:
            connection.execute(statement.values(digest=bindparam("new_digest")), digests)


def _digest(playlist: Mapping[Any, Any], entries: Iterable[str]) -> str:
    return digest_of([*(playlist[name] for name in _FACTS), *entries])
