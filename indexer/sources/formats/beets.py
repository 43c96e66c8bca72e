"""beets (https://beets.readthedocs.io/en/stable/plugins/export.html): a library, from `beet export`.

An array of objects, JSON Lines, or CSV, with the names of beets' own fields: title, artist, albumartist, album, year,
original_year, genre, length (seconds, or "3:45" from the library), bpm, initial_key, mb_trackid, isrc, lyrics. 0 is
unknown. The names are those of the table of meanings; this format only knows whose they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indexer.sources.base import CERTAIN, Batch, Fit, Format
from indexer.sources.columns import Column
from indexer.sources.formats.json_songs import columns_found, found_songs, read_found
from indexer.sources.formats.tables import TABLES
from indexer.sources.mapping import columns_of
from indexer.sources.opened import OpenedFile
from indexer.sources.reader import read_songs

_KIND = "beets"
# Fields that beets alone calls so: https://beets.readthedocs.io/en/stable/reference/pathformat.html#available-values
_OWN = frozenset(
    {"albumartist_credit", "albumartist_sort", "albumdisambig", "albumstatus", "albumtype", "artist_credit",
     "artist_sort", "acoustid_fingerprint", "acoustid_id", "bitdepth", "composer_sort", "disctitle", "initial_key",
     "mb_albumartistid", "mb_albumid", "mb_artistid", "mb_releasegroupid", "mb_releasetrackid", "mb_trackid",
     "mb_workid", "original_day", "original_month", "original_year", "r128_album_gain", "r128_track_gain",
     "rg_album_gain", "rg_album_peak", "rg_track_gain", "rg_track_peak"}
)  # fmt: skip
_NEEDED = 3


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind in TABLES:
        names = set(opened.columns)
    else:
        outline = opened.outline if opened.kind == "json" else None
        first = outline[0] if isinstance(outline, list) and outline else outline
        names = set(first) if isinstance(first, dict) else set()
    own = sorted(names & _OWN)
    if "title" in names and len(own) >= _NEEDED:
        return Fit(CERTAIN, f"fields of beets: {', '.join(own[:3])}")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_songs(opened) if opened.kind in TABLES else read_found(opened, found_songs(opened, _KIND))


def _columns(opened: OpenedFile) -> Sequence[Column]:
    return columns_of(opened) if opened.kind in TABLES else columns_found(opened, _KIND)


FORMATS = (Format(_KIND, 0, "title, mb_trackid, albumartist_sort ... (beet export)", _recognise, _read, _columns),)
