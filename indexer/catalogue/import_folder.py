"""A folder of sound into the catalogue: files a hundred at a time, so that what was measured stays whatever happens."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import closing
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from indexer.catalogue.connect import reading_connection, rows_among, writing
from indexer.catalogue.file_writer import FileWriter
from indexer.catalogue.files import FOLDER_FORMAT, path_key, songs_of_paths, stored_path
from indexer.catalogue.meeting import stored_ids
from indexer.catalogue.playlists import PlaylistWriter
from indexer.catalogue.removal import remove_files
from indexer.catalogue.reports import REFUSALS_SHOWN, LoadReport, RemarkCounter, RowCounts
from indexer.catalogue.schema import FILES, IMPORTS, REFUSALS
from indexer.progress import Track
from indexer.sources.base import EntryRow, PlaylistRow, Refusal, without_values
from indexer.sources.cells import plain
from indexer.sources.identifiers import spotify_track
from indexer.sources.lists import Entry
from indexer.sources.opened import shown
from indexer.sources.sound.lists import read_m3u
from indexer.sources.sound.reading import SoundFile, measurable, missing_libraries
from indexer.sources.sound.walk import SoundPath, Walk, walk_folder
from indexer.sources.sound.workers import read_all
from indexer.sources.validate import MAX_NAME
from indexer.waiting import Patience

COMMIT_FILES, COMMIT_S = 100, 10.0  # a transaction holds so many files, or so many seconds of work
GONE_SHARE = (
    0.1  # of the known files of a folder: more that are gone are a disk that is not there, until someone says so
)

Sure = Callable[[int, int], bool]

_KNOWN = ("file_id", "path_key", "path", "size", "mtime_ns", "beside", "analysis", "problem")


def never(gone: int, known: int) -> bool:
    """The answer where nobody can be asked."""
    return False


def load_folder(
    engine: Engine,
    folder: Path,
    *,
    patience: Patience,
    workers: int,
    prune: bool,
    sure: Sure,
    leave: Set[Path],
    track: Track,
) -> LoadReport:
    """Import a folder, or one file of sound. See `Catalogue.load_folder`."""
    if workers < 0:
        raise ValueError(f"workers is {workers}, expected 0 or more")
    walk = walk_folder(folder, track=track)
    whole = folder.is_dir()
    loading = _FolderLoading(engine, walk, patience)
    known = loading.known()
    ready = [each for each in walk.files if each.path not in leave]
    new = [each for each in ready if _changed(each, known.get(path_key(each.path)), loading.analysis)]
    loading.begin(unchanged=len(ready) - len(new))
    waiting: list[SoundFile] = []
    written = time.monotonic()
    with closing(read_all(new, loading.measured_already(), workers=min(workers, len(new)))) as files:
        try:
            for each in track(files, f"import {loading.name}", len(new)):
                waiting.append(each)
                if len(waiting) >= COMMIT_FILES or time.monotonic() - written >= COMMIT_S:
                    loading.write(waiting)
                    waiting, written = [], time.monotonic()
        finally:  # also where someone stops it: what was measured stays
            loading.write(waiting)
    return loading.finish(prune=prune and whole, sure=sure, whole=whole)


def _changed(place: SoundPath, row: Row[Any] | None, analysis: int | None) -> bool:
    """Whether a file has to be read: new, other than it was, or measured by an older analysis."""
    if row is None or (row.size, row.mtime_ns, row.beside) != (place.size, place.mtime_ns, place.beside):
        return True
    return analysis is not None and row.analysis != analysis and place.size > 0 and measurable(place.path)


@dataclass(frozen=True, slots=True)
class _Remark:
    """What is said about the folder as a whole."""

    what: str
    reason: str


class _FolderLoading:
    """The state of one import of a folder, over many transactions."""

    def __init__(self, engine: Engine, walk: Walk, patience: Patience) -> None:
        self._engine, self._walk, self._patience = engine, walk, patience
        self.name = shown(walk.root.name) or shown(walk.root)
        self._present = frozenset(path_key(each.path) for each in walk.files)
        self._counts: dict[str, RowCounts] = {}
        self._imports: list[int] = []  # this one and the earlier ones of the folder
        self.analysis: int | None = None
        if not missing_libraries():
            from indexer.sources.sound.measure import ANALYSIS_VERSION  # with the libraries that it needs

            self.analysis = ANALYSIS_VERSION

    def known(self) -> dict[str, Row[Any]]:
        """The files below the folder that the catalogue knows, by path_key."""
        first = stored_path(self._walk.root).rstrip(os.sep) + os.sep
        behind = first[:-1] + chr(ord(os.sep) + 1)
        query = select(*(FILES.c[name] for name in _KNOWN)).where(FILES.c.path >= first, FILES.c.path < behind)
        with reading_connection(self._engine) as connection:
            return {row.path_key: row for row in connection.execute(query)}

    def measured_already(self) -> frozenset[str]:
        """Hashes of the sounds that this version of the analysis has measured."""
        query = select(FILES.c.sound_hash).where(FILES.c.sound_hash != "", FILES.c.analysis == self.analysis)
        with reading_connection(self._engine) as connection:
            return frozenset() if self.analysis is None else frozenset(connection.scalars(query))

    def begin(self, *, unchanged: int) -> None:
        """Note the import. What earlier imports of the folder said of its files stands until they are read again."""
        self._counts["files"] = RowCounts(unchanged=unchanged)
        digest = hashlib.sha256(os.fsencode(self._walk.root)).hexdigest()
        facts = {"file": self.name, "sha256": digest, "format": FOLDER_FORMAT, "at": datetime.now(UTC), "counts": "{}"}
        with writing(self._engine, self._patience) as connection:
            query = select(IMPORTS.c.import_id).where(IMPORTS.c.sha256 == digest, IMPORTS.c.format == FOLDER_FORMAT)
            earlier = list(connection.scalars(query))
            connection.execute(delete(REFUSALS).where(REFUSALS.c.import_id.in_(earlier), REFUSALS.c.row == 0))
            key = connection.execute(insert(IMPORTS).values(facts)).inserted_primary_key
            assert key is not None, "SQLAlchemy tells the key of one inserted row"
            self._imports = [int(key[0]), *earlier]

    def write(self, files: list[SoundFile]) -> None:
        """One transaction."""
        if files:
            with writing(self._engine, self._patience) as connection:
                self._add(FileWriter(connection, self._imports, self.name, self._present, self.analysis).write(files))

    def finish(self, *, prune: bool, sure: Sure, whole: bool) -> LoadReport:
        """Playlists, what is gone, what is remarked about the whole; the report."""
        remarks = list(self._remarks())
        if whole:
            remarks += self._gone(prune=prune, sure=sure)
        with writing(self._engine, self._patience) as connection:
            self._add(self._write_playlists(connection))
            for each in remarks:
                self._refuse(connection, each)
            counts = {kind: self._counts.get(kind, RowCounts()) for kind in ("files", "songs", "playlists", "entries")}
            stored = json.dumps({kind: astuple(each) for kind, each in counts.items()})
            connection.execute(update(IMPORTS).where(IMPORTS.c.import_id == self._imports[0]).values(counts=stored))
            refusals = list(self._refusals(connection))
        counter = RemarkCounter()
        counter.add(refusals)
        refused = sum(each.count for each in refusals if each.what != "other")
        return LoadReport(
            self.name, FOLDER_FORMAT, counts, tuple(refusals[:REFUSALS_SHOWN]), refused, counter.remarks()
        )

    def _add(self, counts: Mapping[str, RowCounts]) -> None:
        for kind, new in counts.items():
            old = self._counts.get(kind, RowCounts())
            self._counts[kind] = RowCounts(*map(sum, zip(astuple(old), astuple(new), strict=True)))

    def _remarks(self) -> Iterable[_Remark]:
        missing = missing_libraries()
        if missing and self._walk.files:
            names = ", ".join(missing)
            yield _Remark(
                "other", f"sound is not measured without {names}; pip install 'refrain[audio]' and import again"
            )
        elif closed := Counter(e.path.suffix.lower() for e in self._walk.files if not measurable(e.path)):
            endings = ", ".join(f"{ending} {count:,}" for ending, count in closed.most_common())
            advice = "pip install 'refrain[m4a]' and import again"
            yield _Remark("other", f"sound that is not measured without av: {endings}; {advice}")
        for path, reason in self._walk.unreadable.items():
            yield _Remark("file", f"{shown(path)}: it cannot be read ({reason})")
        if hidden := self._walk.passed.pop("hidden", 0):
            yield _Remark("other", f"hidden files and folders passed over: {hidden:,}")
        if self._walk.passed:
            endings = ", ".join(f"{ending} {count:,}" for ending, count in self._walk.passed.most_common(8))
            yield _Remark(
                "other", f"{_counted(self._walk.passed.total(), 'file')} of other kinds passed over: {endings}"
            )

    def _gone(self, *, prune: bool, sure: Sure) -> Iterable[_Remark]:
        """Files that were there and are not. What lies in a folder that cannot be read now is not gone."""
        known = self.known()
        closed = tuple(f"{stored_path(path)}{os.sep}" for path in self._walk.unreadable)
        spared = {path_key(path) for path in self._walk.unreadable}
        gone = [
            row
            for key, row in known.items()
            if key not in self._present and key not in spared and not row.path.startswith(closed)
        ]
        if not gone:
            return
        if not prune:
            yield _Remark(
                "other", f"{_counted(len(gone), 'file')} gone since the last import; to take them out give --prune"
            )
        elif len(gone) > GONE_SHARE * len(known) and not sure(len(gone), len(known)):
            yield _Remark(
                "other",
                f"{len(gone):,} of {len(known):,} known files are gone, is their disk there? "
                "Nothing was taken out; if they are deleted give --prune --yes",
            )
        else:
            with writing(self._engine, self._patience) as connection:
                songs = remove_files(connection, [row.file_id for row in gone])
            yield _Remark("other", f"{_counted(len(gone), 'file')} gone and taken out, with {_counted(songs, 'song')}")

    def _write_playlists(self, connection: Connection) -> dict[str, RowCounts]:
        """Playlists that lie in the folder; an entry that is none of its files and no known song is refused."""

        def refuse(row: int, what: str, subject: str, problem: str, kind: str = "") -> None:
            self._refuse(connection, _Remark(what, f"{subject}: {problem}"), kind)

        writer = PlaylistWriter(connection, self._imports[0], refuse)
        for path in self._walk.playlists:
            name = shown(path.relative_to(self._walk.root))
            try:
                playlist = read_m3u(path, self._walk.root)
            except OSError as error:
                refuse(0, "playlist", name, f"it cannot be read ({error.strerror or error})")
                continue
            songs = songs_of_paths(connection, {each for _, paths in playlist.entries for each in paths})
            by_key = _songs_of_keys(connection, [entry for entry, _ in playlist.entries])
            entries = []
            playlist_id = f"m3u:{path_key(path)}"
            for position, (entry, paths) in enumerate(playlist.entries):
                song_id = next((songs[each] for each in paths if each in songs), by_key.get(entry))
                if song_id is None:
                    line = plain(shown(entry.locations[0]))[:200]
                    problem = f"entry {position + 1}, {line!r}, is no file of this folder"
                    refuse(0, "entry", name, problem, "an entry of a playlist is no file of this folder")
                else:
                    entries.append((EntryRow(0, playlist_id, position, ("song", song_id)), song_id))
            if entries:
                writer.write([PlaylistRow(0, playlist_id, {"name": plain(shown(playlist.name))[:MAX_NAME]})])
                writer.add_entries(entries)
        playlists, all_entries = writer.finish()
        return {"playlists": playlists, "entries": all_entries}

    def _refuse(self, connection: Connection, remark: _Remark, kind: str = "") -> None:
        values = {"import_id": self._imports[0], "row": 0, "what": remark.what, "reason": remark.reason}
        rest = {"kind": kind or without_values(remark.reason), "count": 1}
        connection.execute(insert(REFUSALS), values | rest)

    def _refusals(self, connection: Connection) -> Iterable[Refusal]:
        """Everything that is remarked about the folder, also about files that were not read this time."""
        query = select(*(REFUSALS.c[name] for name in ("row", "what", "reason", "kind", "count")))
        query = query.where(REFUSALS.c.import_id.in_(self._imports)).order_by(REFUSALS.c.row, REFUSALS.c.refusal_id)
        for row in connection.execute(query):
            yield Refusal(self.name, *row)


def _songs_of_keys(connection: Connection, entries: Iterable[Entry]) -> dict[Entry, str]:
    """The songs of the catalogue that entries bring the key or the Spotify id of, where Refrain wrote the list."""
    tracks = {each: next(filter(None, map(spotify_track, each.locations)), "") for each in entries}
    ids = (("spotify", track) for track in tracks.values() if track)
    holders = {value: song_ids[0] for (_, value), song_ids in stored_ids(connection, ids).items()}
    keys = {each.song_id for each in tracks if each.song_id}
    known = {row[0] for row in rows_among(connection, "SELECT song_id FROM songs WHERE song_id", keys)}
    songs = {each: each.song_id if each.song_id in known else holders.get(track) for each, track in tracks.items()}
    return {each: song_id for each, song_id in songs.items() if song_id}


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
