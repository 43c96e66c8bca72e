"""rekordbox (File > Export Collection in xml format): DJ_PLAYLISTS, a collection and a tree of playlists.

Layout: https://cdn.rekordbox.com/files/20200410160904/xml_format_list.pdf, and the pages on it of pyrekordbox. A node
has Type 0 for a folder and 1 for a playlist, whose entries name tracks by TrackID (KeyType 0) or Location (KeyType 1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from indexer.sources.elements import elements
from indexer.sources.libraries import Track, TrackList, library_format, section
from indexer.sources.opened import OpenedFile
from indexer.sources.path_names import names_of_path

_UNITS = {"TotalTime": "TotalTime (s)"}


def _tracks(opened: OpenedFile, unused: Counter[str]) -> Iterator[Track]:
    for name, attributes, _ in section(elements(opened), "COLLECTION"):
        if attributes is None:
            continue
        if name == "TRACK":
            keys = (attributes.get("TrackID", ""), attributes.get("Location", ""))
            record = {_UNITS.get(key, key): value for key, value in attributes.items() if key != "TrackID"}
            if not record.get("Name"):  # the program shows the name of the file
                names = names_of_path(record.get("Location", ""))
                record |= {"Name": names.title, "Artist": record.get("Artist") or names.artist}
            yield Track(tuple(key for key in keys if key), record)
        else:
            unused[f"<{name[:40]}>"] += 1


def _lists(opened: OpenedFile) -> Iterator[TrackList]:
    path: list[tuple[str, str]] = []  # name and type
    keys: list[str] = []
    for name, attributes, _ in section(elements(opened), "PLAYLISTS"):
        if name == "NODE" and attributes is not None:
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
    library_format(
        "rekordbox", "DJ_PLAYLISTS", "DJ_PLAYLISTS with COLLECTION and PLAYLISTS (rekordbox)", _tracks, _lists
    ),
)
