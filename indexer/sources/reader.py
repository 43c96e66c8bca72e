"""Reading: records (rows of a table, objects of JSON or XML) become songs and entries of playlists."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from indexer.sources.base import Batch, EntryRow, Refusal
from indexer.sources.cells import identifier, plain, texts
from indexer.sources.columns import ColumnMap
from indexer.sources.identifiers import READERS, is_number
from indexer.sources.mapping import mapping_of
from indexer.sources.opened import OpenedFile
from indexer.sources.paths import file_path, list_folder
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.tabular import batches
from indexer.sources.validate import MAX_COUNT, MAX_TAG, number

MOOD_LABEL = "mood:"  # what the label of a mood is called before its name
PLAYS_LABEL = "plays:"  # what the label of a number of plays is called before the file that counts them

_IDS = {"spotify": "spotify_id", "isrc": "isrc", "mbid": "mbid", "deezer": "deezer_id"}
_NAMING = frozenset({"title", "song_id", *_IDS.values()})  # a row with none of these is no song


def song_ids(values: Mapping[str, object]) -> tuple[str, list[tuple[str, str]]]:
    """The catalogue's key that a record brings ("" if none) and its ids elsewhere, best first."""
    found = (
        (namespace, READERS[namespace](values[field]))
        for namespace, field in _IDS.items()
        if values.get(field) is not None
    )
    song_id = identifier(values["song_id"]) if values.get("song_id") is not None else ""
    return "" if is_number(song_id) else song_id, [each for each in found if each[1]]


class SongReader:
    """Reads the records of one file.

    columns    what its columns become; cells of columns without a meaning are counted
    playlist   the playlist that every record stands in, if it is one; else what the record says itself
    weak       the records name songs and do not describe them: see `SongRow`
    """

    def __init__(
        self, opened: OpenedFile, columns: ColumnMap, *, playlist: PlaylistName | None = None, weak: bool = False
    ) -> None:
        self._opened = opened
        self._file = opened.name
        self.columns = columns
        self._playlist = playlist
        self._weak = weak
        self._folder = list_folder(opened)
        self._length: Counter[str] = Counter()
        self._plays: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def add(self, batch: Batch, row: int, record: Mapping[str, object]) -> int | None:
        """Add the song of a record, and its entry where it stands in a playlist; its place in `batch.songs`.

        None where the record is refused.
        """
        values = self.columns.values(record)
        place = self.add_song(batch, row, values)
        if place is not None and (playlist := self._playlist or self._named(values)) is not None:
            self.add_entry(batch, row, playlist, place, values)
        return place

    def add_song(self, batch: Batch, row: int, values: Mapping[str, object]) -> int | None:
        """Add the song that `values`, by fields, describe; its place in `batch.songs`, None where it is refused."""
        if values.keys().isdisjoint(_NAMING):
            batch.refuse_nameless(self._file, row)
            return None
        song_id, ids = song_ids(values)
        values = {**values, "genre": values["tag"]} if "tag" in values and "genre" not in values else values  # Genius
        labels: dict[str, float] = {}
        if (moods := values.get("mood")) is not None:
            labels = {f"{MOOD_LABEL}{mood.casefold()[:MAX_TAG]}": 1.0 for mood in texts(moods, "|;,")}
        problems: list[str] = []
        plays = number(values["plays"], "plays", 0, 1e15, problems) if "plays" in values else None
        if plays and self.columns.plays_add_up:
            names = (song_id, plain(values.get("artist")).casefold(), plain(values.get("title")).casefold())
            song_key = ids[0] if ids else names
            self._plays[song_key] += plays
            plays = self._plays[song_key]  # so far: the last row of a song is the one that stays
        if plays:
            file = self._file[-(MAX_TAG - len(PLAYS_LABEL)) :]  # names in archives differ at the end
            labels[f"{PLAYS_LABEL}{file}"] = plays
        path = values.get("path")
        if path is not None:
            path = file_path(path if isinstance(path, str) else plain(path), self._folder)  # spaces in a path count
        song = batch.add_song(
            self._file,
            row,
            values,
            song_id=song_id,
            ids=ids,
            labels=labels,
            files=[path] if path else [],
            weak=self._weak,
        )
        if song is None:
            return None
        batch.refusals.extend(
            Refusal.about(self._file, row, "value", plain(values.get("title")), each) for each in problems
        )
        return len(batch.songs) - 1

    def add_entry(
        self,
        batch: Batch,
        row: int,
        playlist: PlaylistName,
        song: int | tuple[str, str],
        values: Mapping[str, object] | None = None,
    ) -> None:
        """Put a song (its place in the batch, or an id) at the end of a playlist, which its first entry brings."""
        facts = values or {}
        playlist_id = playlist.playlist_id
        if playlist_id not in self._length:
            described = {name: facts.get(name) for name in ("description", "followers")}
            if not batch.add_playlist(self._file, row, playlist_id, {"name": playlist.name, **described}):
                return
        batch.entries.append(EntryRow(row, playlist_id, self._place(batch, row, playlist_id, facts), song))

    def finish(self, batch: Batch) -> None:
        """Add what there is to say of the file and of its columns."""
        batch.refusals.extend(file_remarks(self._opened, self.columns))

    def _named(self, values: Mapping[str, object]) -> PlaylistName | None:
        playlist_id, name = identifier(values.get("playlist_id")), plain(values.get("playlist"))
        if playlist_id and is_number(playlist_id):  # it counts within this file only
            playlist_id = f"{self._opened.title}:{playlist_id}"
        if playlist_id:
            return PlaylistName(playlist_id, name)
        return PlaylistName.of("playlist", name) if name else None

    def _place(self, batch: Batch, row: int, playlist_id: str, values: Mapping[str, object]) -> int:
        problems: list[str] = []
        position = number(values.get("position"), "position", 0, MAX_COUNT, problems)
        batch.refusals.extend(Refusal.about(self._file, row, "value", playlist_id, problem) for problem in problems)
        place = self._length[playlist_id] if position is None else int(position)
        self._length[playlist_id] = max(self._length[playlist_id], place) + 1
        return place


def read_songs(opened: OpenedFile, *, playlist: PlaylistName | None = None) -> Iterator[Batch]:
    """The songs of a table, and the playlists that its rows name; or the one playlist that the whole table is."""
    reader = SongReader(opened, mapping_of(opened), playlist=playlist)
    batch = Batch()
    for at, rows in enumerate(batches(opened)):
        if at:
            yield batch
            batch = Batch()
        for row, record in batch.valid_rows(rows, opened.name, "song"):
            reader.add(batch, row, record)
    reader.finish(batch)
    yield batch


def file_remarks(opened: OpenedFile, columns: ColumnMap) -> Iterator[Refusal]:
    """A line for each guess about a file, each column that is not used and holds something, each read with a guess."""
    file = opened.name
    yield from (Refusal(file, 0, "file", remark, remark) for remark in opened.remarks)
    for column in columns.columns:
        cells = 1 if column.field else columns.unused_cells[column.name]
        how = f"is read as {column.field}" if column.field else "is not used"
        if column.remark and cells:
            line = f"{column.name!r} {how}: {column.remark}"
            yield Refusal(file, 0, "column", line, line, cells)  # of a kind of its own: its name is no value of a row
