"""Files: which file of sound is which song, what is known of each, and the timbre of songs."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from indexer.catalogue.connect import chunks
from indexer.catalogue.schema import FILES
from indexer.catalogue.values import checked, unexpected
from indexer.sources.base import SongRow

FILES_AT_A_TIME = 5_000
FOLDER_FORMAT = "folder of sound"  # the format of such an import

# Python writes a byte of a name that is no UTF-8 as half a character, which no database takes: these are stored
# as characters of the private use area instead.
_STORED = {0xDC80 + byte: 0xF780 + byte for byte in range(0x80)}
_READ = {stored: half for half, stored in _STORED.items()}

# What a build reads of files: the vectors of songs; a copy of a file adds none.
TIMBRES = (
    select(FILES.c.song_id, FILES.c.analysis, FILES.c.timbre)
    .distinct()
    .where(FILES.c.timbre.is_not(None), FILES.c.song_id.is_not(None))
    .order_by(FILES.c.song_id, FILES.c.analysis, FILES.c.timbre)
)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of sound that the catalogue knows. What the fields are is in `schema.FileTable`."""

    path: str
    song_id: str | None
    size: int
    mtime_ns: int
    sound_hash: str
    album_artist: str
    disc: int | None
    track: int | None
    compilation: bool
    cover: bool
    gain_db: float | None
    album_gain_db: float | None
    analysis: int | None
    problem: str | None
    tempo_confidence: float | None
    key_confidence: float | None


_FIELDS = tuple(each.name for each in fields(FileRecord))


class FileQueries(ABC):
    """What a catalogue answers about files."""

    @abstractmethod
    def _connection(self) -> AbstractContextManager[Connection]:
        """A connection inside a transaction that sees one state of the catalogue."""

    def files(self) -> Iterator[FileRecord]:
        """All files of sound that the catalogue knows, by rising path; those that are no song have no song_id."""
        query = select(*(FILES.c[name] for name in _FIELDS))
        page = query.order_by(FILES.c.path).limit(FILES_AT_A_TIME)
        last = ""
        with self._connection() as connection:
            while rows := list(checked(query, connection.execute(page.where(FILES.c.path > last)))):
                for row in rows:
                    yield FileRecord(read_path(row.path), *row[1:])
                last = rows[-1].path

    def timbres(self, analysis: int | None = None) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        """(song_id, vector) of the songs that this version of the analysis measured, by rising song_id.

        Of a song with several files it is the vector of the file that was imported first. None takes the newest version
        that measured any: vectors of two are not to be compared.
        """
        columns = FILES.c
        if analysis is None:
            with self._connection() as connection:
                newest = select(func.max(columns.analysis)).where(columns.timbre.is_not(None))
                analysis = connection.execute(newest).scalar()
            if analysis is None:
                return
        query = select(columns.song_id, columns.file_id, columns.timbre)
        query = query.where(columns.analysis == analysis, columns.timbre.is_not(None), columns.song_id.is_not(None))
        page = query.order_by(columns.song_id, columns.file_id).limit(FILES_AT_A_TIME)
        last, song_id = ("", 0), ""
        with self._connection() as connection:
            while True:
                after = (columns.song_id > last[0]) | ((columns.song_id == last[0]) & (columns.file_id > last[1]))
                rows = list(checked(query, connection.execute(page.where(after))))
                for row in rows:
                    if row.song_id != song_id:
                        yield row.song_id, vector_of(row.timbre)
                    song_id = row.song_id
                if len(rows) < FILES_AT_A_TIME:
                    return
                last = (rows[-1].song_id, rows[-1].file_id)

    def song_of_path(self, path: str | os.PathLike[str]) -> str | None:
        """The song_id of a file of sound, None for a file that is in no imported folder."""
        spellings = spellings_of(path)
        with self._connection() as connection:
            known = songs_of_paths(connection, spellings)
        return next((known[each] for each in spellings if each in known), None)

    def files_of_songs(self, song_ids: Iterable[str]) -> dict[str, str]:
        """song_id -> the absolute path of its file of sound, for songs that have one: `file_records_of_songs`."""
        return {song_id: record.path for song_id, record in self.file_records_of_songs(song_ids).items()}

    def file_records_of_songs(self, song_ids: Iterable[str]) -> dict[str, FileRecord]:
        """song_id -> what is known of its file of sound, for songs that have one.

        Of several it is one that is there now, rather one that was measured, rather the one that was imported first.
        """
        query = select(*(FILES.c[name] for name in _FIELDS)).order_by(FILES.c.file_id)
        several: dict[str, list[FileRecord]] = {}
        with self._connection() as connection:
            for chunk in chunks(set(song_ids)):
                for row in checked(query, connection.execute(query.where(FILES.c.song_id.in_(chunk)))):
                    several.setdefault(row.song_id, []).append(FileRecord(read_path(row.path), *row[1:]))
        return {
            song_id: min(records, key=lambda each: (not os.path.exists(each.path), each.problem is not None))
            for song_id, records in several.items()
        }


