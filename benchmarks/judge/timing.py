"""Time and memory of what is measured."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

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


def each_timed(call: Callable[[Asked], T], asked: Sequence[Asked], *, warm_up: int) -> tuple[list[T], list[float]]:
    """What a call returns for each, and the milliseconds; the first `warm_up` are asked before the clock runs, too.

    >>> each_timed(str.upper, ["a", "b"], warm_up=1)[0]
    ['A', 'B']
    """
    for each in asked[:warm_up]:
        call(each)
    answers = [timed(call, each) for each in asked]
    return [answer for answer, _ in answers], [ms for _, ms in answers]


def spread(ms: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    return round(float(np.median(ms)), 3), round(float(np.percentile(ms, 99)), 3)


def resident_mib() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mib() -> float:
    """The most memory that this process has had.

    On Linux not `getrusage`: there a process begins with the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return round(int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), 1)
