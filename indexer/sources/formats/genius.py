"""Genius: songs with lyrics as LyricsGenius saves them, one song, an artist or an album a file.

A song is an object of Genius' API (https://docs.genius.com/#songs-h2) with its lyrics: {"title", "primary_artist":
{"name"}, "featured_artists": [{"name"}], "album": {"name"}, "release_date", "release_date_components": {"year"},
"stats": {"pageviews"}, "lyrics"}; what holds it differs with the version of LyricsGenius
(https://lyricsgenius.readthedocs.io). Genius' numbers are no ids that other catalogues know, and an album is no
playlist. Tables made of Genius (song_lyrics.csv and others on Kaggle) are plain tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from indexer.sources.base import CERTAIN, Batch, Fit, Format
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.flat import flat
from indexer.sources.listens import Record, objects_below, objects_in
from indexer.sources.meanings import unused_because
from indexer.sources.opened import OpenedFile
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS, SAMPLE_ROWS

_COLUMNS = (
    Column("title", "title"),
    Column("primary_artist.name", "artist"),
    Column("primary_artists.name", "artist", rank=1),
    Column("artist", "artist", rank=2),
    Column("artist.name", "artist", rank=3),
    Column("artist_names", "artist", rank=4),
    Column("featured_artists.name", "featured"),
    Column("album.name", "album"),
    Column("album", "album", rank=1),
    Column("release_date", "year"),
    Column("release_date_components.year", "year", rank=1),
    Column("release_date_for_display", "year", rank=2),
    Column("year", "year", rank=3),
    Column("language", "language"),
    Column("primary_tag.name", "genre"),
    Column("tags.name", "tags"),
    Column("stats.pageviews", "plays"),
    Column("lyrics", "lyrics"),
)
_OF_GENIUS = frozenset(
    {"annotation_count", "lyrics_owner_id", "lyrics_state", "primary_artist", "pyongs_count", "song_art_image_url"}
)


def _is_song(value: Record) -> bool:
    return "title" in value and not _OF_GENIUS.isdisjoint(value)


def _recognise(opened: OpenedFile) -> Fit | None:
    found = opened.kind == "json" and next(objects_below(opened.outline, _is_song), None)
    return Fit(CERTAIN, f"songs with {min(_OF_GENIUS.intersection(found))}") if found else None


def _columns(opened: OpenedFile) -> Sequence[Column]:
    songs = list(islice(map(flat, objects_in(opened, _is_song)), SAMPLE_ROWS))
    names = {name for song in songs for name in song}
    return [column for column in _mapped(songs).columns if column.name in names]


def _mapped(songs: Sequence[Record]) -> ColumnMap:
    known = {column.name for column in _COLUMNS}
    others = dict.fromkeys(name for song in songs for name in song if name not in known)
    return ColumnMap((*_COLUMNS, *(Column(name, "", unused_because(name)) for name in others)))


def _read(opened: OpenedFile) -> Iterator[Batch]:
    songs = map(flat, objects_in(opened, _is_song))
    first = list(islice(songs, SAMPLE_ROWS))
    reader, batch = SongReader(opened, _mapped(first)), Batch()
    for row, song in enumerate(chain(first, songs), start=1):
        reader.add(batch, row, song)
        if len(batch.songs) >= BATCH_ROWS:
            yield batch
            batch = Batch()
    reader.finish(batch)
    yield batch


FORMATS = (Format("genius", 0, "songs of Genius with lyrics (JSON of LyricsGenius)", _recognise, _read, _columns),)
