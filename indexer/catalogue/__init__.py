"""The catalogue: songs, playlists and tags in a database, with where each fact came from and what was refused.

The only home of SQLAlchemy and Alembic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from indexer.catalogue.connect import open_engine, reading_connection, writing
from indexer.catalogue.files import FileRecord
from indexer.catalogue.import_file import load
from indexer.catalogue.import_folder import Sure, load_folder, never
from indexer.catalogue.merges import Merge, NearMerge
from indexer.catalogue.read import Queries, Snapshot
from indexer.catalogue.removal import remove_songs
from indexer.catalogue.reports import LoadReport, Remark, RowCounts, Statistics
from indexer.catalogue.separation import Separation, separate
from indexer.progress import Track, quiet
from indexer.sources import Source, gather, recognise
from indexer.sources.base import Refusal
from indexer.waiting import Patience

__all__ = [
    "Catalogue",
    "FileRecord",
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

PATIENT = Patience(5.0)


class Catalogue(Queries):
    """A catalogue of songs in SQLite or, by URL, PostgreSQL.

    `place` is a file name or a URL ("refrain.db", "sqlite:///refrain.db", "postgresql://user@host/refrain"); other
    databases are refused. A new catalogue is made unless `create` is False; one with an older schema is brought up to
    date. A write waits for another import to end as `patience` says, or raises BusyError.

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
    latest when the file that brings the last of them is over. What was taken apart once is not taken apart otherwise.

    **What does a row do to its song?** What it knows replaces what was there; what it does not know erases nothing. A
    row without ids does not rename a song that has an id or a key: "SALT ROAD - 2011 Remaster" adds its year.
    Audio features count one by one. Tags are added to those of other files. The entries of a playlist replace those
    it had. Within one file genres are united and of everything else the last known value counts; that one id has two
    names is listed among the refusals.

    A file is one transaction: whatever happens in the middle of it, the catalogue is as it was. An iterator sees the
    state at its first step and holds a connection until it ends; `snapshot` shows one state to many reads.
    """

    def __init__(self, place: str | PathLike[str], *, create: bool = True, patience: Patience = PATIENT) -> None:
        self._patience = patience
        self._engine = open_engine(fspath(place), create=create, patience=patience)

    def load(self, path: str | PathLike[str] | Source, *, kind: str | None = None, track: Track = quiet) -> LoadReport:
        """Import one file of any known format; importing it again changes nothing.

        kind   what the file is (one of `indexer.sources.KINDS`) where its content leaves a doubt
        Folders, archives and compressed files are imported by `load_all`.
        """
        source = path if isinstance(path, Source) else recognise(fspath(path), kind=kind)
        return load(self._engine, source, patience=self._patience, track=track)

    def load_all(
        self, paths: Iterable[str | PathLike[str]], *, kind: str | None = None, track: Track = quiet
    ) -> Iterator[LoadReport]:
        """Import files, folders, archives and compressed files, songs first; a report for each file.

        Each file is a transaction of its own. Files in folders and archives that hold no songs are passed over.
        """
        with gather([fspath(path) for path in paths], kind=kind) as gathered:
            for source in gathered.sources:
                yield self.load(source, track=track)

    def load_folder(
        self,
        folder: str | PathLike[str],
        *,
        workers: int = 0,
        prune: bool = False,
        sure: Sure = never,
        leave: Set[Path] = frozenset(),
        track: Track = quiet,
    ) -> LoadReport:
        """Import a folder of files of sound, or one such file: their tags, and what is measured from their sound.

        Files are written a hundred at a time, so that what was measured stays whenever this ends; a file that did not
        change is not read again. A file that was moved or given other tags keeps its song.

        workers   processes that measure; 0: this one, where a file that kills its decoder ends the import
        prune     take out the files of the folder that are gone, with songs that nothing else brought
        leave     files that are not read this time, for somebody is still writing them; by their paths without links
        sure      asked before more than a tenth of the known files is taken out: (how many are gone, of how many)
        """
        return load_folder(
            self._engine,
            Path(folder),
            patience=self._patience,
            workers=workers,
            prune=prune,
            sure=sure,
            leave=leave,
            track=track,
        )

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
        with writing(self._engine, self._patience) as connection:
            return remove_songs(connection, song_ids)

    def undo_merge(self, song_id: str, file: str | None = None) -> Separation:
        """Make a song of its own of what `file` brought into a song by its name (rule 3).

        `file` may be left out where it was one file. Imported again, it brings to its own song what it brings.
        Raises CatalogueError where no such merge is listed.
        """
        with writing(self._engine, self._patience) as connection:
            return separate(connection, song_id, file)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
