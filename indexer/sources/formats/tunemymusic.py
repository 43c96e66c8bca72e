"""TuneMyMusic (https://www.tunemymusic.com): playlists of any service in one table.

`Track name, Artist name, Album, Playlist name, Type, ISRC, Spotify - id`; the last column is called after the service.
Rows of artists and albums that are followed have no track name. Of videos the track name is "Artist - Title".
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import CERTAIN, Batch, Fit, Format, Refusal
from indexer.sources.cells import plain
from indexer.sources.mapping import mapping_of
from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import SongReader
from indexer.sources.tabular import batches

_NO_SONGS = frozenset({"album", "artist"})  # types of rows that follow one of these
_NEEDED = frozenset({"track_name", "artist_name", "playlist_name", "type"})


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind in ("csv", "sheet") and {column_key(name) for name in opened.columns} >= _NEEDED:
        return Fit(CERTAIN, "the columns Track name, Artist name, Playlist name and Type")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    reader = SongReader(opened, mapping_of(opened))
    kind = next(name for name in opened.columns if column_key(name) == "type")
    for rows in batches(opened):
        batch = Batch()
        for row, record in batch.valid_rows(rows, opened.name, "song"):
            values = reader.columns.values(record)
            if not plain(values.get("title")) or plain(record.get(kind)).casefold() in _NO_SONGS:
                batch.refusals.append(Refusal(opened.name, row, "song", "no track name: an artist or an album"))
                continue
            artist, dash, title = plain(values["title"]).partition(" - ")
            if dash and artist and title and not plain(values.get("artist")):
                values |= {"artist": artist, "title": title}
            place, name = reader.add_song(batch, row, values), plain(values.get("playlist"))
            if place is not None and name:
                reader.add_entry(batch, row, PlaylistName.of("tunemymusic", name), place)
        yield batch
    last = Batch()
    reader.finish(last)
    yield last


FORMATS = (Format("tunemymusic", 1, "Track name, Artist name, Playlist name, Type (TuneMyMusic)", _recognise, _read),)
