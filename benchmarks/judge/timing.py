"""Measuring: time, memory and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from benchmarks.judge.metrics import Question
from benchmarks.systems.system import Rows, System, TextSystem
from indexer.progress import Track, quiet

P = ParamSpec("P")
T = TypeVar("T")

LIBRARIES = ("refrain", "numpy", "torch", "sentence-transformers", "keras", "faiss-cpu", "faiss-gpu-cu12", "tantivy",
             "scikit-learn", "rank-bm25", "bm25s", "implicit", "ir-measures")  # fmt: skip
WARM_UP = 3  # queries before the clock runs: files are mapped and compiled code is loaded


def timed(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> tuple[T, float]:
    """What a call returns, and its milliseconds."""
    start = time.perf_counter()
    found = call(*args, **options)
    return found, 1000 * (time.perf_counter() - start)


def spread(ms: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    return round(float(np.median(ms)), 3), round(float(np.percentile(ms, 99)), 3)


def ask(
    system: System, questions: Sequence[Question], k: int, candidates: Rows, *, track: Track = quiet, label: str = ""
) -> tuple[list[Rows], list[float]]:
    """Each question's ranking and its milliseconds. A ranking that breaks the contract of `System` is an error."""
    call = _call(system, k)
    for question in questions[:WARM_UP]:
        call(question)
    rankings, took = [], []
    for question in track(questions, label, len(questions)):
        ranking, ms = timed(call, question)
        check(system.name, ranking, question, k, candidates)
        rankings.append(ranking)
        took.append(ms)
    return rankings, took


def _call(system: System, k: int) -> Callable[[Question], Rows]:
    def answer(question: Question) -> Rows:
        if question.text:
            if not isinstance(system, TextSystem):
                raise ValueError(f"{system.name} cannot be asked for words; expected a TextSystem")
            return system.search(question.text, k)
        return system.rank(question.seeds, k)

    return answer


def check(name: str, ranking: Rows, question: Question, k: int, candidates: Rows) -> None:
    """Raise where a ranking is longer than k, holds a seed, a row twice, or one that is no candidate."""
    if len(ranking) > k:
        raise ValueError(f"{name} returned {len(ranking)} songs, expected at most {k}")
    if len(np.unique(ranking)) < len(ranking):
        raise ValueError(f"{name} ranked a song twice")
    if np.isin(ranking, question.seeds).any():
        raise ValueError(f"{name} ranked a seed")
    place = np.minimum(np.searchsorted(candidates, ranking), len(candidates) - 1)
    if (candidates[place] != ranking).any():
        raise ValueError(f"{name} ranked a song that is no candidate")


def resident_mib() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mib() -> float:
    """The most memory this process has held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), 1)


def machine() -> dict[str, object]:
    """Processor, cores, memory, threads and the libraries that count."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory, 1),
        "threads": os.environ.get("OMP_NUM_THREADS", "one a core"),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "libraries": dict(_versions(LIBRARIES)),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    units = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {name}" in flags]
    return f"{names[0] if names else platform.machine()} ({', '.join(units) or 'no vector units'})"


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:  # not installed: that is what the list says by leaving it out
            continue
