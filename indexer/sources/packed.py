"""Packed files: archives, compressed files, folders and standard input as the plain files that are in them."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

from indexer.errors import SourceError
from indexer.sources.detect import GZIP, ZIP
from indexer.sources.opened import SOUND_ENDINGS, shown
from indexer.sources.sheets import is_sheet

STDIN = "-"
MOST_TIMES = 200  # that an archive may grow by: texts grow tenfold, what grows more is made to fill disks
LEAST_ROOM = 256_000_000  # bytes that any archive may unpack to
_DEPTH = 3  # of archives in archives
_PIECE = 1 << 20
# Files that stand beside songs in folders and archives and hold none.
_BESIDE = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".pdf", ".html", ".htm", ".md", ".ini", ".db", ".log", ".nfo",
           ".cue", ".sfv", ".url", ".exe", ".ds_store", ".plist")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A plain file: where it is and what it is called; `named` where the caller named it, not a folder or archive.

    problem   of an archive: why it cannot be unpacked
    """

    path: Path
    name: str
    named: bool
    problem: str = ""


@contextmanager
def unpacked(paths: Iterable[str | Path], below: Path | None = None) -> Iterator[list[Member]]:
    """The files that `paths` are or hold, in order; what was unpacked is there until the block ends.

    A folder stands for the files in it and below it, hidden ones and pictures left out; "-" for standard input.
    Raises SourceError for what cannot be unpacked, and where an archive would grow MOST_TIMES over.

    below   the folder that `paths` are files of: then none is `named`, and none raises
    """
    with tempfile.TemporaryDirectory(prefix="refrain-") as folder:
        unpacker = _Unpacker(Path(folder))
        if below is None:
            yield [member for path in paths for member in unpacker.of(path)]
        else:
            yield [member for path in paths for member in unpacker.of_folder(Path(path), below)]


class _Unpacker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def of(self, path: str | Path) -> Iterator[Member]:
        if str(path) == STDIN:
            yield from self._plain(self._write(sys.stdin.buffer, None, "standard input"), "standard input", True, 0)
            return
        path = Path(path)
        if path.is_dir():
            for each in sorted(path.rglob("*")):
                inner = shown(each.relative_to(path))
                if each.is_file() and not is_beside(inner):
                    yield from self._plain(each, inner, False, 0)
        else:
            yield from self._plain(path, shown(path.name), True, 0)

    def of_folder(self, path: Path, folder: Path) -> Iterator[Member]:
        """A file of a folder; what stands beside songs is left out."""
        name = shown(path.relative_to(folder))
        if not is_beside(name):
            try:
                yield from self._plain(path, name, False, 0)
            except SourceError as error:
                yield Member(path, name, False, str(error))

    def _plain(self, path: Path, name: str, named: bool, depth: int) -> Iterator[Member]:
        """The file itself, or what is packed in it."""
        head = b""
        if path.is_file():
            try:
                with path.open("rb") as file:
                    head = file.read(4)
            except OSError:  # detection says why
                pass
        if head.startswith(GZIP) and depth < _DEPTH:
            with self._explained(name), gzip.open(path) as stream:
                inner = self._write(stream, path.stat().st_size, name)
            yield from self._plain(inner, name.removesuffix(".gz"), named, depth + 1)
        elif head.startswith(ZIP) and depth < _DEPTH and not self._is_sheet(path, name):
            with self._explained(name), zipfile.ZipFile(path) as archive:
                for each in archive.infolist():
                    if each.is_dir() or is_beside(each.filename):
                        continue
                    with archive.open(each) as stream:
                        inner = self._write(stream, max(each.compress_size, 1), f"{name}/{each.filename}")
                    yield from self._plain(inner, f"{name}/{each.filename}", False, depth + 1)
        else:
            yield Member(path, name, named)

    def _is_sheet(self, path: Path, name: str) -> bool:
        with self._explained(name), zipfile.ZipFile(path) as archive:
            return is_sheet(archive)

    def _write(self, stream: IO[bytes] | gzip.GzipFile, packed: int | None, name: str) -> Path:
        """A new file with the bytes of a stream; `packed` is how many it was before."""
        path = self._folder / str(next(self._numbers))
        room = None if packed is None else max(LEAST_ROOM, MOST_TIMES * packed)
        with path.open("wb") as file:
            if room is None:
                shutil.copyfileobj(stream, file, _PIECE)
            else:
                while piece := stream.read(_PIECE):
                    room -= len(piece)
                    if room < 0:
                        raise SourceError(
                            f"{name} unpacks to more than {MOST_TIMES} times its size, which no list of songs does; "
                            "unpack it yourself if you trust it, and import what is in it"
                        )
                    file.write(piece)
        return path

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        """What a broken archive raises, as one sentence."""
        try:
            yield
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            raise SourceError(
                f"{name} begins like an archive but cannot be unpacked ({str(error)[:80]}); it is cut short, damaged "
                "or locked with a password: get it again, or unpack it yourself"
            ) from None


def is_beside(name: str) -> bool:
    """Whether a file of a folder or archive is hidden, a picture, sound or another that holds no songs, by its name."""
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith((".", "__MACOSX")) for part in parts) or name.lower().endswith(
        (*_BESIDE, *SOUND_ENDINGS)
    )
