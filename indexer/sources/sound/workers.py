"""Workers: processes that read files of sound side by side, one thread each; a file that kills one is named.

Nothing heavy is imported here: a new process says how many threads it wants before any library of numbers is loaded.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Sequence, Set
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING

from indexer.processes import end_with_parent

if TYPE_CHECKING:
    from indexer.sources.sound.reading import SoundFile
    from indexer.sources.sound.walk import SoundPath

_AHEAD = 16  # files a worker that may be read before the one that is waited for
_THREADS = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMBA")

_measured_already: frozenset[str] = frozenset()  # of this worker


def cores() -> int:
    """How many processes this one may keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_all(
    files: Sequence[SoundPath], measured_already: Set[str], *, workers: int
) -> Generator[SoundFile, None, None]:
    """The files, read and measured, in their order, by so many processes; 0: by this one."""
    if not workers or not files:
        from indexer.sources.sound.reading import read_sound

        for each in files:
            yield read_sound(each, measured_already)
        return
    waiting = deque(files)
    while waiting:
        broken_over = yield from _until_one_breaks(waiting, measured_already, workers)
        for each, future in broken_over:
            if future.done() and not future.cancelled() and future.exception() is None:
                yield future.result()
            else:
                yield _alone(each, measured_already)


def _until_one_breaks(
    waiting: deque[SoundPath], measured_already: Set[str], workers: int
) -> Generator[SoundFile, None, list[tuple[SoundPath, Future[SoundFile]]]]:
    """Reads from `waiting`; where a worker dies, the files that it may have died over."""
    running: deque[tuple[SoundPath, Future[SoundFile]]] = deque()
    with _pool(measured_already, workers) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < _AHEAD * workers:
                    running.append((waiting[0], pool.submit(_read, waiting[0])))
                    waiting.popleft()
                result = running[0][1].result()
                running.popleft()
                yield result
        except BrokenProcessPool:
            return list(running)
        finally:
            for _, future in running:
                future.cancel()
    return []


def _alone(place: SoundPath, measured_already: Set[str]) -> SoundFile:
    """The file, read in a process of its own, which may die over it."""
    from indexer.sources.sound.reading import crashed

    with _pool(measured_already, 1) as pool:
        try:
            return pool.submit(_read, place).result()
        except BrokenProcessPool:
            return crashed(place)


def _pool(measured_already: Set[str], workers: int) -> ProcessPoolExecutor:
    # spawn: a fork of a process with threads (progress, a database) may hang
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(frozenset(measured_already),)
    )


def _begin(measured_already: frozenset[str]) -> None:
    global _measured_already
    _measured_already = measured_already
    os.environ.update({f"{library}_NUM_THREADS": "1" for library in _THREADS})
    # Decoders write notes about damaged files to stderr past Python; what is wrong with a file comes back with it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    end_with_parent()  # a worker whose parent was killed would wait for work for ever


def _read(place: SoundPath) -> SoundFile:
    from indexer.sources.sound.reading import read_sound

    return read_sound(place, _measured_already)
