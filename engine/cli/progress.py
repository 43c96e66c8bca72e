"""Progress of long work on stderr: bars where a person looks on, a line every half minute where a file does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, TypeVar

from engine.cli.render.console import message, stderr
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    from rich.progress import Progress, Task

T = TypeVar("T")

EVERY_S = 30.0


def progress(silent: bool = False) -> Track:
    """The `Track` of the command line: nothing with --quiet, bars on a terminal, lines elsewhere."""
    if silent:
        return quiet
    return Bars() if sys.stderr.isatty() else Lines()


class Bars:
    """A bar for each piece of work, gone when it is done. Pieces of a piece stand below it, for rich draws one display
    at a time."""

    def __init__(self) -> None:
        self._display: Progress | None = None  # while there is work

    def __call__(self, steps: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        if self._display is None:
            self._display = _display()
            self._display.start()
        display = self._display
        task = display.add_task(label, total=total)
        try:
            yield from display.track(steps, total=total, task_id=task)
        finally:
            display.remove_task(task)
            if not display.task_ids:
                display.stop()
                self._display = None


def _display() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Pace(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(_pace(task.speed or 0.0))

    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), Pace(), TimeRemainingColumn())
    return Progress(*columns, console=stderr(), transient=True)


def _pace(steps_a_second: float) -> str:
    """How fast work goes; "" for steps that take minutes.

    >>> _pace(0.4), _pace(0.001)
    ('24 a minute', '')
    """
    return f"{60 * steps_a_second:,.0f} a minute" if 60 * steps_a_second >= 1 else ""


@dataclass
class _Work:
    """A piece of work that goes on: its name, how many steps it has and how many are done, and when it began."""

    label: str
    total: int | None
    started: float
    done: int = 0


class Lines:
    """A line every `every_s` seconds, within a step too: the work, n of m, the time left. Short pieces share the time.

    A thread writes while there is work; of pieces of a piece the innermost is said.

    clock   seconds, rising; write   takes a line
    """

    def __init__(
        self,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], None] = message,
    ) -> None:
        self._every_s, self._clock, self._write = every_s, clock, write
        self._latest = clock()
        self._works: list[_Work] = []
        self._changing = RLock()  # held while a line is written, or work begins or ends
        self._ended = Event()  # of the thread that writes now

    def __reduce__(self) -> tuple[type[Lines], tuple[object, ...]]:
        """Another process that it is given to begins with no work."""
        return type(self), (self._every_s, self._clock, self._write)

    def __call__(self, steps: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        if total is None and isinstance(steps, Sized):
            total = len(steps)
        work = _Work(label, total, self._clock())
        self._begin(work)
        try:
            for work.done, step in enumerate(steps):
                self._say()
                yield step
        finally:
            self._end(work)

    def _begin(self, work: _Work) -> None:
        with self._changing:
            self._works.append(work)
            if len(self._works) == 1:
                self._ended = Event()
                Thread(target=self._watch, args=(self._ended,), daemon=True).start()

    def _end(self, work: _Work) -> None:
        with self._changing:
            self._works.remove(work)
            if not self._works:
                self._ended.set()

    def _watch(self, ended: Event) -> None:
        """Write the lines that no step writes."""
        while not ended.wait(max(self._latest + self._every_s - self._clock(), 0.001)):
            self._say()

    def _say(self) -> None:
        """Write a line where it is time."""
        with self._changing:
            now = self._clock()
            if self._works and now - self._latest >= self._every_s:
                self._latest = now
                work = self._works[-1]
                self._write(progress_line(work.label, work.done, work.total, now - work.started))


def progress_line(label: str, done: int, total: int | None, elapsed_s: float) -> str:
    """How far the work is; the time left is what the rest takes at the pace until now.

    >>> progress_line("encode lyrics", 1200, 6000, 60.0), progress_line("read songs", 70, None, 31.0)
    ('encode lyrics: 1,200 of 6,000, 1,200 a minute, about 4 min left', 'read songs: 70')
    >>> progress_line("stages", 0, 3, 31.0), progress_line("read songs", 0, None, 31.0)
    ('stages: 0 of 3', 'read songs ...')
    """
    if not total:
        return f"{label}: {done:,}" if done else f"{label} ..."
    amount = f"{label}: {done:,} of {total:,}"
    if not 0 < done <= total:
        return amount
    pace = _pace(done / elapsed_s) if elapsed_s else ""
    return ", ".join(filter(None, (amount, pace, f"about {_duration(elapsed_s / done * (total - done))} left")))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
