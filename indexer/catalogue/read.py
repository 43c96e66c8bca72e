"""Reading a catalogue: streams in the order of their keys, each from one state of the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, func, select

from indexer.catalogue.playlists import PLAYLISTS_AT_A_TIME, entries_of, parts
from indexer.catalogue.reports import Statistics
from indexer.catalogue.schema import (
    ARTIST_TAGS,
    ENTRIES,
    IMPORTS,
    LABELS,
    PLAYLISTS,
    REFUSALS,
    SONG_COLUMNS,
    SONG_TAGS,
    SONGS,
)
from indexer.catalogue.staging import tags_of
from indexer.records import AUDIO_NAMES, AudioFeatures, SavedPlaylist, Song
from indexer.sources.validate import Refusal

ROWS_AT_A_TIME = 10_000

_PLAIN = tuple(name for name in SONG_COLUMNS if name not in AUDIO_NAMES)
_SONG_QUERY = select(SONGS.c.song_id, *(SONGS.c[name] for name in SONG_COLUMNS)).order_by(SONGS.c.song_id)


def songs(connection: Connection, song_ids: Iterable[str] | None, batch: int) -> Iterator[Song]:
    """Songs by rising song_id, all or those of `song_ids` that exist."""
    pages = _all_pages(connection, batch) if song_ids is None else _pages_of(connection, sorted(set(song_ids)), batch)
    for page in pages:
        tags = tags_of(connection, [row["song_id"] for row in page])
        for row in page:
            yield _song(row, tags.get(row["song_id"], ()))


def _all_pages(connection: Connection, batch: int) -> Iterator[Sequence[RowMapping]]:
    last = ""
    while page := connection.execute(_SONG_QUERY.where(SONGS.c.song_id > last).limit(batch)).mappings().all():
        yield page
        last = page[-1]["song_id"]


def _pages_of(connection: Connection, song_ids: list[str], batch: int) -> Iterator[Sequence[RowMapping]]:
    for some in parts(song_ids, batch):
        yield connection.execute(_SONG_QUERY.where(SONGS.c.song_id.in_(some))).mappings().all()


def _song(row: RowMapping, tags: Iterable[str]) -> Song:
    known = {name: row[name] for name in AUDIO_NAMES if row[name] is not None}
    audio = AudioFeatures(**known) if known else None
    return Song(song_id=row["song_id"], **{name: row[name] for name in _PLAIN}, audio=audio, tags=tuple(tags))


def digests(connection: Connection) -> Iterator[tuple[str, str]]:
    """(song_id, digest) by rising song_id."""
    columns = SONGS.c
    query = select(columns.song_id, columns.content_digest, columns.tags_digest).order_by(columns.song_id)
    for song_id, content, tags in _stream(connection, query):
        yield song_id, content + tags


def fingerprint(connection: Connection) -> str:
    """SHA-256 over everything that an index is made of, in order."""
    state = hashlib.sha256()
    for song_id, digest in digests(connection):
        state.update(f"{song_id}\n{digest}\n".encode())
    for table in (PLAYLISTS, ARTIST_TAGS, LABELS):
        state.update(f"\n{table.name}\n".encode())
        keys = list(table.primary_key)
        rest = [table.c.digest] if table is PLAYLISTS else [c for c in table.c if not c.primary_key]
        for row in _stream(connection, select(*keys, *rest).order_by(*keys)):
            state.update(repr(tuple(row)).encode())
    return state.hexdigest()


def playlists(connection: Connection) -> Iterator[SavedPlaylist]:
    """Playlists by rising playlist_id, each with its songs in the listener's order."""
    columns = PLAYLISTS.c
    query = select(columns.playlist_id, columns.name, columns.description, columns.followers)
    ordered = query.order_by(columns.playlist_id)
    last = ""
    while page := connection.execute(ordered.where(columns.playlist_id > last).limit(PLAYLISTS_AT_A_TIME)).all():
        entries = entries_of(connection, [row.playlist_id for row in page])
        for row in page:
            yield SavedPlaylist(*row, song_ids=tuple(entries[row.playlist_id]))
        last = page[-1].playlist_id


def labels(connection: Connection, name: str) -> Iterator[tuple[str, float]]:
    """(song_id, value) of one label by rising song_id."""
    columns = LABELS.c
    query = select(columns.song_id, columns.value).where(columns.name == name).order_by(columns.song_id)
    yield from _stream(connection, query)


def label_names(connection: Connection) -> list[str]:
    """The names of all labels, sorted."""
    return list(connection.scalars(select(LABELS.c.name).distinct().order_by(LABELS.c.name)))


def song_tags(connection: Connection) -> Iterator[tuple[str, str, int]]:
    """(song_id, tag, count) by rising song_id, the most frequent tag of each song first."""
    columns = SONG_TAGS.c
    query = select(columns.song_id, columns.tag, columns.count)
    yield from _stream(connection, query.order_by(columns.song_id, columns.count.desc(), columns.tag))


def artist_tags(connection: Connection) -> Iterator[tuple[str, str, int]]:
    """(artist_key, tag, count) by rising key, the most frequent tag of each artist first."""
    columns = ARTIST_TAGS.c
    query = select(columns.artist_key, columns.tag, columns.count)
    yield from _stream(connection, query.order_by(columns.artist_key, columns.count.desc(), columns.tag))


def refused(connection: Connection) -> Iterator[Refusal]:
    """What the last load of each file left out."""
    query = select(IMPORTS.c.file, REFUSALS.c.row, REFUSALS.c.what, REFUSALS.c.reason)
    joined = query.join_from(REFUSALS, IMPORTS, REFUSALS.c.import_id == IMPORTS.c.import_id)
    for row in _stream(connection, joined.order_by(REFUSALS.c.refusal_id)):
        yield Refusal(*row)


def origin(connection: Connection, song_id: str) -> dict[str, str]:
    """The files that a song's facts, lyrics and audio last came from."""
    found: dict[str, str] = {}
    for fact in ("added", "facts", "lyrics", "audio"):
        query = select(IMPORTS.c.file).join_from(SONGS, IMPORTS, SONGS.c[f"{fact}_by"] == IMPORTS.c.import_id)
        file = connection.execute(query.where(SONGS.c.song_id == song_id)).scalar()
        if file is not None:
            found[fact] = file
    return found


def statistics(connection: Connection) -> Statistics:
    """Counts, from indexes rather than rows."""
    columns = SONGS.c
    counted = select(
        func.count(),
        func.count(columns.lyrics_by),
        func.count(columns.audio_by),
        func.count(columns.lyrics_by + columns.audio_by),
    )
    count, lyrics, audio, both = connection.execute(counted.select_from(SONGS)).one()

    def rows(table: Table) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    brought = select(IMPORTS.c.format, func.count()).join_from(SONGS, IMPORTS, columns.added_by == IMPORTS.c.import_id)
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


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Rows without holding all of them: PostgreSQL would otherwise send the whole answer at once."""
    with connection.execution_options(yield_per=ROWS_AT_A_TIME).execute(query) as rows:
        yield from rows
