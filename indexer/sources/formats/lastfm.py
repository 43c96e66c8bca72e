"""Last.fm: what was listened to ("scrobbles"), as its exporters and its API write it.

CSV without a header, `artist,album,title,"04 Mar 2021 10:15"` (https://benjaminbenben.com/lastfm-to-csv); CSV with
`uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid` (https://lastfm.ghan.nl/export); JSON pages of
user.getRecentTracks, alone or in arrays (https://www.last.fm/api/show/user.getRecentTracks), and of
user.getLovedTracks, which are no listens; CSV and JSON of https://lastfmstats.com, whose "date" counts milliseconds.
Times are of a song's start, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.sources.base import CERTAIN, LIKELY, Batch, Fit, Format
from indexer.sources.flat import flat
from indexer.sources.formats.json_songs import read_found
from indexer.sources.listens import NoListen, Record, listens_format, objects_below, objects_in
from indexer.sources.meanings import column_key
from indexer.sources.objects import FoundSong
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.tabular import listed_rows
from indexer.sources.units import moment

_DATE = re.compile(r"date(?:#.*)?", re.IGNORECASE)  # lastfmstats.com writes whose listens they are behind "#"
_LOVED = PlaylistName("last.fm:loved", "Loved on Last.fm")


def _is_track(value: Record) -> bool:
    """Whether an object is a song with the time at which it was played; a day is none, nor is a place in a chart."""
    if "artist" not in value or not ("name" in value or isinstance(value.get("track"), str)):
        return False
    return _is_playing(value) or isinstance(date := value.get("date"), dict) or moment(date) is not None


def _is_playing(value: Record) -> bool:
    attributes = value.get("@attr")
    return isinstance(attributes, dict) and str(attributes.get("nowplaying", "")).lower() == "true"


def _with_time(record: Record) -> Record:
    """A record whose column "date", or "Date#somebody", is known as the time of a listen."""
    return {"date.uts" if _DATE.fullmatch(name) else name: cell for name, cell in record.items()}


def _is_loved(value: Record) -> bool:
    return "lovedtracks" in value


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind == "csv" and not opened.header and "listened_at" in opened.columns:
        return Fit(CERTAIN, "artist, album, title and a time, without a header")
    if {"uts", "artist", "track"} <= {column_key(name) for name in opened.columns}:
        return Fit(CERTAIN, "the columns uts, artist and track")
    if opened.kind == "csv" and any("#" in name and _DATE.fullmatch(name) for name in opened.columns):
        return Fit(CERTAIN, 'a column "Date#" with the name of a listener')
    if _recognise_loved(opened) is not None:
        return None
    if opened.kind == "json" and (track := next(objects_below(opened.outline, _is_track), None)) is not None:
        spelt = isinstance(track["artist"], dict) and not track["artist"].keys().isdisjoint(("#text", "mbid"))
        return Fit(CERTAIN, "a page of recent tracks") if spelt else Fit(LIKELY, "tracks with a date")
    return None


def _listens(opened: OpenedFile) -> Iterator[tuple[int, Record | NoListen]]:
    if opened.kind != "json":
        for row, cells in listed_rows(opened):
            yield row, NoListen(cells) if isinstance(cells, str) else _with_time(cells)
        return
    for row, track in enumerate(objects_in(opened, _is_track), start=1):
        if "date" not in track and _is_playing(track):
            yield row, NoListen("playing while the file was made: no listen yet")
        else:
            yield row, _with_time(flat(track))


def _recognise_loved(opened: OpenedFile) -> Fit | None:
    found = opened.kind == "json" and next(objects_below(opened.outline, _is_loved), None) is not None
    return Fit(CERTAIN, "a page of loved tracks") if found else None


def _loved(opened: OpenedFile) -> Iterator[Batch]:
    tracks = map(flat, objects_in(opened, _is_track))
    yield from read_found(opened, (FoundSong(track, _LOVED) for track in tracks))


FORMATS = (
    listens_format("last.fm", "listens of Last.fm (CSV of exporters, JSON of its API)", _recognise, _listens),
    Format("last.fm loved", 1, "loved tracks of Last.fm (JSON of its API)", _recognise_loved, _loved),
)
