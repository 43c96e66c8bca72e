"""Traktor (collection.nml, or Export Playlist): NML, a collection and a tree of playlists.

Layout: as the public readers of it have it (traktor-nml-utils, TraktorBuddy; https://github.com/wolkenarchitekt). A
track is known by "VOLUME/:folder/:file". MUSICAL_KEY counts 0..11 for C to B major, then 12..23 for C to B minor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from indexer.sources.elements import elements
from indexer.sources.libraries import Track, TrackList, library_format, parts_of, section
from indexer.sources.opened import OpenedFile
from indexer.sources.path_names import names_of_path

_PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_READ = frozenset({"LOCATION", "ALBUM", "INFO", "TEMPO", "MUSICAL_KEY"})  # elements of an entry
_UNITS = {"PLAYTIME": "PLAYTIME (s)"}


def _tracks(opened: OpenedFile, unused: Counter[str]) -> Iterator[Track]:
    yield from map(_track, parts_of(section(elements(opened), "COLLECTION"), "ENTRY", _READ, unused))


def _track(parts: Mapping[str, Mapping[str, str]]) -> Track:
    location = parts.get("LOCATION", {})
    record: dict[str, object] = dict(parts["ENTRY"])
    record |= {_UNITS.get(name, name): value for name, value in parts.get("INFO", {}).items()}
    record.pop("PLAYTIME_FLOAT", None)
    if key := _key(parts.get("MUSICAL_KEY", {}).get("VALUE", "")):
        record["KEY"] = key
    if title := parts.get("ALBUM", {}).get("TITLE"):
        record["ALBUM"] = title
    if tempo := parts.get("TEMPO", {}).get("BPM"):
        record["BPM"] = tempo
    folder, file, volume = (location.get(name, "") for name in ("DIR", "FILE", "VOLUME"))
    if path := _path(folder, file, volume):
        record["LOCATION"] = path
    if not record.get("TITLE") and file:
        names = names_of_path(file)
        record["TITLE"] = names.title
        record.setdefault("ARTIST", names.artist)
    return Track((f"{volume}{folder}{file}",) if file else (), record)


def _path(folder: str, file: str, volume: str) -> str:
    """A path as the system writes it: of "/:Users/:ada/:" and "a.mp3" /Users/ada/a.mp3, or C:/Users/ada/a.mp3."""
    if not file:
        return ""
    path = folder.replace("/:", "/") + file
    if len(volume) == 2 and volume[1] == ":":
        return volume + path
    if volume and not volume.startswith("Macintosh") and not path.startswith(("/Users/", "/Volumes/")):
        return f"/Volumes/{volume}{path}"
    return path


def _key(value: str) -> str:
    if not value.isdecimal() or len(value) > 2 or int(value) > 23:
        return ""
    return f"{_PITCHES[int(value) % 12]} {'major' if int(value) < 12 else 'minor'}"


def _lists(opened: OpenedFile) -> Iterator[TrackList]:
    path: list[tuple[str, str]] = []  # name and type
    keys: list[str] = []
    for name, attributes, _ in section(elements(opened), "PLAYLISTS"):
        if name == "NODE" and attributes is not None:
            path.append((attributes.get("NAME", ""), attributes.get("TYPE", "")))
            keys = []
        elif name == "NODE" and path:
            names = tuple(each for each, _ in path if each != "$ROOT")
            kind = path.pop()[1]
            if kind == "SMARTLIST":
                yield TrackList(names, reason="a smart playlist: a rule chose its songs, not a listener")
            elif kind == "PLAYLIST":
                yield TrackList(names, keys)
            keys = []
        elif name == "PRIMARYKEY" and attributes is not None:
            keys.append(attributes.get("KEY", ""))


FORMATS = (library_format("traktor", "NML", "NML with COLLECTION and PLAYLISTS (Traktor)", _tracks, _lists),)
