"""Lists: M3U playlists that lie in a folder of sound, as the paths that their entries may mean."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

_MAX_BYTES = 16 << 20
_MAX_TAIL = 6  # parts of a path of another computer that are looked for below the folder


@dataclass(frozen=True, slots=True)
class M3u:
    """A playlist: its name, and of each entry the line and the absolute paths that it may mean, the likeliest first."""

    name: str
    entries: tuple[tuple[str, tuple[str, ...]], ...]


def read_m3u(path: Path, root: Path) -> M3u:
    """An M3U file in the folder `root`. Raises OSError where it cannot be read; every byte is some text."""
    with path.open("rb") as file:
        raw = file.read(_MAX_BYTES)
    try:
        text = raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    name, entries = path.stem, []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#PLAYLIST:"):
            name = line.partition(":")[2].strip() or name
        elif line and not line.startswith("#"):
            entries.append((line, tuple(_candidates(line, path.parent, root))))
    return M3u(name, tuple(entries))


def _candidates(line: str, folder: Path, root: Path) -> list[str]:
    """Where an entry may lie: as written, beside the playlist, or by the end of a path of another computer."""
    scheme = urlsplit(line).scheme.lower() if "://" in line else ""
    if scheme == "file":
        line = unquote(urlsplit(line).path)
    elif scheme or "\x00" in line:
        return []
    parts = PureWindowsPath(line).parts if "\\" in line or line[1:2] == ":" else PurePosixPath(line).parts
    relative = [part for part in parts if part.strip("/\\") and not part.endswith((":", ":\\", ":/"))]
    if not relative:
        return []
    paths = [Path(line)] if line.startswith("/") else [folder.joinpath(*relative)]
    paths += [root.joinpath(*relative[-count:]) for count in range(min(len(relative), _MAX_TAIL), 0, -1)]
    return list(dict.fromkeys(os.path.normpath(path) for path in paths))
