"""VirtualDJ (database.xml): <Song FilePath> with Tags, Infos and Scan.

Layout: https://www.virtualdj.com/wiki/Database.html and public readers of it (vdj-data). Version 8 and later; in it a
beat is given in seconds (Scan Bpm="0.468" is 128 BPM) and SongLength in seconds. Earlier ones hold names in Display
and count in other units: of these the names alone are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from indexer.sources.elements import elements
from indexer.sources.libraries import Track, library_format, parts_of
from indexer.sources.opened import OpenedFile
from indexer.sources.path_names import names_of_path
from indexer.sources.paths import is_address
from indexer.sources.units import decimal

_READ = ("Tags", "Display", "Infos", "Scan", "Comment")
_NAMES = {"Author": "Artist", "Remix": "Version"}
_LONGEST_BEAT = 3.0  # seconds: 20 BPM; what is more counts beats per minute


def _tracks(opened: OpenedFile, unused: Counter[str]) -> Iterator[Track]:
    yield from map(_track, parts_of(elements(opened), "Song", _READ, unused))


def _track(parts: Mapping[str, Mapping[str, str]]) -> Track:
    path = parts["Song"].get("FilePath", "")
    tags, infos, scan = (parts.get(name, {}) for name in ("Tags", "Infos", "Scan"))
    record: dict[str, object] = {"FilePath": path}
    record |= {_NAMES.get(name, name): value for name, value in (tags or parts.get("Display", {})).items()}
    record.pop("Bpm", None)  # as the file's tag has it, in one unit or another; Scan is what VirtualDJ measured
    if tags:
        record |= {f"Infos {name}": value for name, value in infos.items() if name not in ("SongLength", "PlayCount")}
        record |= {"SongLength (s)": infos.get("SongLength"), "PlayCount": infos.get("PlayCount")}
        record["Key"] = scan.get("Key") or record.get("Key")
        record["BPM"] = _tempo(scan.get("Bpm") or tags.get("Bpm", ""))
    if not record.get("Title") and not is_address(path):
        names = names_of_path(path)
        record |= {"Title": names.title, "Artist": record.get("Artist") or names.artist}
    return Track((), {name: value for name, value in record.items() if value not in (None, "")})


def _tempo(text: str) -> float | None:
    number = decimal(text)
    if number is None or number <= 0:
        return None
    return round(60 / number, 2) if number < _LONGEST_BEAT else number


FORMATS = (
    library_format(
        "virtualdj", "VirtualDJ_Database", "VirtualDJ_Database with Song (VirtualDJ)", _tracks, lambda _: ()
    ),
)
