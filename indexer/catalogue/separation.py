"""Undoing a merge by name: what a file brought into a song becomes a song of its own, and stays one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Connection, select, update

from indexer.catalogue.connect import insertion, rows_among, write_rows
from indexer.catalogue.keys import content_digest, digest_of, name_key
from indexer.catalogue.meeting import NAME, Id, Stored, empty_song, name_in_file, stored_songs
from indexer.catalogue.merging import insert_songs, update_songs
from indexer.catalogue.name_merges import Brought
from indexer.catalogue.playlists import refresh_digests
from indexer.catalogue.schema import ENTRIES, IMPORTS, NAME_MERGES, PLAYLISTS, SONG_COLUMNS
from indexer.catalogue.staging import refresh_tags_digests
from indexer.errors import CatalogueError
from indexer.records import AUDIO_NAMES
from indexer.sources.validate import MAX_ID


@dataclass(frozen=True, slots=True)
class Separation:
    """What undoing a merge did.

    song_id    the song that is as it was before the file, as far as that can be known
    new_id     the song that holds what the file brought
    file       the file
    lost       what could not be restored, a sentence each
    """

    song_id: str
    new_id: str
    file: str
    lost: tuple[str, ...]


def separate(connection: Connection, song_id: str, file: str | None) -> Separation:
    """Take what `file` brought into a song by its name out of it; CatalogueError where there is no such merge."""
    name, records = _records(connection, song_id, file)
    song = stored_songs(connection, [song_id])[song_id]
    brought = [Brought.read(text) for _, text in records]
    new, lost = _new_song(song, brought, records[-1][0])
    _restore(song, brought, lost)
    ids = dict.fromkeys((namespace, value) for each in brought for namespace, value in each.ids)
    of_name = [each for each in ids if each[0] == NAME and not each[1].startswith(("isrc:", "mbid:"))]
    moved = [each for each in ids if each not in of_name]
    own = [*moved, *((NAME, name_in_file(value, name)) for _, value in of_name)]
    new["song_id"] = _free_id(connection, moved or of_name)
    for each in (song, new):
        each["name_key"] = name_key(each["title"], each["artist"], each["artists"])
        each["content_digest"] = content_digest(each)
    insert_songs(connection, [new])
    update_songs(connection, [song])
    _move_ids(connection, song, new["song_id"], moved, own)
    _move_measured(connection, song_id, new["song_id"], brought)
    _move_entries(connection, song_id, new["song_id"], name)
    refresh_tags_digests(connection, [song_id, new["song_id"]])
    done = NAME_MERGES.c.import_id.in_([import_id for import_id, _ in records])
    connection.execute(NAME_MERGES.delete().where(NAME_MERGES.c.song_id == song_id, done))
    return Separation(song_id, new["song_id"], name, tuple(dict.fromkeys(lost)))


def _records(connection: Connection, song_id: str, file: str | None) -> tuple[str, list[tuple[int, str]]]:
    """The file, and what its rows brought as (import, record), in their order."""
    columns = NAME_MERGES.c
    query = select(IMPORTS.c.file, columns.import_id, columns.brought).join_from(NAME_MERGES, IMPORTS)
    query = query.where(columns.song_id == song_id).order_by(columns.import_id, columns.row)
    rows = connection.execute(query).all()
    files = list(dict.fromkeys(row[0] for row in rows))
    if not rows:
        raise CatalogueError(f"no file brought anything into the song {song_id!r} by its name; list: refrain merges")
    if file is not None and file not in files:
        raise CatalogueError(f"{file!r} brought nothing into {song_id!r} by its name; these did: {', '.join(files)}")
    if file is None and len(files) > 1:
        raise CatalogueError(f"several files met {song_id!r} by its name, name one of them: {', '.join(files)}")
    chosen = files[0] if file is None else file
    return chosen, [(row[1], row[2]) for row in rows if row[0] == chosen]


def _new_song(song: Stored, brought: Sequence[Brought], import_id: int) -> tuple[Stored, list[str]]:
    """The song of the file's rows, and what of it is lost."""
    new, lost = empty_song("", import_id), []
    for each in brought:
        for column, value in each.facts.items():
            if column != "lyrics":
                new[column] = tuple(value) if isinstance(value, list) else value
            elif song["lyrics"] is not None and digest_of(song["lyrics"]) == value:
                new["lyrics"] = song["lyrics"]
    if any("lyrics" in each.facts for each in brought) and new["lyrics"] is None:
        lost.append("lyrics: another file replaced those of the file since; import it again to have them back")
    if new["year"] is not None:
        new["decade"] = new["year"] // 10 * 10
    new["lyrics_by"] = import_id if new["lyrics"] is not None else None
    new["audio_by"] = import_id if any(new[name] is not None for name in AUDIO_NAMES) else None
    return new, lost


