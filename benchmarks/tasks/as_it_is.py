"""Any index that is built, for tasks that learn from no playlist: opened as it lies, and what runs record of it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.judge.timing import resident_mib
from benchmarks.report.run import Result, Run
from benchmarks.tasks.running import Job, run_of
from engine.index import OpenIndex
from indexer.store.generations import open_generation

WARM_UP = 20  # questions of each setting before the clock runs
QUERIES = 300
MADE = "made.json"
MANY_SONGS = 50_000  # from here on, what scores every song in Python takes a tenth of a second and more


@dataclass(frozen=True, slots=True)
class Dose:
    """How many questions of each kind a system is asked.

    >>> Dose.of(slow=False, songs=60_000).named("exact"), Dose.of(slow=True, songs=60_000).named("exact")
    ('exact', 'exact, 50 of them')
    """

    queries: int = QUERIES
    warm_up: int = WARM_UP

    @classmethod
    def of(cls, slow: bool, songs: int) -> Dose:
        """Fewer for a slow system where songs are many."""
        return cls(50, 3) if slow and songs > MANY_SONGS else cls()

    def named(self, setting: str) -> str:
        """Scores of fewer questions stand apart: they are no pairs of the others'."""
        return setting if self.queries == QUERIES else f"{setting}, {self.queries} of them"

    def notes(self, system: str) -> list[str]:
        if self.queries == QUERIES:
            return []
        return [f"{system} was asked {self.queries} questions of each kind: it takes long for one"]


def open_as_it_is(job: Job) -> OpenIndex:
    """The index of a job, whoever built it."""
    if job.warm is None:
        raise ValueError("the task did not ask for an index")
    return OpenIndex(job.warm.index)


def recorded(index: Path) -> dict[str, object]:
    """What a run records of what it reads: the index's fingerprint, which is of catalogue and configuration."""
    generation = open_generation(index)
    try:
        return {"catalogue": generation.manifest["fingerprint"]}
    finally:
        generation.close()


def run_on(
    job: Job,
    system: str,
    index: OpenIndex,
    settings: Mapping[str, Result],
    *,
    fit_s: float,
    peak: float,
    tuning: str,
    config: Mapping[str, object],
    notes: Sequence[str] = (),
) -> Run:
    """A run of a task on an index of this many songs: those of one size stand in one table, as `TASK-SONGS`."""
    sized = replace(job, task=f"{job.task}-{len(index)}")
    data = {**recorded(index.path), "songs": len(index)}
    run = run_of(sized, system, settings, None, tuning=tuning, fit_s=fit_s, peak=peak, config=config, data=data)
    return run.model_copy(update={"notes": [*notes, *made_notes(index.path)]})


def made_notes(index: Path) -> list[str]:
    """What `python -m benchmarks make` says of the songs that it made, in the file beside the index; else nothing."""
    try:
        made = json.loads((index.parent / MADE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    said = made.get("said") if isinstance(made, dict) else None
    return [f"of {index.parent.name}: {said}"] if isinstance(said, str) else []


@dataclass(frozen=True, slots=True)
class Built:
    """What building a system took.

    seconds   by the clock
    facts     mib: resident memory that has come; disk_mib: what its files take
    """

    seconds: float
    facts: Mapping[str, float]


@contextmanager
def built(build: Callable[[Path], None]) -> Iterator[Built]:
    """Build a system into a new folder, which is there while it is asked."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        before, start = resident_mib(), time.perf_counter()
        build(folder)
        seconds = time.perf_counter() - start
        grown = round(max(0.0, resident_mib() - before), 1)
        written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        yield Built(seconds, {"mib": grown, "disk_mib": round(written / 2**20, 1)})
