"""Playlists of a file into the catalogue: facts at once, entries gathered and compared playlist by playlist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, bindparam, delete, insert, select, update

from indexer.catalogue.connect import chunks
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
        if not rows:
            return
        if not self._number:
            _STAGED.create(self._connection, checkfirst=False)
        unknown = {row.playlist_id: PlaylistRow(row.row, row.playlist_id, {}) for row, _ in rows}
        self.write([row for playlist_id, row in unknown.items() if playlist_id not in self._touched])
        self._with_entries.update(unknown)
        staged = []
        for row, song_id in rows:
            self._number += 1
            staged.append(
                {
                    "playlist_id": row.playlist_id,
                    "position": row.position,
                    "number": self._number,
                    "song_id": song_id,
                    "row": row.row,
                }
            )
        self._execute(insert(_STAGED), staged)

    def finish(self) -> tuple[RowCounts, RowCounts]:
        """Write the gathered entries; what became of the playlists and of their entries."""
        added = changed = unchanged = 0
        for playlist_ids in chunks(self._with_entries, PLAYLISTS_AT_A_TIME):
            stored, now = self._stored(playlist_ids), self._gathered(playlist_ids)
            had = entries_of(self._connection, playlist_ids)
            fresh: list[dict[str, Any]] = []
            updates: list[dict[str, Any]] = []
            for playlist_id in playlist_ids:
                old, new, playlist = had[playlist_id], now[playlist_id], stored[playlist_id]
                same = sum(old.get(song_id) == position for song_id, position in new.items())
                known = len(new.keys() & old.keys())
                unchanged, changed, added = unchanged + same, changed + known - same, added + len(new) - known
                if old != new:
                    fresh += [{"playlist_id": playlist_id, "song_id": s, "position": p} for s, p in new.items()]
                    before, playlist["entries_by"] = playlist["digest"], self._import_id
                    playlist["digest"] = _digest(playlist, new)
                    self._note(playlist_id, before, playlist, updates)
            if replaced := sorted({row["playlist_id"] for row in fresh}):
                self._connection.execute(delete(ENTRIES).where(ENTRIES.c.playlist_id.in_(replaced)))
            self._execute(insert(ENTRIES), fresh)
            self._execute(_UPDATE, updates)
        if self._number:
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

    def _gathered(self, playlist_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        entries: dict[str, dict[str, int]] = defaultdict(dict)
        columns = _STAGED.c
        query = select(columns.playlist_id, columns.position, columns.song_id, columns.row)
        query = query.where(columns.playlist_id.in_(playlist_ids))
        ordered = query.order_by(columns.playlist_id, columns.position, columns.number)
        for playlist_id, position, song_id, row in self._connection.execute(ordered):
            playlist = entries[playlist_id]
            if song_id in playlist:
                problem = f"{song_id} stands in it before; a playlist holds a song once"
                self._refuse(row, "entry", f"playlist {playlist_id}", problem, "a playlist holds a song once")
            else:  # where two songs claim one position, the second moves on: the order of the file is kept
                last = next(reversed(playlist.values()), -1)
                playlist[song_id] = max(position, last + 1)
        return entries


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
