"""Files of sound into the catalogue, some at a time: which song each is, and what its song learns from it."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from indexer.catalogue.connect import chunks
from indexer.catalogue.files import FOLDER_FORMAT, path_key, read_path, stored_path, stored_vector
from indexer.catalogue.merging import SongWriter
from indexer.catalogue.reports import RowCounts
from indexer.catalogue.schema import FILES, IMPORTS, REFUSALS
from indexer.records import MEASURED
from indexer.sources.base import SongRow, without_values
from indexer.sources.opened import shown
from indexer.sources.sound.reading import SoundFile

_ANALYSED = ("analysis", "problem", "tempo_confidence", "key_confidence", "timbre")
_WRITTEN = tuple(column.name for column in FILES.c if column.name not in ("file_id", "song_id"))
_UPDATE = (
    update(FILES)
    .where(FILES.c.file_id == bindparam("of_file"))
    .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
)
_LINK = update(FILES).where(FILES.c.file_id == bindparam("of_file")).values(song_id=bindparam("of_song"))


@dataclass(frozen=True, slots=True)
class _Place:
    """A file that was read and what the catalogue knows of it.

    row    its row, under its path or, where it was moved, under the path that is gone; None for a new file
    same   rows of files with the same sound
    """

    file: SoundFile
    row: Row[Any] | None
    same: Sequence[Row[Any]]

    @property
    def song_id(self) -> str | None:
        """The song that it is already: that of the same sound, under whatever path and tags."""
        if self.row is not None and self.row.sound_hash == self.file.sound_hash and self.row.song_id:
            return str(self.row.song_id)
        return next((str(each.song_id) for each in self.same if each.song_id), None)

    @property
    def analysed(self) -> Row[Any] | None:
        """A row that holds what was measured from this sound before."""
        return next((each for each in self.same if each.analysis is not None), None)


class FileWriter:
    """Writes files in one transaction.

    imports    this one and the earlier ones of the same folder
    folder     what it is called
    present    path_keys of the files that the walk found
    analysis   the version that measures now, None where nothing is measured
    """

    def __init__(
        self, connection: Connection, imports: Sequence[int], folder: str, present: Set[str], analysis: int | None
    ) -> None:
        self._connection, self._import_id = connection, imports[0]
        self._present, self._analysis = present, analysis
        self._songs = SongWriter(connection, imports[0], imports[1:], folder, self._refuse)
        self._names: dict[int, str] = {}  # of the files by file_id, for messages
        self._counts: Counter[str] = Counter()

    def write(self, files: Sequence[SoundFile]) -> dict[str, RowCounts]:
        """Merge files and their songs; what became of both."""
        for some in _without_same_sound(files):
            self._write(self._places(some))
        return {"files": RowCounts(**self._counts), "songs": self._songs.finish()}

    def _places(self, files: Sequence[SoundFile]) -> list[_Place]:
        by_key: dict[str, Row[Any]] = {}
        by_hash: dict[str, list[Row[Any]]] = defaultdict(list)
        for chunk in chunks({path_key(each.place.path) for each in files}):
            rows = self._connection.execute(select(FILES).where(FILES.c.path_key.in_(chunk)))
            by_key |= {row.path_key: row for row in rows}
        for chunk in chunks({each.sound_hash for each in files if each.sound_hash}):
            query = select(FILES).where(FILES.c.sound_hash.in_(chunk)).order_by(FILES.c.file_id)
            for row in self._connection.execute(query):
                by_hash[row.sound_hash].append(row)
        places = []
        for each in files:
            same = by_hash[each.sound_hash] if each.sound_hash else []
            known = by_key.get(path_key(each.place.path)) or next(filter(self._is_gone, same), None)
            places.append(_Place(each, known, same))
        return places

    def _is_gone(self, row: Row[Any]) -> bool:
        return row.path_key not in self._present and not os.path.lexists(read_path(row.path))

    def _write(self, places: Sequence[_Place]) -> None:
        file_ids = [self._store(place) for place in places]
        self._names |= {id_: shown(place.file.place.relative) for id_, place in zip(file_ids, places, strict=True)}
        for chunk in chunks(file_ids):
            of_folders = REFUSALS.c.import_id.in_(select(IMPORTS.c.import_id).where(IMPORTS.c.format == FOLDER_FORMAT))
            self._connection.execute(delete(REFUSALS).where(REFUSALS.c.row.in_(chunk), of_folders))
        songs = [(id_, place) for id_, place in zip(file_ids, places, strict=True) if place.file.facts]
        song_ids = self._songs.write([_song_row(id_, place) for id_, place in songs])
        links = [{"of_file": id_, "of_song": song_id} for (id_, _), song_id in zip(songs, song_ids, strict=True)]
        if links:
            self._connection.execute(_LINK, links)
        self._write_audio([(id_, place, song_id) for (id_, place), song_id in zip(songs, song_ids, strict=True)])
        for id_, place in zip(file_ids, places, strict=True):
            for what, remark in place.file.remarks:
                self._counts["refused"] += what == "file"
                self._store_refusal(id_, what, remark)

    def _store(self, place: _Place) -> int:
        """Write the row of a file; its file_id. Which song it is, is written later."""
        values = _columns(place, self._analysis)
        if place.row is None:
            self._counts["added"] += 1
            key = self._connection.execute(insert(FILES).values(values)).inserted_primary_key
            assert key is not None, "SQLAlchemy tells the key of one inserted row"
            return int(key[0])
        self._counts["changed"] += 1
        self._connection.execute(_UPDATE, {"of_file": place.row.file_id} | {f"new_{n}": values[n] for n in _WRITTEN})
        return int(place.row.file_id)

    def _write_audio(self, songs: Sequence[tuple[int, _Place, str]]) -> None:
        """Audio features of a song with several files are those of the file that came first and was measured."""
        measured: dict[str, list[tuple[int, int]]] = defaultdict(list)
        columns = FILES.c
        query = select(columns.song_id, columns.file_id, columns.analysis).where(columns.timbre.is_not(None))
        for chunk in chunks({song_id for _, _, song_id in songs}):
            for song_id, file_id, analysis in self._connection.execute(query.where(columns.song_id.in_(chunk))):
                measured[song_id].append((file_id, analysis))
        rows = []
        for file_id, place, song_id in songs:
            others = [each for each in measured[song_id] if each[0] != file_id]
            if place.file.measured is not None:
                others = [(id_, analysis) for id_, analysis in others if id_ < file_id and analysis == self._analysis]
            elif place.analysed is not None:
                continue
            if place.file.audio and not others:
                rows.append(SongRow(file_id, song_id, (), place.file.audio))
        self._songs.write(rows)

    def _refuse(self, row: int, what: str, subject: str, problem: str, kind: str = "") -> None:
        self._store_refusal(row, what, problem, kind)

    def _store_refusal(self, file_id: int, what: str, problem: str, kind: str = "") -> None:
        values = {"import_id": self._import_id, "row": file_id, "what": what, "count": 1}
        texts = {"reason": f"{self._names[file_id]}: {problem}", "kind": kind or without_values(problem)}
        self._connection.execute(insert(REFUSALS), values | texts)


def _without_same_sound(files: Iterable[SoundFile]) -> Iterator[list[SoundFile]]:
    """The files in lists in which no sound comes twice: the second is the song that the first turned out to be."""
    waiting = list(files)
    while waiting:
        now: dict[str, SoundFile] = {}
        later = []
        for each in waiting:
            if each.sound_hash and each.sound_hash in now:
                later.append(each)
            else:
                now[each.sound_hash or path_key(each.place.path)] = each
        yield list(now.values())
        waiting = later


def _song_row(file_id: int, place: _Place) -> SongRow:
    facts = dict(place.file.facts)
    if place.song_id is None and "duration_ms" in place.file.audio:  # songs of one name and another length do not meet
        facts |= {"duration_ms": place.file.audio["duration_ms"], "audio_origin": MEASURED}
    if place.song_id is not None and place.row is None:  # a copy: the name of a copy is no news
        facts = {name: value for name, value in facts.items() if name not in place.file.guessed}
    return SongRow(file_id, place.song_id, place.file.tags.ids, facts)


def _columns(place: _Place, analysis: int | None) -> dict[str, Any]:
    found, tags, measured = place.file.place, place.file.tags, place.file.measured
    values: dict[str, Any] = {
        "path_key": path_key(found.path),
        "path": stored_path(found.path),
        "size": found.size,
        "mtime_ns": found.mtime_ns,
        "beside": found.beside,
        "sound_hash": place.file.sound_hash,
        "cover": tags.cover or found.cover,
    }
    values |= {
        name: getattr(tags, name)
        for name in ("album_artist", "disc", "track", "compilation", "gain_db", "album_gain_db")
    }
    if measured is None and place.analysed is not None:
        return values | {name: getattr(place.analysed, name) for name in _ANALYSED}
    values |= dict.fromkeys(_ANALYSED) | {"problem": place.file.problem or None}
    if measured is not None:
        vector = None if measured.timbre is None else stored_vector(measured.timbre)
        confidences = {name: getattr(measured, name) for name in ("tempo_confidence", "key_confidence")}
        values |= confidences | {"analysis": analysis, "timbre": vector}
    elif place.file.problem or not place.file.sound_hash:  # there is nothing to try again
        values["analysis"] = analysis
    return values
