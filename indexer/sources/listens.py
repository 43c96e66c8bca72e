"""Listens: a listening history becomes how often each song was played, and a playlist for each session."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from typing import TYPE_CHECKING

from indexer.sources.base import Batch, Fit, Format, Refusal
from indexer.sources.cells import plain, texts
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.documents import documents, items
from indexer.sources.mapping import map_columns
from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import SongReader, song_ids
from indexer.sources.tabular import BATCH_ROWS, SAMPLE_ROWS
from indexer.sources.units import decimal, moment
from indexer.text.names import artist_key

if TYPE_CHECKING:
    from indexer.sources.sessions import Session

PLAYED_MS = 30_000  # from which Spotify counts a stream, and Last.fm takes a scrobble
_LONGEST_MS = 86_400_000  # a day; more is no length of a listen
_ENTRIES = 20_000  # per batch
_DEPTH = 12  # of lists and objects around a listen
_ENDS = frozenset({"end_time", "ts"})  # Spotify writes when a song ended; the time of all others is its start
_OF_THE_LISTEN = frozenset({"listened_at", "ms_played", "skipped", "plays", "playlist", "playlist_id", "position"})
_YES = frozenset({"true", "1", "1.0", "yes"})

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NoListen:
    """A record of a listening history that is no listen to a song, and why."""

    reason: str


@dataclass(slots=True)
class _Song:
    """A song of the history.

    row         the first that is about it
    values      what all its rows say of it, by fields
    ids         its ids by namespace
    reference   the id by which later batches point to it, None where it has none
    state       "" before it stands in a batch, "stored" afterwards; "refused"
    """

    row: int
    values: dict[str, object]
    ids: dict[str, str] = field(default_factory=dict)
    reference: tuple[str, str] | None = None
    state: str = ""


def listens_format(
    name: str,
    layout: str,
    recognise: Callable[[OpenedFile], Fit | None],
    records: Callable[[OpenedFile], Iterable[tuple[int, Record | NoListen]]],
) -> Format:
    """A format of listening histories; `records` are those of a file, as `read_listens` takes them."""

    def read(opened: OpenedFile) -> Iterator[Batch]:
        yield from read_listens(opened, records(opened))

    def columns(opened: OpenedFile) -> Sequence[Column]:
        return _columns(list(islice(records(opened), SAMPLE_ROWS))).columns

    return Format(name, 1, layout, recognise, read, columns)


def read_listens(opened: OpenedFile, records: Iterable[tuple[int, Record | NoListen]]) -> Iterator[Batch]:
    """The songs of a listening history with how often each was played, and its sessions as playlists.

    records   (row, the listen by its columns or by the paths of its keys), in any order

    A listen that was skipped or shorter than 30 s is no play; where the length is not known, each is one. The same song
    at the same time is one listen. A session ends where nothing was played for 30 minutes; it holds a song once. Its
    playlist_id is made of its first song and its time: the same listens in a newer export are the same playlist.
    Nothing is stored before the last listen is read; memory: 80 bytes a listen, and what the file says of each song.
    """
    stream = iter(records)
    first = list(islice(stream, SAMPLE_ROWS))
    columns = _columns(first)
    history = _History(opened, columns)
    for row, record in chain(first, stream):
        if isinstance(record, NoListen):
            history.pass_over(row, record.reason)
        else:
            history.add(row, columns.values(record))
    yield from history.batches()


def objects_in(opened: OpenedFile, wanted: Callable[[Record], bool]) -> Iterator[Record]:
    """The objects of a JSON document that are `wanted`, in order, wherever they stand in it."""
    if isinstance(opened.outline, dict) and wanted(opened.outline):
        for document in documents(opened):
            yield from objects_below(document, wanted)
    else:
        for _, item in items(opened):
            yield from objects_below(item, wanted)


def objects_below(value: object, wanted: Callable[[Record], bool], depth: int = 0) -> Iterator[Record]:
    """The objects in a JSON value that are `wanted`; what is in one of them is part of it."""
    if isinstance(value, dict) and wanted(value):
        yield value
    elif isinstance(value, dict | list) and depth < _DEPTH:
        for each in value.values() if isinstance(value, dict) else value:
            yield from objects_below(each, wanted, depth + 1)


def _columns(records: Sequence[tuple[int, Record | NoListen]]) -> ColumnMap:
    """What the columns of listens become, by their names and by what the first of them hold."""
    sample = [record for _, record in records if not isinstance(record, NoListen)]
    return map_columns(tuple(dict.fromkeys(name for record in sample for name in record)), sample)


class _History:
    """The listens of one file."""

    def __init__(self, opened: OpenedFile, columns: ColumnMap) -> None:
        self._file = opened.name
        self._reader = SongReader(opened, columns)
        times = [column for column in columns.columns if column.field == "listened_at" and not column.rank]
        self._at_end = any(column_key(column.name) in _ENDS for column in times)
        self._songs: list[_Song] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._of, self._starts, self._ends = array("q"), array("d"), array("d")
        self._passed: dict[str, tuple[int, int]] = {}  # reason: the first row, and how many

    def add(self, row: int, values: Record) -> None:
        """Add a listen, by fields."""
        if not plain(values.get("title")) and not song_ids(values)[1]:
            self.pass_over(row, "neither a title nor an id of a song")
            return
        song = self._song(row, values)
        played = decimal(plain(values.get("ms_played")))
        if played is not None and played > _LONGEST_MS:
            played = None
        at = moment(values.get("listened_at"))
        if plain(values.get("skipped")).lower() in _YES:
            self.pass_over(row, "skipped: no play")
        elif played is not None and played < PLAYED_MS:
            self.pass_over(row, f"played for less than {PLAYED_MS // 1000} s: no play")
        else:
            if at is None:
                self.pass_over(row, "no time at which it was played: a play, but in no session")
            length = (played or 0) / 1000
            start = float("nan") if at is None else at - length if self._at_end else at
            self._of.append(song)
            self._starts.append(start)
            self._ends.append(start + length)

    def pass_over(self, row: int, reason: str) -> None:
        """Count a record that is no play, or less than one."""
        first, count = self._passed.get(reason, (row, 0))
        self._passed[reason] = first, count + 1

    def batches(self) -> Iterator[Batch]:
        """The sessions with their songs, then the songs of none, then what there is to say of the file."""
        from indexer.sources.sessions import Plays  # numpy: a command that imports no listens does without

        same = self._same_names()
        history = Plays.of([same[number] for number in self._of], self._starts, self._ends)
        if history.again:
            self._passed["the same song at the same time stands in the file before"] = 0, history.again
        plays = history.counts(len(self._songs))
        batch, places = Batch(), dict[int, int | tuple[str, str] | None]()
        for session in history.sessions():
            for number in session.songs:
                if number not in places:
                    places[number] = self._placed(batch, number, plays[number])
                if (place := places[number]) is not None:
                    self._reader.add_entry(batch, self._songs[number].row, self._playlist(session), place)
            if len(batch.entries) >= _ENTRIES:
                yield batch
                batch, places = Batch(), {}
        for number, song in enumerate(self._songs):
            if not song.state:
                self._placed(batch, number, plays[number])
            if len(batch.songs) >= BATCH_ROWS:
                yield batch
                batch = Batch()
        for reason, (row, count) in self._passed.items():
            batch.refusals.append(Refusal(self._file, row, "listen", reason, reason, count))
        self._reader.finish(batch)
        yield batch

    def _song(self, row: int, values: Record) -> int:
        """The number of the song that a listen is of; what is new of it is added."""
        song_id, ids = song_ids(values)
        name = _name_key(*(_name(values.get(field)) for field in ("title", "artist")))
        keys = [("song", song_id)] if song_id else ids or [("name", name)]
        known = (self._numbers.get(key) for key in keys)
        number = next((each for each in known if each is not None and self._agrees(each, ids)), None)
        if number is None:
            number = len(self._songs)
            self._songs.append(_Song(row, {}))
        song = self._songs[number]
        for namespace, value in ids:
            song.ids.setdefault(namespace, value)
        for key in keys:
            self._numbers.setdefault(key, number)
        for field_name, cell in values.items():
            if field_name not in _OF_THE_LISTEN:
                song.values.setdefault(field_name, cell)
        return number

    def _agrees(self, number: int, ids: Sequence[tuple[str, str]]) -> bool:
        """Whether a song has no other id of any kind: two ids of one kind are two songs."""
        known = self._songs[number].ids
        return all(known.get(namespace, value) == value for namespace, value in ids)

    def _same_names(self) -> list[int]:
        """For each song itself; for one that came without ids the first of its name that has any, if there is one."""
        numbers = list(range(len(self._songs)))
        with_ids: dict[str, int] = {}
        for number, song in enumerate(self._songs):
            if song.ids:
                with_ids.setdefault(self._name_of(song), number)
        for number, song in enumerate(self._songs):
            name = self._name_of(song)
            if not song.ids and ("name", name) in self._numbers and name in with_ids:
                numbers[number] = with_ids[name]
                self._songs[with_ids[name]].values |= song.values | self._songs[with_ids[name]].values
                song.state = "stored"  # as the other one
        return numbers

    def _name_of(self, song: _Song) -> str:
        return _name_key(_name(song.values.get("title")), _name(song.values.get("artist")))

    def _placed(self, batch: Batch, number: int, plays: int) -> int | tuple[str, str] | None:
        """What entries of this batch point to a song by; the song is added to the batch where it must be."""
        song = self._songs[number]
        if song.state == "refused" or (song.state == "stored" and song.reference is not None):
            return song.reference
        again, remarks = song.state == "stored", len(batch.refusals)
        place = self._reader.add_song(batch, song.row, song.values if again else {**song.values, "plays": plays})
        if again:  # what there is to say of it is said
            del batch.refusals[remarks:]
        song.state = "stored" if place is not None else "refused"
        if place is not None:
            row = batch.songs[place]
            song.reference = ("song", row.song_id) if row.song_id else next(iter(row.ids), None)
        return place

    def _playlist(self, session: Session) -> PlaylistName:
        first = self._name_of(self._songs[session.songs[0]])
        mark = blake2b(first.encode("utf-8", "replace"), digest_size=4).hexdigest()
        start = datetime.fromtimestamp(session.start, UTC)
        return PlaylistName(f"session:{start:%Y-%m-%dT%H:%M:%S}:{mark}", f"Session {start:%Y-%m-%d %H:%M}")


def _name(cell: object) -> str:
    return ", ".join(texts(cell, "")) if isinstance(cell, list | tuple) else plain(cell)


@lru_cache(maxsize=65_536)
def _name_key(title: str, artist: str) -> str:
    return f"{artist_key(artist)}|{artist_key(title)}"
