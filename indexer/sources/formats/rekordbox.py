"""rekordbox (File > Export Collection in xml format): DJ_PLAYLISTS, a collection and a tree of playlists.

Layout: https://cdn.rekordbox.com/files/20200410160904/xml_format_list.pdf, and the pages on it of pyrekordbox. A node
has Type 0 for a folder and 1 for a playlist, whose entries name tracks by TrackID (KeyType 0) or Location (KeyType 1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from indexer.sources.base import CERTAIN, Batch, Fit, Format
from indexer.sources.elements import elements
from indexer.sources.libraries import Track, TrackList, library_columns, read_library
from indexer.sources.mapping import Column
from indexer.sources.opened import OpenedFile

_UNITS = {"TotalTime": "TotalTime (s)"}


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind == "xml" and isinstance(opened.outline, tuple) and opened.outline[0] == "DJ_PLAYLISTS":
        return Fit(CERTAIN, "an XML document DJ_PLAYLISTS")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    unused: Counter[str] = Counter()
    yield from read_library(opened, "rekordbox", _lists(opened), _tracks(opened, unused), unused)


def _columns(opened: OpenedFile) -> Sequence[Column]:
    return library_columns(_tracks(opened, Counter()))


def _tracks(opened: OpenedFile, unused: Counter[str]) -> Iterator[Track]:
    inside = False
    for name, attributes, _ in elements(opened):
        if name == "COLLECTION":
            inside = attributes is not None
        elif inside and attributes is not None:
            if name == "TRACK":
                keys = (attributes.get("TrackID", ""), attributes.get("Location", ""))
                record = {_UNITS.get(key, key): value for key, value in attributes.items() if key != "TrackID"}
                yield Track(tuple(key for key in keys if key), record)
            else:
                unused[f"<{name[:40]}>"] += 1


def _lists(opened: OpenedFile) -> Iterator[TrackList]:
    inside = False
    path: list[tuple[str, str]] = []  # name and type
    keys: list[str] = []
    for name, attributes, _ in elements(opened):
        if name == "PLAYLISTS":
            inside = attributes is not None
        elif not inside:
            continue
        elif name == "NODE" and attributes is not None:
            path.append((attributes.get("Name", ""), attributes.get("Type", "")))
            keys = []
        elif name == "NODE" and path:
            names = tuple(each for each, _ in path)
            if path.pop()[1] == "1":
                yield TrackList(names[names[0] == "ROOT" and len(names) > 1 :], keys)
            keys = []
        elif name == "TRACK" and attributes is not None:
            keys.append(attributes.get("Key", ""))


FORMATS = (
    Format("rekordbox", 1, "DJ_PLAYLISTS with COLLECTION and PLAYLISTS (rekordbox)", _recognise, _read, _columns),
)
