"""Waiting for another writer: how long, for whom, and the words for it; the same for indexes and catalogues."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from indexer.errors import BusyError

POLL_S = 0.1
_LONGEST = 100  # characters of a command that a sentence repeats
_WRITE_BYTE = 120  # of SQLite's FILE-shm: who has it locked is the writer (https://sqlite.org/walformat.html, 2.3.2)


def silent(sentence: str) -> None:
    """The default: says nothing."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a writer waits for another one to end.

    seconds   0: not at all; infinite: as long as it takes
    waiting   gets a sentence about whom it waits for, when it begins to
    """

    seconds: float = 0.0
    waiting: Callable[[str], None] = silent


ENDLESS = Patience(math.inf)


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that writes: `since` when, an ISO time; `host` is empty for this machine."""

    pid: int
    command: str
    since: str
    host: str = ""

    def __str__(self) -> str:
        """What a sentence calls it.

        >>> str(Writer(4242, "refrain build", "", "nas"))
        'process 4242 (refrain build) on nas'
        """
        here = f" on {self.host}" if self.host else ""
        return f"process {self.pid} ({self.command or 'of no name'}){here}{_clock(self.since)}"


def take_turn(attempt: Callable[[], bool], place: str, writer: Callable[[], Writer | None], patience: Patience) -> None:
    """Repeat `attempt` until it succeeds. Raises BusyError, which names the writer, when patience is at its end."""
    deadline = time.monotonic() + patience.seconds
    announced = ""
    while not attempt():
        busy = f"{place} is being written by {writer() or 'another process'}"
        if time.monotonic() >= deadline:
            raise BusyError(f"{busy}; try again when that has ended")
        if busy != announced:
            patience.waiting(f"{busy}; waiting until that has ended")
            announced = busy
        time.sleep(POLL_S)


def this_process() -> Writer:
    """What this process says of itself to those that wait for it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Writer(os.getpid(), command_of(sys.argv), now, os.uname().nodename)


def command_of(words: Sequence[str]) -> str:
    """The program, its command and the names of its options: what they are given may be a secret.

    >>> command_of(["/usr/bin/python3", "/home/ada/bin/refrain", "import", "--catalogue=postgresql://ada:pw@host", "a"])
    'refrain import --catalogue'
    >>> command_of(["/usr/bin/python3", "-m", "engine.cli", "build"]), command_of(["-c"])
    ('refrain build', 'python')
    """
    rest = list(words)
    if rest and Path(rest[0]).name.startswith("python"):  # as the system has it: with the program that reads the script
        rest = rest[1:]
    rest = rest[rest[:1] == ["-m"] :]
    name = Path(rest[0]).name if rest else ""
    program = {"__main__.py": "refrain", "engine.cli": "refrain", "-c": "python", "": "python"}.get(name, name)
    commands = [word for word in rest[1:2] if word.isalpha()]
    options = [word.partition("=")[0] for word in rest[1:] if word.startswith("--")]
    return " ".join([program, *commands, *dict.fromkeys(options)])[:_LONGEST]


def sqlite_writer(database: Path) -> Writer | None:
    """Who has the writer's lock of an SQLite file, where the system says it: on Linux, on the same machine."""
    try:
        inode = os.stat(f"{database}-shm").st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            # 1: POSIX ADVISORY WRITE pid device:device:inode first last; one that waits has "->" behind the number
            words = line.split()
            if words[3:4] == ["WRITE"] and words[5].endswith(f":{inode}") and words[6:] == [str(_WRITE_BYTE)] * 2:
                return _of_the_system(int(words[4]))
    except (OSError, ValueError, IndexError):
        return None
    return None


def _of_the_system(pid: int) -> Writer:
    """A running process, by /proc."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    behind_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    booted = next(line.split()[1] for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    started = int(booted) + int(behind_name[19]) / os.sysconf("SC_CLK_TCK")
    return Writer(pid, command_of(words), datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"))


def _clock(since: str) -> str:
    """An ISO time on this machine's clock, with the date where it is not today's; "" for what is none."""
    try:
        local = datetime.fromisoformat(since).astimezone()
    except (ValueError, OverflowError):
        return ""
    today = local.date() == datetime.now().astimezone().date()
    return f" since {local:%H:%M:%S}" if today else f" since {local:%Y-%m-%d %H:%M}"
