"""Removal: songs taken out of a catalogue, and files of sound that are gone from their folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, or_, select

from indexer.catalogue.connect import chunks
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


def remove_files(connection: Connection, file_ids: Sequence[int], format: str) -> int:
    """Forget files, and remove the songs that no other file is and that imports of `format` alone brought; how many."""
    song_ids: set[str] = set()
    for chunk in chunks(file_ids):
        songs = select(FILES.c.song_id).where(FILES.c.file_id.in_(chunk), FILES.c.song_id.is_not(None))
        song_ids |= set(connection.scalars(songs))
        connection.execute(delete(FILES).where(FILES.c.file_id.in_(chunk)))
        imports = select(IMPORTS.c.import_id).where(IMPORTS.c.format == format)
        connection.execute(delete(REFUSALS).where(REFUSALS.c.row.in_(chunk), REFUSALS.c.import_id.in_(imports)))
    others = select(IMPORTS.c.import_id).where(IMPORTS.c.format != format)
    by = (SONGS.c.added_by, SONGS.c.facts_by, SONGS.c.lyrics_by, SONGS.c.audio_by)
    alone: set[str] = set()
    for some in chunks(song_ids):
        with_file = select(FILES.c.song_id).where(FILES.c.song_id.in_(some))
        known = select(SONGS.c.song_id).where(SONGS.c.song_id.in_(some), or_(*(each.in_(others) for each in by)))
        alone |= set(some) - set(connection.scalars(with_file)) - set(connection.scalars(known))
    return remove_songs(connection, alone)
