"""Lists: M3U playlists that lie in a folder of sound, as the paths that their entries may mean."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from indexer.sources.encodings import encoding_of
from indexer.sources.formats.m3u import m3u_entries
from indexer.sources.lists import Entry
from indexer.sources.paths import file_path, plain_path

_MAX_BYTES = 16 << 20
_HEAD = 65_536
_NAME = "#PLAYLIST:"
_MAX_TAIL = 6  # parts of a path of another computer that are looked for below the folder


@dataclass(frozen=True, slots=True)
class M3u:
    """A playlist: its name, and its entries, each with the absolute paths that it may mean, the likeliest first."""

    name: str
    entries: tuple[tuple[Entry, tuple[str, ...]], ...]


def read_m3u(path: Path, root: Path) -> M3u:
    """An M3U file in the folder `root`. Raises OSError where it cannot be read; every byte is some text."""
    with path.open("rb") as file:
        raw = file.read(_MAX_BYTES)
    lines = raw.decode(encoding_of(path, raw[:_HEAD]).name, "replace").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith(_NAME))
    entries = [entry for entry, _ in m3u_entries(lines)]
    return M3u(
        next(filter(None, named), path.stem),
        tuple((each, _candidates(each.locations[0], path.parent, root)) for each in entries),
    )


def _candidates(location: str, folder: Path, root: Path) -> tuple[str, ...]:
    """Where an entry may lie: as written, beside the playlist, or by the end of a path of another computer."""
    written = plain_path(location)
    of_windows = "\\" in written or written[1:2] == ":"
    parts = PureWindowsPath(written).parts if of_windows else PurePosixPath(written).parts
    relative = [part for part in parts if part.strip("/\\") and not part.endswith((":", ":\\", ":/"))]
    if not relative:
        return ()
    paths = [file_path(location, folder)] if file_path(location, folder) else []
    paths += [] if written.startswith("/") else [str(folder.joinpath(*relative))]
    paths += [str(root.joinpath(*relative[-count:])) for count in range(min(len(relative), _MAX_TAIL), 0, -1)]
    return tuple(dict.fromkeys(os.path.normpath(path) for path in paths))