def spellings_of(path: str | os.PathLike[str]) -> list[str]:
    """A path as it may be stored: folders are imported by their real names, files in them may be symbolic links."""
    absolute = Path(os.path.abspath(path))
    in_real_folder = Path(os.path.realpath(absolute.parent)) / absolute.name
    return list(dict.fromkeys(map(str, (in_real_folder, absolute, os.path.realpath(absolute)))))


def songs_of_paths(connection: Connection, paths: Iterable[str]) -> dict[str, str]:
    """The song_ids of those absolute paths that are files of songs."""
    keys = {path_key(path): path for path in paths}
    songs: dict[str, str] = {}
    query = select(FILES.c.path_key, FILES.c.song_id).where(FILES.c.song_id.is_not(None))
    for chunk in chunks(keys):
        for key, song_id in checked(query, connection.execute(query.where(FILES.c.path_key.in_(chunk)))):
            songs[keys[key]] = song_id
    return songs


def with_songs_of_files(connection: Connection, rows: Sequence[SongRow]) -> Sequence[SongRow]:
    """The rows, those that name a file of a song as rows of that song, unless ids say better which song they are."""
    named = {row.files for row in rows if row.files and (row.weak or not (row.ids or row.song_id))}
    if not named:
        return rows
    spellings = {files: [each for path in files for each in spellings_of(path)] for files in named}
    known = songs_of_paths(connection, {each for some in spellings.values() for each in some})
    songs = {files: next((known[each] for each in some if each in known), None) for files, some in spellings.items()}
    return [replace(row, song_id=songs[row.files]) if songs.get(row.files) else row for row in rows]


def path_key(path: str | os.PathLike[str]) -> str:
    """What a path is found by: 128 bits of BLAKE2b over its bytes, as 32 hexadecimal digits. A path may be long."""
    return hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()


def stored_path(path: str | os.PathLike[str]) -> str:
    """A path as a database takes it; `read_path` takes it back.

    >>> read_path(stored_path("caf\\udce9.mp3")) == "caf\\udce9.mp3"
    True
    """
    return os.fspath(path).translate(_STORED)


def read_path(stored: str) -> str:
    """The path that `stored_path` was given."""
    return stored.translate(_READ)


def stored_vector(vector: npt.NDArray[np.float32]) -> bytes:
    """A vector as bytes: float32, little-endian."""
    return np.ascontiguousarray(vector, "<f4").tobytes()


def vector_of(raw: bytes) -> npt.NDArray[np.float32]:
    """The vector that `stored_vector` was given. Raises CatalogueError for bytes that are none."""
    if not raw or len(raw) % 4:
        raise unexpected(FILES.c.timbre, raw, "a vector of float32")
    vector = np.frombuffer(raw, "<f4").astype(np.float32)
    if not np.isfinite(vector).all():
        raise unexpected(FILES.c.timbre, raw, "a vector of float32")
    return vector
