"""Reading a catalogue: streams in the order of their keys, each from one state of the database."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from indexer.catalogue.connect import chunks
from indexer.catalogue.doctor import Diagnosis, diagnose
from indexer.catalogue.files import TIMBRES, FileQueries
from indexer.catalogue.merges import Merge, NearMerge, merges, near_merges
from indexer.catalogue.playlists import PLAYLISTS_AT_A_TIME, entries_of
from indexer.catalogue.reports import Remark, RemarkCounter, Statistics
from indexer.catalogue.schema import (
    ARTIST_TAGS,
    ENTRIES,
    EXTERNAL_IDS,
    IMPORTS,
    LABELS,
    PLAYLISTS,
    REFUSALS,
    SONG_COLUMNS,
    SONG_TAGS,
    SONGS,
)
from indexer.catalogue.staging import tags_of
from indexer.catalogue.values import checked, unexpected
from indexer.records import AUDIO_NAMES, AUDIO_RANGES, AudioFeatures, SavedPlaylist, Song
from indexer.sources.base import Refusal
from indexer.sources.identifiers import NAMESPACES
from indexer.sources.validate import YEARS

ROWS_AT_A_TIME = 10_000

_RANGES = {"year": YEARS, "decade": YEARS, "popularity": (0, 100)}
_PLAIN = tuple(name for name in SONG_COLUMNS if name not in AUDIO_NAMES)
_SONG_QUERY = select(SONGS.c.song_id, *(SONGS.c[name] for name in SONG_COLUMNS)).order_by(SONGS.c.song_id)


class Queries(FileQueries):
    """What a catalogue answers. Where it is read, a transaction for each call or one for all, is the subclass's."""

    @abstractmethod
    def _connection(self) -> AbstractContextManager[Connection]:
        """A connection inside a transaction that sees one state of the catalogue."""

    def __len__(self) -> int:
        with self._connection() as connection:
            return connection.execute(select(func.count()).select_from(SONGS)).scalar_one()

    def song(self, song_id: str) -> Song | None:
        """One song with its tags, None if there is no such song."""
        return next(self.songs([song_id]), None)

    def songs_of_id(self, namespace: str, value: str) -> list[str]:
        """The song_ids of the songs that have this id elsewhere ("isrc", "mbid", ...), the best known first.

        Several songs may have an ISRC or an MBID: releases of one recording.
        """
        columns = EXTERNAL_IDS.c
        query = select(SONGS.c.song_id).join_from(EXTERNAL_IDS, SONGS, columns.song_id == SONGS.c.song_id)
        query = query.where(columns.namespace == namespace, columns.value == value)
        best_known = (func.coalesce(SONGS.c.popularity, 0).desc(), SONGS.c.song_id)
        with self._connection() as connection:
            return [row.song_id for row in checked(query, connection.execute(query.order_by(*best_known)))]

    def ids_of_songs(self, song_ids: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """song_id -> namespace ("isrc", "mbid", ...) -> the ids that the song has there, for songs that have any."""
        columns = EXTERNAL_IDS.c
        query = select(columns.song_id, columns.namespace, columns.value).where(columns.namespace.in_(NAMESPACES))
        query = query.order_by(columns.song_id, columns.namespace, columns.value)
        ids: dict[str, dict[str, list[str]]] = {}
        with self._connection() as connection:
            for chunk in chunks(set(song_ids)):
                for row in checked(query, connection.execute(query.where(columns.song_id.in_(chunk)))):
                    ids.setdefault(row.song_id, {}).setdefault(row.namespace, []).append(row.value)
        return ids

    def songs(self, song_ids: Iterable[str] | None = None, *, batch: int = 2_000) -> Iterator[Song]:
        """All songs, or those of `song_ids` that exist, by rising song_id; `batch` of them stand in memory at a time.

        Song.tags are the tags of the song, the most frequent first; tags of its artist are in `artist_tags`.
        """
        if batch < 1:
            raise ValueError(f"batch is {batch}, expected 1 or more")
        return self._songs(song_ids, batch)

    def _songs(self, song_ids: Iterable[str] | None, batch: int) -> Iterator[Song]:
        with self._connection() as connection:
            pages = _all_pages(connection, batch) if song_ids is None else _pages_of(connection, song_ids, batch)
            for page in pages:
                tags = tags_of(connection, [row.song_id for row in page])
                for row in page:
                    yield _song(row, tags.get(row.song_id, ()))

    def digests(self) -> Iterator[tuple[str, str]]:
        """(song_id, digest) by rising song_id; a digest changes with anything that the Song carries, tags included."""
        columns = SONGS.c
        query = select(columns.song_id, columns.content_digest, columns.tags_digest).order_by(columns.song_id)
        for song_id, content, tags in self._rows(query):
            yield song_id, content + tags

    def playlists(self) -> Iterator[SavedPlaylist]:
        """All playlists by rising playlist_id, each with its songs in the listener's order."""
        columns = PLAYLISTS.c
        query = select(columns.playlist_id, columns.name, columns.description, columns.followers)
        ordered = query.order_by(columns.playlist_id).limit(PLAYLISTS_AT_A_TIME)
        last = ""
        with self._connection() as connection:
            while page := list(checked(ordered, connection.execute(ordered.where(columns.playlist_id > last)))):
                entries = entries_of(connection, [row.playlist_id for row in page])
                for row in page:
                    facts = (row.playlist_id, row.name, row.description, row.followers)
                    yield SavedPlaylist(*facts, song_ids=tuple(entries[row.playlist_id]))
                last = page[-1].playlist_id

    def labels(self, name: str) -> Iterator[tuple[str, float]]:
        """(song_id, value) of the songs that have the label, as "deezer_valence", by rising song_id."""
        columns = LABELS.c
        query = select(columns.song_id, columns.value).where(columns.name == name)
        yield from self._rows(query.order_by(columns.song_id))

    def label_names(self) -> list[str]:
        """The labels that songs have, sorted: "deezer_arousal", "mood:happy" (from a column `mood`), ..."""
        return [row[0] for row in self._rows(select(LABELS.c.name).distinct().order_by(LABELS.c.name))]

    def song_tags(self) -> Iterator[tuple[str, str, int]]:
        """(song_id, tag, count) by rising song_id, the most frequent tag of each song first."""
        columns = SONG_TAGS.c
        query = select(columns.song_id, columns.tag, columns.count)
        yield from self._rows(query.order_by(columns.song_id, columns.count.desc(), columns.tag))

    def artist_tags(self) -> Iterator[tuple[str, str, int]]:
        """(artist_key, tag, count) by rising key (`text.names.artist_key`), the most frequent tag of each first."""
        columns = ARTIST_TAGS.c
        query = select(columns.artist_key, columns.tag, columns.count)
        yield from self._rows(query.order_by(columns.artist_key, columns.count.desc(), columns.tag))

    def fingerprints(self) -> dict[str, str]:
        """For "songs" (with their tags), "playlists", "artist_tags", "labels" and "timbres": 64 hexadecimal digits that
        change with anything of this kind, and with nothing else.
        """
        with self._connection() as connection:
            columns = SONGS.c
            of_songs = select(columns.song_id, columns.content_digest, columns.tags_digest).order_by(columns.song_id)
            of_playlists = select(PLAYLISTS.c.playlist_id, PLAYLISTS.c.digest).order_by(PLAYLISTS.c.playlist_id)
            queries = {"songs": of_songs, "playlists": of_playlists}
            queries |= {name: _all_rows(table) for name, table in (("artist_tags", ARTIST_TAGS), ("labels", LABELS))}
            queries["timbres"] = TIMBRES
            return {name: _hash(connection, query) for name, query in queries.items()}

    def fingerprint(self) -> str:
        """64 hexadecimal digits that change with any of the `fingerprints`, and with nothing else."""
        return hashlib.sha256(repr(sorted(self.fingerprints().items())).encode()).hexdigest()

    def refused(self) -> Iterator[Refusal]:
        """What the last load of each file left out, and why, in the order of the loads.

        The first 20,000 of a kind come one by one, the rest as one with their `count`.
        """
        query = select(IMPORTS.c.file, *(REFUSALS.c[name] for name in ("row", "what", "reason", "kind", "count")))
        joined = query.join_from(REFUSALS, IMPORTS, REFUSALS.c.import_id == IMPORTS.c.import_id)
        for row in self._rows(joined.order_by(REFUSALS.c.refusal_id)):
            yield Refusal(*row)

    def remarks(self) -> tuple[Remark, ...]:
        """What `refused` lists, counted by file and kind."""
        counter = RemarkCounter()
        counter.add(self.refused())
        return counter.remarks()

    def merges(self) -> Iterator[Merge]:
        """Rows that met the song of another file by artist and title, by song_id."""
        with self._connection() as connection:
            yield from merges(connection)

    def near_merges(self) -> Iterator[NearMerge]:
        """Songs of one artist and title that stayed two, each beside the best known of its name, and why."""
        with self._connection() as connection:
            yield from near_merges(connection)

    def origin(self, song_id: str) -> dict[str, str]:
        """The files that the song ("added") and its "lyrics", "audio" and other "facts" last came from."""
        files: dict[str, str] = {}
        with self._connection() as connection:
            for fact in ("added", "facts", "lyrics", "audio"):
                query = select(IMPORTS.c.file).join_from(SONGS, IMPORTS, SONGS.c[f"{fact}_by"] == IMPORTS.c.import_id)
                file = connection.execute(query.where(SONGS.c.song_id == song_id)).scalar()
                if file is not None:
                    files[fact] = file
        return files

    def diagnose(self) -> Diagnosis:
        """What the catalogue lacks, what looks wrong in it, and what to import next."""
        with self._connection() as connection:
            return diagnose(connection)

    def statistics(self) -> Statistics:
        """How much of everything there is, counted from indexes rather than rows."""
        columns = SONGS.c
        counted = select(
            func.count(),
            func.count(columns.lyrics_by),
            func.count(columns.audio_by),
            func.count(columns.lyrics_by + columns.audio_by),
        )
        brought = select(IMPORTS.c.format, func.count()).join_from(
            SONGS, IMPORTS, columns.added_by == IMPORTS.c.import_id
        )
        with self._connection() as connection:

            def rows(table: Table) -> int:
                return connection.execute(select(func.count()).select_from(table)).scalar_one()

            count, lyrics, audio, both = connection.execute(counted.select_from(SONGS)).one()
            by_format = connection.execute(brought.group_by(IMPORTS.c.format).order_by(IMPORTS.c.format))
            return Statistics(
                songs=count,
                with_lyrics=lyrics,
                with_audio=audio,
                with_both=both,
                playlists=rows(PLAYLISTS),
                entries=rows(ENTRIES),
                tags=rows(SONG_TAGS),
                artist_tags=rows(ARTIST_TAGS),
                labels=rows(LABELS),
                imports=rows(IMPORTS),
                by_format={row[0]: row[1] for row in by_format},
            )

    def _rows(self, query: Select[Any]) -> Iterator[Any]:
        with self._connection() as connection:
            yield from checked(query, _stream(connection, query))


class Snapshot(Queries):
    """One state of a catalogue, whatever is imported meanwhile; made by `Catalogue.snapshot`.

    Iterators may stand side by side and inside each other. They end with the block that the snapshot lives in.
    """

    def __init__(self, connection: Connection) -> None:
        self._open_connection = connection

    def _connection(self) -> AbstractContextManager[Connection]:
        if self._open_connection.closed:
            raise ValueError("the snapshot's block has ended; read inside `with catalogue.snapshot() as snapshot:`")
        return nullcontext(self._open_connection)


def _all_pages(connection: Connection, batch: int) -> Iterator[Sequence[Any]]:
    last = ""
    while page := _page(connection, _SONG_QUERY.where(SONGS.c.song_id > last).limit(batch)):
        yield page
        last = page[-1].song_id


def _pages_of(connection: Connection, song_ids: Iterable[str], batch: int) -> Iterator[Sequence[Any]]:
    for some in chunks(set(song_ids), batch):
        yield _page(connection, _SONG_QUERY.where(SONGS.c.song_id.in_(some)))


def _page(connection: Connection, query: Select[Any]) -> list[Any]:
    return list(checked(query, connection.execute(query)))


def _song(row: Any, tags: Iterable[str]) -> Song:
    values = row._mapping
    known = {name: values[name] for name in AUDIO_NAMES if values[name] is not None}
    for name, value in known.items():
        low, high = AUDIO_RANGES[name]
        if not low <= value <= high:
            raise unexpected(SONGS.c[name], value, f"{low:g}..{high:g}")
    for name, (low, high) in _RANGES.items():
        if values[name] is not None and not low <= values[name] <= high:
            raise unexpected(SONGS.c[name], values[name], f"{low:g}..{high:g}")
    audio = AudioFeatures(**known) if known else None
    return Song(song_id=row.song_id, **{name: values[name] for name in _PLAIN}, audio=audio, tags=tuple(tags))


def _all_rows(table: Table) -> Select[Any]:
    keys = list(table.primary_key)
    return select(*keys, *(column for column in table.c if not column.primary_key)).order_by(*keys)


def _hash(connection: Connection, query: Select[Any]) -> str:
    state = hashlib.sha256()
    for row in _stream(connection, query):
        state.update(repr(tuple(row)).encode())
    return state.hexdigest()


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Rows without holding all of them: PostgreSQL would otherwise send the whole answer at once."""
    with connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME}) as rows:
        yield from rows
