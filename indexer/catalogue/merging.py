"""Songs of a file into the catalogue: what each row adds to its song, and what became of each song."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, text

from indexer.catalogue.connect import insertion, rows_among, write_rows
from indexer.catalogue.files import with_songs_of_files
from indexer.catalogue.joined_artists import JoinedArtists
from indexer.catalogue.keys import content_digest, name_key, quick_artist_key
from indexer.catalogue.meeting import SONG_TABLE, Lookup, Meeting, Stored, lookup_of
from indexer.catalogue.name_merges import MergeLog
from indexer.catalogue.origins import of_one_origin
from indexer.catalogue.reports import RowCounts
from indexer.catalogue.schema import SONG_COLUMNS, SONGS, Names
from indexer.records import AUDIO_NAMES
from indexer.sources.base import SongRow

# What became of a playlist in this load; any other text is the digest that it had before and has no more.
ADDED, SAME = "added", "same"

Refuse = Callable[[int, str, str, str, str], None]  # row, what, subject, problem, kind of problem

_BY = {
    **dict.fromkeys(SONG_COLUMNS, "facts_by"),
    "lyrics": "lyrics_by",
    **dict.fromkeys((*AUDIO_NAMES, "audio_origin"), "audio_by"),
}
_CHANGED = ("content_digest", "name_key", "facts_by", "lyrics_by", "audio_by", *SONG_COLUMNS)
_ALWAYS = frozenset(column.name for column in SONGS.columns if not column.nullable)
_UPDATE = f"UPDATE songs SET {', '.join(f'{name} = ?' for name in _CHANGED)} WHERE song_id = ?"
_INSERT_IDS = insertion("external_ids", ("namespace", "value", "song_id"))
_LISTS = tuple(column.name for column in SONGS.columns if isinstance(column.type, Names))
_CHANGED_ROW = itemgetter(*_CHANGED, "song_id")
_NAMES = Names()
_NAMING = frozenset({"title", "artist", "artists", "featured"})
_UNKNOWN: tuple[object, ...] = (None, "", ())
_IDS_IN_MEMORY = 200_000  # of one file, so that a track that it repeats is looked up once


class SongWriter:
    """Writes the songs of one file, a batch at a time, and counts what became of each.

    own_imports   this load and the earlier ones of the same file
    """

    def __init__(
        self, connection: Connection, import_id: int, own_imports: Iterable[int], file: str, refuse: Refuse
    ) -> None:
        self._connection = connection
        self._import_id = import_id
        self._refuse = refuse
        self._touched = _Touched(connection)
        self._joined = JoinedArtists(connection)
        self._log = MergeLog(connection, import_id, own_imports)
        self._any_apart = connection.exec_driver_sql("SELECT 1 FROM apart LIMIT 1").first() is not None
        self._any_files = connection.exec_driver_sql("SELECT 1 FROM files LIMIT 1").first() is not None
        self._file = file if self._any_apart else ""
        self._added = 0
        self.nearly_met = 0
        self.ids: dict[tuple[str, str], str] = {}  # (namespace, value) -> song_id, of rows of this file

    @property
    def met_by_name(self) -> int:
        """Rows that met the song of another file by its name."""
        return self._log.count

    def write(self, rows: Sequence[SongRow]) -> list[str]:
        """Merge `rows` into the catalogue; the song_id that each row turned out to be."""
        rows = self._with_stored_keys(rows)
        lookups = [lookup_of(self._joined.taken_apart(row), self._file) for row in rows]
        meeting = Meeting(
            self._connection, lookups, self._import_id, any_apart=self._any_apart, any_open=self._joined.any_open
        )
        batch = _Batch(meeting, self._touched.among(meeting.songs, self._import_id))
        song_ids = []
        for row, each in zip(rows, lookups, strict=True):
            song_id, by_name = meeting.find(each)
            brought = self._log.begin(meeting.songs[song_id], each) if by_name and song_id in meeting.songs else None
            self._merge(batch, song_id, each, brought, listed="artists" in row.facts)
            song_ids.append(song_id)
        self._flush(batch, dict.fromkeys(song_ids))
        self._remember(lookups, meeting.holders)
        self._joined.note(batch.meeting.songs[song_id] for song_id in batch.changed)
        self.nearly_met += meeting.nearly
        return song_ids

    def finish(self) -> RowCounts:
        """Each song once, by what the whole file made of it; artists that are known by now are taken apart."""
        same, changed = self._touched.finish()
        self._joined.finish()
        return RowCounts(added=self._added, changed=changed, unchanged=same)

    def _with_stored_keys(self, rows: Sequence[SongRow]) -> Sequence[SongRow]:
        """The rows, those that name a file of the catalogue with the song_id of its song; weak ones without a song_id
        that is not in the catalogue where they name the song otherwise too.
        """
        if self._any_files:
            rows = with_songs_of_files(self._connection, rows)
        keys = {row.song_id for row in rows if row.weak and row.song_id and (row.ids or "title" in row.facts)}
        if not keys:
            return rows
        keys.difference_update(
            song_id for (song_id,) in rows_among(self._connection, "SELECT song_id FROM songs WHERE song_id", keys)
        )
        return [replace(row, song_id=None) if row.weak and row.song_id in keys else row for row in rows]

    def _merge(self, batch: _Batch, song_id: str, lookup: Lookup, brought: Any, *, listed: bool) -> None:
        """Add a row to its song. `listed`: the row lists its artists, they were not taken apart here."""
        row, meeting = lookup.row, batch.meeting
        song = meeting.song(song_id)
        facts: dict[str, object] = dict(row.facts)
        if row.weak and song["title"]:  # it is known, so that the row adds what is missing, but for names
            facts = {name: value for name, value in facts.items() if name not in _NAMING and song[name] in _UNKNOWN}
        elif not (row.song_id or row.ids or meeting.is_known_by_name(song_id, lookup)):
            # A row without ids adds to the song that it met; whoever knows the song's id knows its name better.
            facts = {name: value for name, value in facts.items() if name not in _NAMING or song[name] in _UNKNOWN}
        if not listed and song["artists"] and facts.get("artist", song["artist"]) == song["artist"]:
            facts.pop("artists", None)  # what was known then, or what a file lists, is not guessed again
        for each in lookup.own_ids:
            if refused := meeting.register(song_id, each):
                self._refuse(row.row, "value", song_id, *refused)
                continue
            if each[0] == "spotify":
                facts["spotify_id"] = each[1]
        genres = facts.get("genres")
        if isinstance(genres, tuple):  # tables with one genre in a row repeat the song for each of its genres
            if song_id in batch.with_genres:
                facts["genres"] = tuple(dict.fromkeys((*song["genres"], *genres)))
            batch.with_genres.add(song_id)
        title, artist = facts.get("title", song["title"]), facts.get("artist", song["artist"])
        artists: Any = facts.get("artists", song["artists"])
        if (title, artist, artists) != (song["title"], song["artist"], song["artists"]):
            self._rename(batch, song, lookup, facts)
        batch.merged.add(song_id)
        before: dict[str, object] = {}
        facts = of_one_origin(song, facts)
        for column, value in facts.items():
            if song[column] != value:
                before[column] = song[column]
                song[column] = value
                song[_BY[column]] = self._import_id
        if song["year"] is not None:
            song["decade"] = song["year"] // 10 * 10
        if before:
            batch.changed.add(song_id)
        if brought is not None:
            self._log.add(brought, {**row.facts, **facts}, before)  # also what was not taken, for a song of its own

    def _rename(self, batch: _Batch, song: Stored, lookup: Lookup, facts: dict[str, object]) -> None:
        title, artist = str(facts.get("title", song["title"])), str(facts.get("artist", song["artist"]))
        names = (song["artist"], *song["artists"])
        if artist != song["artist"] and quick_artist_key(artist) not in map(quick_artist_key, names):
            for name in ("artists", "featured"):  # those of another name say nothing of this one
                facts.setdefault(name, ())
        artists: Any = facts.get("artists", song["artists"])
        key = name_key(title, artist, artists) if song["title"] or not lookup.key else lookup.key
        if key == song["name_key"]:
            return
        if song["name_key"] and (song["song_id"] in batch.merged or song["song_id"] in batch.touched):
            before, here = f"{song['title']}, {song['artist']}", f"{title}, {artist}"
            problem = f"duplicate id, other content: it was {before!r}, is {here!r} here; the last is kept"
            kind = "duplicate id, other content; the last is kept"
            self._refuse(lookup.row.row, "duplicate", song["song_id"], problem, kind)
        batch.meeting.rename(song["song_id"], key)

    def _flush(self, batch: _Batch, song_ids: Iterable[str]) -> None:
        new: list[Stored] = []
        changed: list[Stored] = []
        touched = []
        for song_id in song_ids:
            song = batch.meeting.songs[song_id]
            before = song["content_digest"]
            if not before:
                song["content_digest"] = content_digest(song)
                new.append(song)
                continue
            if song["added_by"] != self._import_id:
                touched.append((song_id, before, song_id in batch.with_genres))
            if song_id in batch.changed:
                song["content_digest"] = digest = content_digest(song)
                if digest != before:
                    changed.append(song)
        self._added += len(new)
        insert_songs(self._connection, new)
        update_songs(self._connection, changed)
        write_rows(self._connection, _INSERT_IDS, batch.meeting.new_ids)
        self._touched.add(touched, batch.touched)
        self._log.write()

    def _remember(self, lookups: Sequence[Lookup], holders: Mapping[tuple[str, str], list[str]]) -> None:
        if len(self.ids) > _IDS_IN_MEMORY:
            self.ids.clear()
        for lookup in lookups:
            if lookup.row.ids and (best := lookup.row.ids[0]) in holders:
                self.ids[best] = holders[best][0]


class _Batch:
    """The rows of one batch while they are merged.

    touched       songs that earlier batches of the file spoke of
    with_genres   songs whose genres are those of this file
    """

    def __init__(self, meeting: Meeting, touched: Mapping[str, bool]) -> None:
        self.meeting = meeting
        self.touched = touched
        self.with_genres = {song_id for song_id, genres in touched.items() if genres}
        self.merged: set[str] = set()
        self.changed: set[str] = set()


class _Touched:
    """The songs of earlier imports that a file speaks of, with their digests before: in the database, not in memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._created = False

    def among(self, songs: Mapping[str, Stored], import_id: int) -> dict[str, bool]:
        """Those of `songs` that the file spoke of before, and whether it brought genres of them."""
        touched = {song_id: True for song_id, song in songs.items() if song["added_by"] == import_id}
        if self._created:
            query = "SELECT song_id, genres FROM touched_songs WHERE song_id"
            touched.update((song_id, bool(genres)) for song_id, genres in rows_among(self._connection, query, songs))
        return touched

    def add(self, rows: Sequence[tuple[str, str, bool]], before: Mapping[str, bool]) -> None:
        """Note songs as (song_id, digest before, genres); `before` are those that are noted already."""
        if not rows:
            return
        if not self._created:
            self._connection.execute(text(_TOUCHED_TABLE[self._connection.dialect.name]))
            self._created = True
        insert = insertion("touched_songs", ("song_id", "before", "genres"))
        write_rows(self._connection, insert, [(*row[:2], int(row[2])) for row in rows if row[0] not in before])
        more = [(song_id,) for song_id, _, genres in rows if genres and before.get(song_id) is False]
        write_rows(self._connection, "UPDATE touched_songs SET genres = 1 WHERE song_id = ?", more)

    def finish(self) -> tuple[int, int]:
        """How many of the songs are as they were, and how many are not."""
        if not self._created:
            return 0, 0
        query = (
            "SELECT count(*), coalesce(sum(CASE WHEN songs.content_digest = before THEN 1 ELSE 0 END), 0) "
            "FROM touched_songs JOIN songs ON songs.song_id = touched_songs.song_id"
        )
        count, same = self._connection.exec_driver_sql(query).one()
        self._connection.exec_driver_sql("DROP TABLE touched_songs")
        return int(same), int(count) - int(same)


