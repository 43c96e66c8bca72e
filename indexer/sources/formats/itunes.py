"""Apple Music and iTunes (File > Library > Export Library): Library.xml, a property list of tracks and playlists.

Layout: https://www.apple.com/DTDs/PropertyList-1.0.dtd; keys as the parsers of public projects document them, among
them https://metacpan.org/pod/Mac::iTunes::Library::XML and pyrekordbox, which writes such files for rekordbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from indexer.sources.base import CERTAIN, POSSIBLE, Batch, Fit, Format
from indexer.sources.cells import plain
from indexer.sources.columns import Column
from indexer.sources.elements import Tag, elements
from indexer.sources.libraries import Track, TrackList, library_columns, read_library
from indexer.sources.opened import OpenedFile

KIND = "itunes library"
_MOST_KEYS = 1_000  # of a track or a playlist
# Keys that say that a track is no song, and what it is.
_NO_SONG = {
    "Podcast": "an episode of a podcast", "Movie": "a film", "TV Show": "an episode of a series",
    "iTunesU": "a lecture", "Music Video": "a music video", "Has Video": "a video", "Audiobook": "an audiobook",
    "Voice Memo": "a voice memo",
}  # fmt: skip
_SPOKEN = {
    "voice memo": "a voice memo", "voice memos": "a voice memo", "podcast": "an episode of a podcast",
    "audiobook": "an audiobook", "audiobooks": "an audiobook", "books & spoken": "an audiobook",
}  # fmt: skip
_SYSTEM = ("Master", "Distinguished Kind", "Music", "Movies", "TV Shows", "Podcasts", "Audiobooks", "iTunesU",
           "Purchased Music", "Party Shuffle", "Voice Memos", "Books")  # fmt: skip


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind != "xml" or not isinstance(opened.outline, tuple) or opened.outline[0] != "plist":
        return None
    if "<key>Tracks</key>" in opened.head:
        return Fit(CERTAIN, 'a property list with "Tracks"')
    if "<key>Library Persistent ID</key>" in opened.head or "<key>Playlists</key>" in opened.head:
        return Fit(POSSIBLE, "a property list of a library")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_library(opened, "itunes", _lists(opened), _tracks(opened))


def _columns(opened: OpenedFile) -> Sequence[Column]:
    return library_columns(_tracks(opened))


def _tracks(opened: OpenedFile) -> Iterator[Track]:
    for key, values in _dicts(elements(opened), "Tracks"):
        yield Track((plain(values.get("Track ID")) or key,), _record(values), _why_no_song(values))


def _lists(opened: OpenedFile) -> Iterator[TrackList]:
    names: dict[str, tuple[str, ...]] = {}  # of the folders before it, by their persistent ids
    for _, values in _dicts(elements(opened), "Playlists"):
        identifier, parent = plain(values.get("Playlist Persistent ID")), plain(values.get("Parent Persistent ID"))
        path = (*names.get(parent, ()), plain(values.get("Name")) or "untitled")
        if values.get("Folder") is True:
            names[identifier] = path
        items = values.get("Playlist Items")
        yield TrackList(path, items if isinstance(items, list) else [], _why_no_list(values), identifier)


def _record(values: Mapping[str, object]) -> dict[str, object]:
    record = {name: value for name, value in values.items() if name != "Track ID"}
    if "Total Time" in record:
        record["Total Time (ms)"] = record.pop("Total Time")
    return record


def _why_no_song(values: Mapping[str, object]) -> str:
    what = next((what for key, what in _NO_SONG.items() if values.get(key) is True), "")
    what = what or _SPOKEN.get(plain(values.get("Genre")).lower(), "")
    if not what and plain(values.get("Track Type")) == "URL":
        what = "a stream"
    return f"it is {what}, no song" if what else ""


def _why_no_list(values: Mapping[str, object]) -> str:
    if values.get("Folder") is True:
        return "a folder: the playlists in it are read"
    if any(values.get(key) not in (None, False) for key in _SYSTEM):
        return "a list that the program keeps itself (Library, Music, Downloaded ...)"
    if "Smart Info" in values or "Smart Criteria" in values:
        return "a smart playlist: a rule chose its songs, not a listener"
    return ""


def _dicts(tags: Iterator[Tag], section: str) -> Iterator[tuple[str, dict[str, object]]]:
    """(key, values) of each dict in a section of the library: "Tracks", a dict of dicts, or "Playlists", an array.

    Of a playlist's items the ids alone are remembered. What else stands deeper is passed over.
    """
    depth, inside, key, outer = 0, False, "", ""
    values: dict[str, object] = {}
    items: list[str] = []
    for name, attributes, text in tags:
        if attributes is not None:
            if name in ("dict", "array"):
                depth += 1
                if depth == 3 and inside and name == "dict":
                    values, items, outer = {}, [], key
            continue
        if name == "key":
            key = text
            if depth == 1:
                inside = text == section
        elif name in ("dict", "array"):
            if depth == 3 and inside and name == "dict":
                if items:
                    values["Playlist Items"] = items
                yield outer, values
            depth -= 1
        elif inside and depth == 3 and len(values) < _MOST_KEYS:
            values[key] = {"true": True, "false": False}.get(name, text if name != "data" else "")
        elif inside and depth == 5 and key == "Track ID":
            items.append(text)


FORMATS = (Format(KIND, 1, "Library.xml with Tracks and Playlists (Apple Music, iTunes)", _recognise, _read, _columns),)
