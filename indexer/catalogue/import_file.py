"""One file into the catalogue: one transaction, a report, and the reasons for everything that was left out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from indexer.catalogue.connect import rows_among, writing
from indexer.catalogue.meeting import Id, stored_ids
from indexer.catalogue.merging import SongWriter
from indexer.catalogue.playlists import PlaylistWriter
from indexer.catalogue.reports import REFUSALS_SHOWN, LoadReport, RemarkCounter, RowCounts
from indexer.catalogue.schema import (
    ARTIST_TAGS,
    IMPORTS,
    LABELS,
    REFUSALS,
    SONG_TAGS,
)
from indexer.catalogue.staging import Staged, refresh_tags_digests
from indexer.errors import SourceError
from indexer.progress import Track
from indexer.sources import Batch, Source
from indexer.sources.base import KINDS, EntryRow, Refusal, without_values
from indexer.sources.tabular import BATCH_ROWS
from indexer.text.names import artist_key
from indexer.waiting import Patience

REFUSALS_KEPT = 20_000  # one by one, of each kind; whoever mends a file does not read more of them
_KIND_OF = {"song": "songs", "playlist": "playlists", "entry": "entries", "tag": "tags", "label": "labels"}


def load(engine: Engine, source: Source, *, patience: Patience, track: Track) -> LoadReport:
    """Import one file; on any failure the catalogue is as it was."""
    sha256 = _sha256(source)
    rows = source.opened.rows
    total = None if rows is None else -(-rows // BATCH_ROWS)
    with writing(engine, patience) as connection:
        loading = _Loading(connection, source, sha256)
        for batch in track(source.batches(), f"import {source.opened.name}", total):
            loading.take(batch)
        return loading.finish()


def _sha256(source: Source) -> str:
    """Of the file, or of that to which a link leads: whoever named the link meant it."""
    try:
        with source.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{source.opened.shown} cannot be read: {error.strerror}; get it again") from error


class _Loading:
    """The state of one load: writers for each kind of row, and the refusals."""

    def __init__(self, connection: Connection, source: Source, sha256: str) -> None:
        self._connection = connection
        self._file, self._format = source.opened.name, source.format.name
        # The refusals of an earlier load of the same file would stand twice in the list.
        earlier = select(IMPORTS.c.import_id).where(IMPORTS.c.sha256 == sha256)
        own_imports = list(connection.scalars(earlier))
        connection.execute(delete(REFUSALS).where(REFUSALS.c.import_id.in_(earlier)))
        facts = {"file": self._file, "sha256": sha256, "format": self._format, "at": datetime.now(UTC), "counts": "{}"}
        key = connection.execute(insert(IMPORTS).values(facts)).inserted_primary_key
        assert key is not None, "SQLAlchemy tells the key of one inserted row"
        self._import_id = int(key[0])
        self._songs = SongWriter(connection, self._import_id, own_imports, self._file, self._refuse)
        self._playlists = PlaylistWriter(connection, self._import_id, self._refuse)
        self._song_tags = Staged(connection, SONG_TAGS)
        self._artist_tags = Staged(connection, ARTIST_TAGS)
        self._labels = Staged(connection, LABELS)
        self._shown: list[Refusal] = []
        self._waiting: list[Refusal] = []
        self._refused: Counter[str] = Counter()
        # By what and kind: how many are kept, the first of those beyond them, and how many it stands for.
        self._kept: Counter[tuple[str, str]] = Counter()
        self._beyond: dict[tuple[str, str], Refusal] = {}
        self._more: Counter[tuple[str, str]] = Counter()
        self._remarks = RemarkCounter()

    def take(self, batch: Batch) -> None:
        """Write one batch: songs before what points to them."""
        self._refuse_all(batch.refusals)
        song_ids = self._take_songs(batch) if batch.songs else []
        if batch.playlists:
            self._playlists.write(batch.playlists)
        if batch.entries:
            self._take_entries(batch.entries, song_ids)
        if batch.tags:
            self._take_tags(batch)
        if len(self._waiting) >= BATCH_ROWS:
            self._store_refusals()

    def finish(self) -> LoadReport:
        """Merge what was gathered, store counts and refusals, and report."""
        counts = dict.fromkeys(KINDS, RowCounts())
        counts["songs"] = self._songs.finish()
        counts["playlists"], counts["entries"] = self._playlists.finish()
        song_tags, tagged = self._song_tags.merge()
        refresh_tags_digests(self._connection, tagged)
        artist_tags, _ = self._artist_tags.merge()
        counts["tags"] = RowCounts(*map(sum, zip(astuple(song_tags), astuple(artist_tags), strict=True)))
        counts["labels"], _ = self._labels.merge()
        self._waiting += (
            replace(first, reason=first.kind, count=self._more[kind]) for kind, first in self._beyond.items()
        )
        self._store_refusals()
        for what, kind in _KIND_OF.items():
            counts[kind] = replace(counts[kind], refused=self._refused[what])
        stored = json.dumps({kind: astuple(each) for kind, each in counts.items()})
        self._connection.execute(update(IMPORTS).where(IMPORTS.c.import_id == self._import_id).values(counts=stored))
        return LoadReport(
            self._file,
            self._format,
            counts,
            tuple(self._shown),
            self._refused.total(),
            self._remarks.remarks(),
            met_by_name=self._songs.met_by_name,
            nearly_met=self._songs.nearly_met,
        )

    def _take_songs(self, batch: Batch) -> list[str]:
        song_ids = self._songs.write(batch.songs)
        self._song_tags.add(
            {
                (song_id, tag, song.row): None
                for song_id, song in zip(song_ids, batch.songs, strict=True)
                for tag in song.tags
            }
        )
        self._labels.add(
            {
                (song_id, name, song.row): value
                for song_id, song in zip(song_ids, batch.songs, strict=True)
                for name, value in song.labels.items()
            }
        )
        return song_ids

    def _take_entries(self, entries: Sequence[EntryRow], song_ids: Sequence[str]) -> None:
        """Gather entries; `song_ids` are those that the songs of their batch became."""
        known = self._song_ids(row.song for row in entries if not isinstance(row.song, int))
        gathered = []
        for row in entries:
            song_id = song_ids[row.song] if isinstance(row.song, int) else known.get(row.song)
            if song_id is not None:
                gathered.append((row, song_id))
            elif not isinstance(row.song, int):
                self._refuse(row.row, "entry", f"playlist {row.playlist_id}", *_missing(row.song))
        self._playlists.add_entries(gathered)

    def _take_tags(self, batch: Batch) -> None:
        song_ids = self._song_ids(row.owner for row in batch.tags if row.owner[0] != "artist")
        of_songs: dict[tuple[str, str, int], float | None] = {}
        of_artists: dict[tuple[str, str, int], float | None] = {}
        for row in batch.tags:
            if row.owner[0] == "artist":
                of_artists[artist_key(row.owner[1]), row.tag, row.row] = row.times
            elif row.owner in song_ids:
                of_songs[song_ids[row.owner], row.tag, row.row] = row.times
            else:
                self._refuse(row.row, "tag", f"tag {row.tag!r}", *_missing(row.owner))
        self._song_tags.add(of_songs)
        self._artist_tags.add(of_artists)

    def _song_ids(self, owners: Iterable[Id]) -> dict[Id, str]:
        """The song_ids of those references that the catalogue knows."""
        song_ids: dict[Id, str] = {}
        wanted: set[Id] = set()
        for each in owners:
            song_id = self._songs.ids.get(each)
            if song_id is None:
                wanted.add(each)
            else:
                song_ids[each] = song_id
        stored = stored_ids(self._connection, (each for each in wanted if each[0] != "song"))
        song_ids.update((each, holders[0]) for each, holders in stored.items())
        keys = {value for namespace, value in wanted if namespace == "song"}
        known = rows_among(self._connection, "SELECT song_id FROM songs WHERE song_id", keys)
        song_ids.update((("song", song_id), song_id) for (song_id,) in known)
        return song_ids

    def _refuse(self, row: int, what: str, subject: str, problem: str, kind: str = "") -> None:
        kind = kind or without_values(problem)
        self._refuse_all([Refusal(self._file, row, what, f"{subject}: {problem}", kind)])

    def _refuse_all(self, refusals: list[Refusal]) -> None:
        self._remarks.add(refusals)
        for refusal in refusals:
            self._refused[refusal.what] += refusal.count
            kind = (refusal.what, refusal.kind)
            if self._kept[kind] < REFUSALS_KEPT:
                self._kept[kind] += 1
                self._waiting.append(refusal)
            else:
                self._beyond.setdefault(kind, refusal)
                self._more[kind] += refusal.count
        self._shown += refusals[: REFUSALS_SHOWN - len(self._shown)]

    def _store_refusals(self) -> None:
        rows = [
            {name: getattr(each, name) for name in ("row", "what", "reason", "kind", "count")}
            | {"import_id": self._import_id}
            for each in self._waiting
        ]
        if rows:
            self._connection.execute(insert(REFUSALS), rows)
        self._waiting = []


def _missing(song: Id) -> tuple[str, str]:
    """Why a reference is refused: the sentence, and its kind."""
    namespace, value = song
    name = "song_id" if namespace == "song" else f"{namespace} id"
    rest = "is not in the catalogue; import its song first"
    return f"{name} {value} {rest}", f"{name} ... {rest}"
