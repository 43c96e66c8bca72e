"""Exportify (https://exportify.net and https://watsonbox.github.io/exportify): a Spotify playlist as a table.

One file is one playlist, called after the file. Old and new layouts and the languages that Exportify writes differ in
the names of their columns only.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import LIKELY, Batch, Fit, Format
from indexer.sources.mapping import fields_of, mapping_of
from indexer.sources.meanings import ADDED, column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import read_songs
from indexer.sources.tabular import sample_of


def _recognise(opened: OpenedFile) -> Fit | None:
    """Spotify's URIs in the first column and titles in the second; as a rule also who added the song, and when."""
    if opened.kind not in ("csv", "sheet") or len(opened.columns) < 4:
        return None
    columns = mapping_of(opened).columns
    first, second = (column.field for column in columns[:2])
    if (first, second) == ("spotify_id", "title") and not fields_of(opened).intersection(
        ("playlist", "playlist_id", "plays")
    ):
        added = any(column_key(name) in ADDED for name in opened.columns)
        uris = any(
            str(row.get(opened.columns[0], "")).startswith("spotify:track:") for _, row in sample_of(opened)[:20]
        )
        if added or (uris and "artist" in fields_of(opened)):
            return Fit(LIKELY, "track URIs, then track names" + (", and when each was added" if added else ""))
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_songs(opened, playlist=PlaylistName.of("exportify", opened.title))


FORMATS = (Format("exportify", 1, "Track URI, Track Name, Artist Name(s), Added At (Exportify)", _recognise, _read),)
