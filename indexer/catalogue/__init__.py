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
from indexer.catalogue.merges import Merge, NearMerge
from indexer.catalogue.playlists import refresh_digests
from indexer.catalogue.read import Queries, Snapshot
from indexer.catalogue.reports import LoadReport, Remark, RowCounts, Statistics
from indexer.catalogue.schema import ENTRIES, SONGS
from indexer.catalogue.separation import Separation, separate
from indexer.progress import Track, quiet
from indexer.sources import recognise
from indexer.sources.base import Refusal

__all__ = [
    "Catalogue",
    "LoadReport",
    "Merge",
    "NearMerge",
    "Refusal",
    "Remark",
    "RowCounts",
    "Separation",
    "Snapshot",
    "Statistics",
]


class Catalogue(Queries):
    """A catalogue of songs in SQLite or, by URL, PostgreSQL.

    `place` is a file name or a URL ("refrain.db", "sqlite:///refrain.db", "postgresql://user@host/refrain"); other
    databases are refused. A new catalogue is made unless `create` is False; one with an older schema is brought up to
    date. A write waits `patience_s` seconds for another import to end.

    **Which song is a row?** The first of these rules that gives one:

    1. A row with a song_id is the song of this id.
    2. A row with ids of other catalogues, best first (Spotify, ISRC, MBID, Deezer), is the song that has the first of
       them that any song has. A song whose id in a better namespace is another one is not meant. An ISRC and an MBID
       are of recordings, so several songs may have one (the single and the album, each with its own Spotify id): a row
       that has nothing better is the best known of these, and stays with that song whatever comes later.
    3. A row with artist and title is the song of the same name that has no id in any namespace of the row: the first
       main artist and the title without guests and remaster marks, but with what makes another recording of it (live,
       acoustic, remix, karaoke ...). Where both say how long they last, they differ by 5 seconds at most. Among several
       songs the most popular is meant. A row without ids stays with that song whatever comes later.
    4. A row without ids and without an artist is the song that a row with the same title and the same lyrics (without
       lyrics: the same facts) made before.
    5. Otherwise it is a new song. Its song_id is the Spotify id, "deezer:ID", or the folded name.

    A song has one id in each namespace at most: a second one is left out and listed among the refusals. With the rows

        {spotify: S1, deezer: 9, title: Salt Road}      rule 5: a new song, S1
        {spotify: S2, deezer: 9, title: Salt Road}      rule 2 fails, S1 has another Spotify id: a new song, S2
        {deezer: 9, lyrics: We walked ...}              rule 2: lyrics of S1

    Two songs that the catalogue has never become one: where a later row has the ids of both, it is the song of its best
    id, and the other id stays where it is and is listed. So the order of files matters in one way: a song that came
    under two names or lengths, or under its name when several songs had it, stays what it was made as. `merges` lists
    what met by rule 3 (and its rows without ids ever after), `near_merges` the songs of one name that are two, and
    `undo_merge` separates what a file brought; the ids and names of the two songs never meet by rule 3 again.

    **Several artists in one text**, "Ada & Bo", are taken apart when each of them is an artist of the catalogue, at the
    latest when the file that brings the last of them is over.

    **What does a row do to its song?** What it knows replaces what was there; what it does not know erases nothing.
    Audio features count one by one. Tags are added to those of other files. The entries of a playlist replace those
    it had. Within one file genres are united and of everything else the last known value counts; that one id has two
    names is listed among the refusals.

    A file is one transaction: whatever happens in the middle of it, the catalogue is as it was. An iterator sees the
    state at its first step and holds a connection until it ends; `snapshot` shows one state to many reads.
    """

    def __init__(self, place: str | PathLike[str], *, create: bool = True, patience_s: float = 5.0) -> None:
        self._patience_s = patience_s
        self._engine = open_engine(fspath(place), create=create, patience_s=patience_s)

    def load(self, path: str | PathLike[str], *, track: Track = quiet) -> LoadReport:
        """Import one file of any known format. Importing it again changes nothing."""
        return load(self._engine, recognise(fspath(path)), patience_s=self._patience_s, track=track)

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

    def undo_merge(self, song_id: str, file: str | None = None) -> Separation:
        """Make a song of its own of what `file` brought into a song by its name (rule 3).

        `file` may be left out where it was one file. Imported again, it brings to its own song what it brings.
        Raises CatalogueError where no such merge is listed.
        """
        with writing(self._engine, self._patience_s) as connection:
            return separate(connection, song_id, file)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
