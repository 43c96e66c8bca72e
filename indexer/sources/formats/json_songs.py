"""Songs and playlists as JSON of any shape: arrays, pages of the Spotify Web API, files of LyricsGenius."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from indexer.sources.base import POSSIBLE, Batch, Fit, Format, Refusal
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.documents import documents, items
from indexer.sources.mapping import map_columns
from indexer.sources.objects import FoundSong, NoSong, album_of, is_song, playlist_of, songs_in
from indexer.sources.opened import OpenedFile
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS, SAMPLE_ROWS

KIND = "json songs"


def found_songs(opened: OpenedFile, kind: str) -> Iterator[FoundSong | NoSong]:
    """The songs of a document in order. One that is a song, an album or a playlist is read as a whole."""
    outline = opened.outline
    if isinstance(outline, dict) and (is_song(outline) or album_of(outline) or playlist_of(outline, kind) is not None):
        for document in documents(opened):
            yield from songs_in(document, kind)
    else:
        for _, item in items(opened):
            yield from songs_in(item, kind)


def read_found(opened: OpenedFile, songs: Iterable[FoundSong | NoSong]) -> Iterator[Batch]:
    """Batches of songs and of the playlists that they stand in; what their keys mean is judged by the first of them."""
    stream = iter(songs)
    first = list(islice(stream, SAMPLE_ROWS))
    reader = SongReader(opened, _columns(first))
    batch, number = Batch(), 0
    for each in chain(first, stream):
        number += 1
        if isinstance(each, NoSong):
            batch.refusals.append(Refusal.about(opened.name, number, "entry", each.playlist.name, each.reason))
            continue
        values = reader.columns.values(each.record)
        place = reader.add_song(batch, number, values)
        if place is not None and each.playlist is not None:
            reader.add_entry(batch, number, each.playlist, place, each.facts)
        if len(batch.songs) >= BATCH_ROWS:
            yield batch
            batch = Batch()
    reader.finish(batch)
    yield batch


def columns_found(opened: OpenedFile, kind: str = KIND) -> Sequence[Column]:
    """The keys of the first songs, and what each becomes."""
    return _columns(list(islice(found_songs(opened, kind), SAMPLE_ROWS))).columns


def _columns(songs: Sequence[FoundSong | NoSong]) -> ColumnMap:
    records = [each.record for each in songs if isinstance(each, FoundSong)]
    return map_columns(tuple(dict.fromkeys(name for record in records for name in record)), records)


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind == "json" and any(isinstance(each, FoundSong) for each in songs_in(opened.outline, KIND)):
        return Fit(POSSIBLE, "objects with a title and an artist, or with an id and audio features")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_found(opened, found_songs(opened, KIND))


FORMATS = (
    Format(KIND, 0, "objects with a title and an artist in JSON (songs, playlists)", _recognise, _read, columns_found),
)
