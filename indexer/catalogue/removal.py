"""Removal: songs taken out of a catalogue, and files of sound that are gone from their folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, exists, or_, select

from indexer.catalogue.connect import chunks
from indexer.catalogue.files import FOLDER_FORMAT
from indexer.catalogue.playlists import refresh_digests
from indexer.catalogue.schema import ENTRIES, FILES, IMPORTS, REFUSALS, SONGS


def remove_songs(connection: Connection, song_ids: Iterable[str]) -> int:
    """Remove songs with their tags, labels, ids, files and playlist entries; how many there were."""
    removed = 0
    for chunk in chunks(set(song_ids)):
        query = select(ENTRIES.c.playlist_id).where(ENTRIES.c.song_id.in_(chunk)).distinct()
        shortened = list(connection.scalars(query))
        removed += connection.execute(delete(SONGS).where(SONGS.c.song_id.in_(chunk))).rowcount
        refresh_digests(connection, shortened)
    return removed


def remove_files(connection: Connection, file_ids: Sequence[int]) -> int:
    """Forget files, and remove songs that no file is and that nothing but files brought; how many."""
    of_folders = select(IMPORTS.c.import_id).where(IMPORTS.c.format == FOLDER_FORMAT)
    for chunk in chunks(file_ids):
        connection.execute(delete(FILES).where(FILES.c.file_id.in_(chunk)))
        connection.execute(delete(REFUSALS).where(REFUSALS.c.row.in_(chunk), REFUSALS.c.import_id.in_(of_folders)))
    by = (SONGS.c.added_by, SONGS.c.facts_by, SONGS.c.lyrics_by, SONGS.c.audio_by)
    of_files_alone = [or_(each.is_(None), each.in_(of_folders)) for each in by]
    with_file = exists().where(FILES.c.song_id == SONGS.c.song_id)
    return remove_songs(connection, connection.scalars(select(SONGS.c.song_id).where(*of_files_alone, ~with_file)))
