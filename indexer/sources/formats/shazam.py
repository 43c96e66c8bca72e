"""Shazam's library (https://www.shazam.com/myshazam, and the app's "Export library"): the songs that were recognised.

A line "Shazam Library", then `Index,TagTime,Title,Artist,URL,TrackKey`: one playlist. That a song was recognised is no
listen of the kind that has sessions: TagTime is a day.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import CERTAIN, Batch, Fit, Format
from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import read_songs

_LIBRARY = PlaylistName("shazam:library", "Shazam Library")
_NEEDED = frozenset({"tagtime", "title", "artist", "trackkey"})


def _recognise(opened: OpenedFile) -> Fit | None:
    names = {column_key(name).replace("_", "") for name in opened.columns}
    return Fit(CERTAIN, "the columns TagTime, Title, Artist and TrackKey") if names >= _NEEDED else None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_songs(opened, playlist=_LIBRARY)


FORMATS = (Format("shazam", 1, "Index, TagTime, Title, Artist, URL, TrackKey (Shazam)", _recognise, _read),)
