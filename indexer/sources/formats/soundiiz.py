"""Soundiiz (https://soundiiz.com): a playlist of any service as a table; one file is one playlist, called after it.

`title;artist;album;isrc`, later also `addedDate;addedBy;duration;url`, or with commas
`title,artist,album,isrc,platform,trackId,duration,addedDate,url`. Roon writes the first four as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import LIKELY, POSSIBLE, Batch, Fit, Format
from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import read_songs

_FIRST = ("title", "artist", "album", "isrc")
_FURTHER = frozenset({"added_date", "added_by", "duration", "url", "platform", "track_id", "type", "share_urls"})
_OWN = frozenset({"added_date", "platform", "track_id"})


def _recognise(opened: OpenedFile) -> Fit | None:
    """These four columns alone may also be a list of songs: with commas that is as likely, and said."""
    names = tuple(map(column_key, opened.columns))
    if opened.kind != "csv" or names[:4] != _FIRST or not _FURTHER.issuperset(names[4:]):
        return None
    if _OWN.intersection(names) or opened.delimiter == ";":
        return Fit(LIKELY, "the columns " + ", ".join(opened.columns[:6]))
    return Fit(POSSIBLE + 0.05, "the columns title, artist, album, isrc and no others")


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_songs(opened, playlist=PlaylistName.of("soundiiz", opened.title))


FORMATS = (Format("soundiiz", 1, "title;artist;album;isrc (Soundiiz, one playlist)", _recognise, _read),)