def _restore(song: Stored, brought: Sequence[Brought], lost: list[str]) -> None:
    """Give the song back what it had, where what it has is still what the file brought."""
    for each in reversed(brought):
        for column, before in each.before.items():
            if column not in SONG_COLUMNS:
                continue
            now = digest_of(song[column]) if column == "lyrics" and song[column] is not None else song[column]
            theirs = each.facts[column]
            if now != (tuple(theirs) if isinstance(theirs, list) else theirs):
                lost.append(f"{column}: another file replaced it since, so what stood there before stays unknown")
                continue
            song[column] = tuple(before) if isinstance(before, list) else before
        song.update(each.by)
        if "year" in each.before:
            year = song["year"]
            song["decade"] = each.before.get("decade", song["decade"]) if year is None else year // 10 * 10
            if year is None and "decade" not in each.before:
                song["decade"] = None


def _free_id(connection: Connection, ids: Sequence[Id]) -> str:
    namespace, value = ids[0]
    wanted = value if namespace in ("spotify", NAME) else f"{namespace}:{value}"
    for number in count(1):
        song_id = wanted[: MAX_ID - 8] if number == 1 else f"{wanted[: MAX_ID - 8]}#{number}"
        if not rows_among(connection, "SELECT 1 FROM songs WHERE song_id", [song_id]):
            return song_id
    raise AssertionError("numbers do not end")


def _move_ids(connection: Connection, song: Stored, new_id: str, moved: Iterable[Id], own: Iterable[Id]) -> None:
    """The file's ids are the new song's, and neither song meets what is the other's."""
    song_id = song["song_id"]
    delete = "DELETE FROM external_ids WHERE namespace = ? AND value = ? AND song_id = ?"
    write_rows(connection, delete, [(*each, song_id) for each in moved])
    insert = insertion("external_ids", ("namespace", "value", "song_id"), ignore=True)
    write_rows(connection, insert, [(*each, new_id) for each in own])
    file = connection.execute(select(IMPORTS.c.file).where(IMPORTS.c.import_id == song["added_by"])).scalar_one()
    query = "SELECT namespace, value FROM external_ids WHERE song_id"
    theirs = [
        (namespace, name_in_file(value, file) if namespace == NAME else value)
        for namespace, value in rows_among(connection, query, [song_id])
    ]
    apart = [(song_id, *each) for each in own] + [(new_id, *each) for each in theirs]
    write_rows(connection, insertion("apart", ("song_id", "namespace", "value"), ignore=True), apart)


def _move_measured(connection: Connection, song_id: str, new_id: str, brought: Sequence[Brought]) -> None:
    """Tags and labels of the rows."""
    for table, name, value, before in (
        ("song_tags", "tag", "count", {k: v for each in reversed(brought) for k, v in each.tags.items()}),
        ("song_labels", "name", "value", {k: v for each in reversed(brought) for k, v in each.labels.items()}),
    ):
        copy = f"INSERT INTO {table} (song_id, {name}, {value}) SELECT ?, {name}, {value} FROM {table} "
        write_rows(connection, f"{copy} WHERE song_id = ? AND {name} = ?", [(new_id, song_id, each) for each in before])
        gone = [(song_id, each) for each, earlier in before.items() if earlier is None]
        write_rows(connection, f"DELETE FROM {table} WHERE song_id = ? AND {name} = ?", gone)
        restored = [(earlier, song_id, each) for each, earlier in before.items() if earlier is not None]
        write_rows(connection, f"UPDATE {table} SET {value} = ? WHERE song_id = ? AND {name} = ?", restored)


def _move_entries(connection: Connection, song_id: str, new_id: str, file: str) -> None:
    """The playlists that the file wrote last hold the new song."""
    of_file = select(IMPORTS.c.import_id).where(IMPORTS.c.file == file)
    query = select(ENTRIES.c.playlist_id).join_from(ENTRIES, PLAYLISTS)
    query = query.where(ENTRIES.c.song_id == song_id, PLAYLISTS.c.entries_by.in_(of_file))
    playlist_ids: list[Any] = list(connection.scalars(query))
    for playlist_id in playlist_ids:
        entry = (ENTRIES.c.playlist_id == playlist_id) & (ENTRIES.c.song_id == song_id)
        connection.execute(update(ENTRIES).where(entry).values(song_id=new_id))
    refresh_digests(connection, playlist_ids)
