"""The catalogue: songs, playlists and tags in a database, with where each fact came from and what was refused.

The only home of SQLAlchemy and Alembic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from types import TracebackType
from typing import Self

from sqlalchemy import delete, func, select

from indexer.catalogue import read as reading
from indexer.catalogue.connect import open_engine, reading_connection, writing
from indexer.catalogue.import_file import load
from indexer.catalogue.merging import chunks
from indexer.catalogue.playlists import refresh_digests
from indexer.catalogue.reports import Counts, LoadReport, Statistics
from indexer.catalogue.schema import ENTRIES, SONGS
from indexer.progress import Track, quiet
from indexer.records import SavedPlaylist, Song
from indexer.sources.validate import Refusal

__all__ = ["Catalogue", "Counts", "LoadReport", "Refusal", "Statistics"]


class Catalogue:
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

    def refused(self) -> Iterator[Refusal]:
        """What the last load of each file left out, and why, in the order of the loads."""
        with reading_connection(self._engine) as connection:
            yield from reading.refused(connection)

    def __len__(self) -> int:
        with reading_connection(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(SONGS)).scalar_one()

    def song(self, song_id: str) -> Song | None:
        """One song with its tags, None if there is no such song."""
        return next(self.songs([song_id]), None)

    def songs(self, song_ids: Iterable[str] | None = None, *, batch: int = 2_000) -> Iterator[Song]:
        """All songs, or those of `song_ids` that exist, by rising song_id; `batch` of them stand in memory at a time.

        Song.tags are the tags of the song, the most frequent first; tags of its artist are in `artist_tags`.
        """
        if batch < 1:
            raise ValueError(f"batch is {batch}, expected 1 or more")
        with reading_connection(self._engine) as connection:
            yield from reading.songs(connection, song_ids, batch)

    def digests(self) -> Iterator[tuple[str, str]]:
        """(song_id, digest) by rising song_id; a digest changes with anything that the Song carries, tags included."""
        with reading_connection(self._engine) as connection:
            yield from reading.digests(connection)

    def fingerprint(self) -> str:
        """64 hexadecimal digits that change with any song, playlist, tag or label, and with nothing else."""
        with reading_connection(self._engine) as connection:
            return reading.fingerprint(connection)

    def playlists(self) -> Iterator[SavedPlaylist]:
        """All playlists by rising playlist_id."""
        with reading_connection(self._engine) as connection:
            yield from reading.playlists(connection)

    def labels(self, name: str) -> Iterator[tuple[str, float]]:
        """(song_id, value) of the songs that have the label, as "deezer_valence", by rising song_id."""
        with reading_connection(self._engine) as connection:
            yield from reading.labels(connection, name)

    def label_names(self) -> list[str]:
        """The labels that songs have, sorted: "deezer_arousal", "mood:happy" (from a column `mood`), ..."""
        with reading_connection(self._engine) as connection:
            return reading.label_names(connection)

    def song_tags(self) -> Iterator[tuple[str, str, int]]:
        """(song_id, tag, count) by rising song_id, then falling count."""
        with reading_connection(self._engine) as connection:
            yield from reading.song_tags(connection)

    def artist_tags(self) -> Iterator[tuple[str, str, int]]:
        """(artist_key, tag, count) by rising artist_key, then falling count; artist_key is text.fold(artist)."""
        with reading_connection(self._engine) as connection:
            yield from reading.artist_tags(connection)

    def origin(self, song_id: str) -> dict[str, str]:
        """The files that the song ("added") and its "lyrics", "audio" and other "facts" last came from."""
        with reading_connection(self._engine) as connection:
            return reading.origin(connection, song_id)

    def statistics(self) -> Statistics:
        """How much of everything there is."""
        with reading_connection(self._engine) as connection:
            return reading.statistics(connection)

    def delete_songs(self, song_ids: Iterable[str]) -> int:
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