_TOUCHED_COLUMNS = "before TEXT NOT NULL, genres INTEGER NOT NULL"
_TOUCHED_TABLE = {
    "sqlite": f"CREATE TEMPORARY TABLE touched_songs (song_id TEXT PRIMARY KEY, {_TOUCHED_COLUMNS}) WITHOUT ROWID",
    "postgresql": f'CREATE TEMPORARY TABLE touched_songs (song_id TEXT COLLATE "C" PRIMARY KEY, {_TOUCHED_COLUMNS})',
}


def insert_songs(connection: Connection, songs: Sequence[Stored]) -> None:
    """New songs, with the columns that any of them has: to bind a NULL costs as much as to bind a value."""
    columns = [name for name in SONG_TABLE if name in _ALWAYS or any(song[name] is not None for song in songs)]
    row = itemgetter(*columns)
    write_rows(connection, insertion("songs", columns), [row(_as_stored(song)) for song in songs])


def update_songs(connection: Connection, songs: Sequence[Stored]) -> None:
    """Songs that the catalogue has, as they are now."""
    write_rows(connection, _UPDATE, [_CHANGED_ROW(_as_stored(song)) for song in songs])


def _as_stored(song: Stored) -> Stored:
    """The song with its lists as the database takes them."""
    stored = song.copy()
    for name in _LISTS:
        stored[name] = _NAMES.process_bind_param(song[name], None) if song[name] else "[]"  # type: ignore[arg-type]
    return stored


def after(earlier: str, before: str, digest: str) -> str:
    """What became of a thing so far, now that a batch took it from digest `before` to `digest`."""
    if earlier == ADDED:
        return ADDED
    original = before if earlier == SAME else earlier
    return SAME if digest == original else original


def tally(touched: Mapping[str, str]) -> RowCounts:
    """RowCounts of what became of each."""
    counts = Counter(what if what in (ADDED, SAME) else "changed" for what in touched.values())
    return RowCounts(added=counts[ADDED], changed=counts["changed"], unchanged=counts[SAME])
