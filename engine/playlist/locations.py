"""Locations: where the file of a song lies, as a line of an M3U and as a URI."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from indexer.text.printable import HARMFUL

_PLAIN_START = re.compile(r"[^\W_]|\.\./")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of sound that a playlist can name.

    paths    song_id -> absolute path, bytes that are no UTF-8 as `os.fsdecode` has them
    folder   what relative paths start at, by its real name; None where there are to be none
    upward   whether they may start in the folder above it too
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    folder: PurePath | None = None
    upward: bool = False

    @classmethod
    def for_list(cls, paths: Mapping[str, str], file: Path) -> Files:
        """The files for a playlist that is to be written to `file`.

        Nobody knows whether a player follows a link before it reads a path: where `file` is one, no path is relative,
        and where its folder is reached by one, none leads out of the folder.
        """
        if file.is_symlink():
            return cls(paths)
        folder = os.path.realpath(file.parent)
        return cls(paths, Path(folder), upward=folder == os.path.abspath(file.parent))

    def line(self, song_id: str) -> str:
        r"""The path of a song's file as a line of an M3U; "" where it has none.

        It is relative to a file in the same folder or below, in the folder above or below that, unless that is the
        root; else absolute. What a line cannot hold (line ends, marks that turn writing round, bytes that are no
        UTF-8) makes it a URI.

        >>> files = Files({"a": "/m/x/#1.mp3", "b": "/m/y/b.mp3", "c": "/z/c.mp3", "d": "/m/x/d\n"}, Path("/m/x"), True)
        >>> [files.line(song_id) for song_id in "abcde"]
        ['./#1.mp3', '../y/b.mp3', '/z/c.mp3', 'file:///m/x/d%0A', '']
        """
        path = self._path(song_id)
        if path is None:
            return ""
        if HARMFUL.search(str(path)):
            return path.as_uri()
        relative = self._relative(path)
        if not relative:
            return str(path)
        # Not a comment, an address or a drive; at the beginning of a line no space counts.
        odd = not _PLAIN_START.match(relative) or ":" in relative or "\\" in relative
        return f"./{relative}" if odd and not relative.startswith("../") else relative

    def uri(self, song_id: str) -> str:
        r"""The address of a song's file, percent-encoded; "" where it has none.

        >>> Files({"a": "/m/caf\udce9 #1.mp3"}).uri("a"), Files({"a": "C:\\m\\a b.mp3"}).uri("a")
        ('file:///m/caf%E9%20%231.mp3', 'file:///C:/m/a%20b.mp3')
        """
        path = self._path(song_id)
        return "" if path is None else path.as_uri()

    def _path(self, song_id: str) -> PurePath | None:
        """The path as the system has it that it was written on: a catalogue may come from another one."""
        text = self.paths.get(song_id, "")
        path = PurePosixPath(text) if text.startswith("/") else PureWindowsPath(text)
        return path if path.is_absolute() else None

    def _relative(self, path: PurePath) -> str:
        """The path from the folder, with "/" between its parts; "" where it is to be absolute."""
        folder = self.folder
        if folder is None:
            return ""
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
        above = folder.parent
        if self.upward and above.parent != above and path.is_relative_to(above):
            return f"../{path.relative_to(above).as_posix()}"
        return ""
