"""Formats: playlists as the files that players and programs read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree

from engine.plain import json_text
from engine.playlist.locations import Files
from indexer.sources.formats.m3u import LINK_DIRECTIVE, SONG_DIRECTIVE
from indexer.sources.formats.xspf import NAMESPACE, SONG_RELATION
from indexer.sources.path_names import parted
from indexer.text.formulas import harmless
from indexer.text.printable import HARMFUL

if TYPE_CHECKING:
    from engine.answer.hits import Hit

NO_FILES = Files()

_NOT_IN_A_NAME = re.compile(r'[\\/:*?"<>|]')
_NOT_IN_XML = re.compile("[\ufffe\uffff]")  # of what `one_line` leaves

# The extension that ListenBrainz reads and writes: https://musicbrainz.org/doc/jspf
_JSPF_TRACK = "https://musicbrainz.org/doc/jspf#track"

_CSV_COLUMNS = (
    "position", "song_id", "title", "artist", "album", "year", "duration_ms", "tempo", "key", "mode", "energy",
    "score", "reason", "spotify_id",
)  # fmt: skip


class Writable(Protocol):
    """What a file holds of a playlist."""

    @property
    def name(self) -> str: ...
    @property
    def songs(self) -> Sequence[Hit]: ...
    def to_dict(self) -> dict[str, Any]: ...


def one_line(text: str) -> str:
    """The text without line ends, control characters or bidi marks, which disguise file names; runs of spaces as one.

    >>> one_line("Two\\r\\nLines ")
    'Two Lines'
    """
    return " ".join(HARMFUL.sub(" ", text).split())


def m3u8(playlist: Writable, files: Files = NO_FILES) -> str:
    """Extended M3U in UTF-8: `#EXTINF:seconds,Artist - Title`, then the line that a player opens.

    That is the path of the song's file. A song without one that Spotify knows is its URI. Any other is "Artist -
    Title" as a file name: players show the entry and skip it, and importers, which count these lines and not the
    comments, have a name to match. -1 seconds is the format's "unknown". What `refrain import` needs to know the song
    again stands in comments: its song_id where it has no URI in that line, its URI where its file stands there, its
    artist where "Artist - Title" can be parted in several ways.
    """
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(playlist.name)}"]
    for song in playlist.songs:
        seconds = -1 if song.duration_ms is None else round(song.duration_ms / 1000)
        called = one_line(f"{song.artist} - {song.title}" if song.artist else song.title) or one_line(song.song_id)
        lines.append(f"#EXTINF:{seconds},{called}")
        artist, title = one_line(song.artist), one_line(song.title)
        if title and parted(called) != (artist, title):
            lines.append(f"#EXTART:{artist}")
        path, link = files.line(song.song_id), _link(song)
        if path or not link:
            lines.append(f"{SONG_DIRECTIVE}{one_line(song.song_id)}")
        if path and link:
            lines.append(f"{LINK_DIRECTIVE}{link}")
        lines.append(path or link or file_name(called))
    return "\n".join(lines) + "\n"


def _link(song: Hit) -> str:
    return f"spotify:track:{one_line(song.spotify_id)}" if song.spotify_id else ""


def file_name(called: str) -> str:
    """A name that no player takes for a comment, a folder or an address.

    >>> file_name("#1 Dads - AC/DC: live?")
    '_1 Dads - AC_DC_ live_'
    """
    name = _NOT_IN_A_NAME.sub("_", one_line(called)) or "_"
    return "_" + name[1:] if name[0] in "#.~" else name


def jspf(playlist: Writable, files: Files = NO_FILES) -> str:
    """XSPF as JSON (https://xspf.org/jspf): duration in whole milliseconds, locations and identifiers as URIs."""
    tracks = [_jspf_track(song, files.uri(song.song_id)) for song in playlist.songs]
    return json_text({"playlist": {"title": one_line(playlist.name), "track": tracks}})


def _jspf_track(song: Hit, location: str) -> dict[str, object]:
    track: dict[str, object] = {
        "title": one_line(song.title),
        "creator": one_line(song.artist),
        "extension": {_JSPF_TRACK: {"additional_metadata": {"refrain_song_id": song.song_id}}},
    }
    if location:
        track["location"] = [location]
    if link := _link(song):
        track["identifier"] = [link]
    if song.album:
        track["album"] = one_line(song.album)
    if song.duration_ms is not None:
        track["duration"] = round(song.duration_ms)
    if song.reason:
        track["annotation"] = one_line(song.reason)
    return track


def xspf(playlist: Writable, files: Files = NO_FILES) -> str:
    """XSPF 1 (https://xspf.org/spec): duration in whole milliseconds, locations and identifiers as URIs."""
    root = ElementTree.Element("playlist", {"xmlns": NAMESPACE, "version": "1"})
    _add(root, "title", playlist.name)
    tracks = ElementTree.SubElement(root, "trackList")
    for song in playlist.songs:
        track = ElementTree.SubElement(tracks, "track")
        _add(track, "location", files.uri(song.song_id))
        _add(track, "identifier", _link(song))
        _add(track, "title", song.title)
        _add(track, "creator", song.artist)
        _add(track, "annotation", song.reason)
        _add(track, "album", song.album)
        _add(track, "duration", None if song.duration_ms is None else str(round(song.duration_ms)))
        _add(track, "meta", song.song_id, {"rel": SONG_RELATION})
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _add(parent: ElementTree.Element, tag: str, text: str | None, attributes: dict[str, str] | None = None) -> None:
    """Put an element at the end of another; none where there is no text for it."""
    if line := _NOT_IN_XML.sub("", one_line(text or "")):
        ElementTree.SubElement(parent, tag, attributes or {}).text = line


def csv_table(playlist: Writable) -> str:
    """One record per song under a header, as RFC 4180 has it; an unknown value is empty.

    A text that a spreadsheet would take for a formula begins with an apostrophe, see `indexer.text.formulas`.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")  # with "\n", a lone "\r" in a title is not quoted
    table.writerow(_CSV_COLUMNS)
    for position, song in enumerate(playlist.songs, start=1):
        cells = (getattr(song, name) for name in _CSV_COLUMNS[1:])
        table.writerow([position, *(harmless(one_line(cell)) if isinstance(cell, str) else cell for cell in cells)])
    return out.getvalue()


def as_json(playlist: Writable) -> str:
    """Everything that the playlist holds: {"name", "songs", "relaxed", "query"}.

    Each text is `one_line`, but for those of the query: it is the request, to be asked again.
    """
    values = playlist.to_dict()
    return json_text(_in_lines(values) | {"query": values["query"]})


def _in_lines(value: Any) -> Any:
    """A value of JSON whose texts are `one_line`."""
    match value:
        case str():
            return one_line(value)
        case dict():
            return {name: _in_lines(each) for name, each in value.items()}
        case list():
            return [_in_lines(each) for each in value]
    return value


# What players open, and so names the files of songs; and what programs read.
PLAYED: dict[str, Callable[[Writable, Files], str]] = {".m3u8": m3u8, ".xspf": xspf, ".jspf": jspf}
TABLES: dict[str, Callable[[Writable], str]] = {".csv": csv_table, ".json": as_json}
ENDINGS = (*PLAYED, *TABLES)


def playlist_text(playlist: Writable, ending: str, files: Files = NO_FILES) -> str:
    """The playlist as a file with one of ENDINGS holds it."""
    return PLAYED[ending](playlist, files) if ending in PLAYED else TABLES[ending](playlist)
