"""Time and memory of what is measured."""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")
Asked = TypeVar("Asked")

WARM_UP = 3  # calls before the clock runs: files are mapped and compiled code is loaded


def timed(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> tuple[T, float]:
    """What a call returns, and its milliseconds."""
    start = time.perf_counter()
    returned = call(*args, **options)
    return returned, 1000 * (time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """What calls returned, and what they took.

    ms       of each, by the clock
    cpu_ms   the processor's, of all threads, a call on average: what is left of the time where others share the machine
    """

    answers: list[T]
    ms: list[float]
    cpu_ms: float


def each_timed(call: Callable[[Asked], T], asked: Sequence[Asked], *, warm_up: int) -> Timed[T]:
    """A call for each; the first `warm_up` are asked before the clock runs, too.

    >>> each_timed(str.upper, ["a", "b"], warm_up=1).answers
    ['A', 'B']
    """
    for each in asked[:warm_up]:
        call(each)
    start = time.process_time()
    answers = [timed(call, each) for each in asked]
    spent = time.process_time() - start
    cpu_ms = round(1000 * spent / max(1, len(asked)), 4)
    return Timed([answer for answer, _ in answers], [ms for _, ms in answers], cpu_ms)


def spread(ms: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    return round(float(np.median(ms)), 3), round(float(np.percentile(ms, 99)), 3)


def resident_mib() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def own_mib() -> float:
    """Resident memory of this process that no file holds (Linux)."""
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 2**10


def memory_mib(pid: int) -> float:
    """The memory of a process and of those that it started which no other process has (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = sum(int(kib) for kib in re.findall(r"^Private_(?:Clean|Dirty): +(\d+) kB", pages, re.MULTILINE))
    return private / 2**10 + sum(memory_mib(int(child)) for child in children)


def peak_mib() -> float:
    """The most memory that this process has had.

    On Linux not `getrusage`: there a process begins with the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return round(int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), 1)
