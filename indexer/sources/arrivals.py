"""Arrivals: the files of a folder that are new or changed and are written no more, found by looking again and again.

Looking works on every disk, those of other machines too, and costs 6 microseconds a file. A system tells of changes
(inotify and the like, by the package watchfiles) on its own disks alone, of so many folders at most, and not when a
file is whole: one has to look again in any case.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from indexer.sources.sound.walk import NO_MUSIC

REST_S = 2.0  # that a file must stay as it is: copies pause for less
LONGEST_S = 60.0  # that files which are ready wait for others that are not
# How programs call what they have not finished: browsers, torrents, rsync, editors.
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".opdownload", ".!ut", ".!qb", ".tmp", ".temp", ".swp")


class _State(NamedTuple):
    """What a change of a file changes."""

    size: int
    mtime_ns: int
    inode: int
    mode: int  # rights that somebody gives are a change


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one look at a folder found.

    files       new or changed, and ready; by path
    unfinished  where some are ready: those that are new or changed and still being written
    present     where some are ready: all files there are
    gone        how many of those that were given out are not there any more, and were at the look before
    closed      folders and links that cannot be read -> why
    """

    files: tuple[Path, ...]
    unfinished: frozenset[Path]
    present: frozenset[Path]
    gone: int
    closed: dict[Path, str]


class Arrivals:
    """Looks at a folder, and gives out each state of a file once.

    Symbolic links are followed, each folder is entered once. Hidden files, bins of the system and files whose name says
    that a program has not finished them are passed over.

    own     which paths are passed over, with what is below them
    clock   seconds, rising
    """

    def __init__(
        self,
        folder: Path,
        own: Callable[[str], bool] = lambda _: False,
        *,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = Path(os.path.realpath(folder))
        self._own, self._rest_s, self._clock = own, rest_s, clock
        self._seen: dict[str, tuple[_State, float]] = {}  # what is there, and since when it is as it is
        self._given: dict[str, _State] = {}  # also of files that are gone: a disk may come back
        self._gone: set[str] = set()

    def look(self) -> Arrived:
        """What there is to do. Raises OSError where the folder itself cannot be read; then nothing is gone."""
        closed: dict[str, str] = {}
        found = dict(self._walk(closed))
        now = self._clock()
        unread = tuple(f"{folder}{os.sep}" for folder in closed)
        seen = {path: each for path, each in self._seen.items() if path.startswith(unread)} if unread else {}
        for path, state in found.items():
            before = self._seen.get(path)
            seen[path] = (state, now) if before is None or before[0] != state else before
        self._seen = seen
        due = {path: since for path, (state, since) in seen.items() if self._given.get(path) != state}
        ready = sorted(path for path, since in due.items() if now - since >= self._rest_s)
        waited = now - min((due[path] for path in ready), default=now)
        if len(ready) < len(due) and waited < LONGEST_S:
            ready = []  # the others of the same copy, export or download come in a moment
        gone = self._given.keys() - seen.keys()
        newly_gone = len(gone - self._gone)
        self._gone = gone
        named = {Path(folder): why for folder, why in closed.items()}
        if not ready:
            return Arrived((), frozenset(), frozenset(), newly_gone, named)
        for path in ready:
            self._given[path] = seen[path][0]
        unfinished = due.keys() - set(ready)
        return Arrived(
            tuple(map(Path, ready)), frozenset(map(Path, unfinished)), frozenset(map(Path, seen)), newly_gone, named
        )

    def give_again(self, files: Collection[Path]) -> None:
        """Files that were given out and could not be taken: they come again."""
        for path in files:
            self._given.pop(str(path), None)

    def _walk(self, closed: dict[str, str]) -> Iterator[tuple[str, _State]]:
        entered: set[tuple[int, int]] = set()
        waiting = [str(self.folder)]
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in entered:  # a symbolic link that leads back
                    continue
                entered.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as entries:
                    listed = list(entries)
            except OSError as error:
                if folder == str(self.folder):
                    raise
                closed[folder] = error.strerror or str(error)
                continue
            for entry in listed:
                if _passed_over(entry.name) or self._own(entry.path):
                    continue
                try:
                    if entry.is_dir():
                        waiting.append(entry.path)
                        continue
                    status = entry.stat()
                except OSError:  # it went while it was looked at, or a link that leads nowhere
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield entry.path, _State(status.st_size, status.st_mtime_ns, status.st_ino, status.st_mode)


def _passed_over(name: str) -> bool:
    lower = name.lower()
    return name.startswith((".", "~")) or name.endswith("~") or lower in NO_MUSIC or lower.endswith(_UNFINISHED)
