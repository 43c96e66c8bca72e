"""The catalogue: songs, playlists and tags in a database, with where each fact came from and what was refused.

The only home of SQLAlchemy and Alembic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from os import PathLike, fspath
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, delete, select

from indexer.catalogue.connect import chunks, open_engine, reading_connection, writing
from indexer.catalogue.import_file import load
from indexer.catalogue.playlists import refresh_digests
from indexer.catalogue.read import Queries, Snapshot
from indexer.catalogue.reports import Counts, LoadReport, Statistics
from indexer.catalogue.schema import ENTRIES, SONGS
from indexer.progress import Track, quiet
from indexer.sources.validate import Refusal

__all__ = ["Catalogue", "Counts", "LoadReport", "Refusal", "Snapshot", "Statistics"]


class Catalogue(Queries):
    """A catalogue of songs in SQLite or, by URL, PostgreSQL.

    `place` is a file name or a URL ("refrain.db", "sqlite:///refrain.db", "postgresql://user@host/refrain"). A new
    catalogue is made unless `create` is False; one with an older schema is brought up to date. A write waits
    `patience_s` for another import to end.

    **Which song a row is.** A row that brings a song_id is that song. Otherwise a row with an id of another catalogue
    (Spotify, Deezer) is the song that has this id; else the one song of the same artist and title (`text.name_key`)
    that has no id in that namespace yet; else a new song. So rows with different Spotify ids are never one song, while
    lyrics without ids join the features imported before. A row with a name only is the song of this name; among
    several the most popular, and it stays with that song whatever comes later. New songs are called by the Spotify id,
    "deezer:ID", or the folded name.

    **What a row does to its song.** What it knows replaces what was there; what it does not know erases nothing.
    Audio features count one by one. Tags are added to those of other files. The entries of a playlist replace those
    it had. Within one file the last known value wins; that one id has two names is listed among the refusals.

    A file is one transaction: whatever happens in the middle of it, the catalogue is as it was. Iterators see the
    state at their first step and hold a connection until they end.
    """

    def __init__(self, place: str | PathLike[str], *, create: bool = True, patience_s: float = 5.0) -> None:
        self._patience_s = patience_s
        self._engine = open_engine(fspath(place), create=create, patience_s=patience_s)

    def load(self, path: str | PathLike[str], *, track: Track = quiet) -> LoadReport:
        """Import one file of any known format. Importing it again changes nothing."""
        return load(self._engine, fspath(path), patience_s=self._patience_s, track=track)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One state of the catalogue for a block of reads: what is imported meanwhile is not seen in it.

        Imports go on beside it. In SQLite the log beside the file (FILE-wal) grows until the block ends.
        """
        with self._connection() as connection:
            yield Snapshot(connection)

    def _connection(self) -> AbstractContextManager[Connection]:
        return reading_connection(self._engine)

    def delete(self, song_ids: Iterable[str]) -> int:
        """Remove songs with their tags, labels, ids and playlist entries; how many there were."""
        deleted = 0
        with writing(self._engine, self._patience_s) as connection:
            for chunk in chunks(set(song_ids)):
                query = select(ENTRIES.c.playlist_id).where(ENTRIES.c.song_id.in_(chunk)).distinct()
                shortened = list(connection.scalars(query))
                deleted += connection.execute(delete(SONGS).where(SONGS.c.song_id.in_(chunk))).rowcount
                refresh_digests(connection, shortened)
        return deleted

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
