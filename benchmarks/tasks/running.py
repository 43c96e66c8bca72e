"""Running: one system on one task, in a process of its own, to a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.data.dataset import Dataset, Place
from benchmarks.data.made import Builder, Made
from benchmarks.judge.metrics import DEPTH, Question, digest, score_rankings
from benchmarks.judge.timing import peak_mib, spread
from benchmarks.report.origin import machine, measuring_code
from benchmarks.report.run import Result, Run
from benchmarks.systems.system import Fold, Rows, System, TextSystem
from benchmarks.tasks.asking import NOTHING_DONE, Unfinished, ask
from indexer.errors import RefrainError
from indexer.progress import Track, quiet


@dataclass(frozen=True, slots=True)
class Sizes:
    """The catalogues that a task makes and builds itself.

    songs       of each, rising
    catalogue   of the originals; encoded  an index of them, whose vectors are drawn from
    work        the folder of what is made, kept for the next run
    config      TOML file for the indexes
    """

    songs: tuple[int, ...]
    catalogue: str
    encoded: Path
    work: Path
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What a task measures on: small enough to hand to another process.

    warm, cold   the datasets that the task asked for
    limit        at most so many queries a setting, None for all; a run with a limit is no run of record
    unfinished   where answers of an interrupted run lie
    sizes        of a task that makes its catalogues itself
    """

    task: str
    warm: Place | None
    cold: Place | None
    limit: int | None
    command: str
    unfinished: Unfinished = NOTHING_DONE
    sizes: Sizes | None = None


class Measure(Protocol):
    """What a task does with a job: one run for each system named."""

    def __call__(self, job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]: ...


@dataclass(frozen=True, slots=True)
class Task:
    """A measurement.

    summary   what is measured, in a line
    systems   what can be measured, in the order of running
    measure   does it
    warm, cold   the indexes that it reads
    reads     what its runs record of files that it reads beside the catalogue
    apart     each system in a process of its own, so that nobody's memory or threads count as another's
    as_it_is  it learns from no playlist, so that any index that is built serves it (`--index`)
    one_core  its systems have one thread each, on one core
    sized     it makes its catalogues itself, of the sizes that are asked for (`--songs`)
    """

    name: str
    summary: str
    systems: tuple[str, ...]
    measure: Measure
    warm: bool = True
    cold: bool = False
    reads: Callable[[], Mapping[str, Any]] = dict
    apart: bool = True
    as_it_is: bool = False
    one_core: bool = False
    sized: bool = False


def evaluate(
    job: Job,
    system: System,
    dataset: Dataset,
    fold: Fold,
    settings: Mapping[str, Sequence[Question]],
    metrics: Sequence[str],
    *,
    k: int = DEPTH,
    track: Track = quiet,
) -> Run:
    """Fit a system to the fold, ask it every question, score its answers. Settings it cannot answer are left out."""
    start = time.perf_counter()
    system.fit(fold)
    fitted = time.perf_counter() - start
    rankings, timings = {}, {}
    for name, questions in settings.items():
        if questions and (isinstance(system, TextSystem) or not questions[0].text):
            label = f"{system.name}: {name}"
            rankings[name], timings[name] = ask(
                system, questions, k, fold.candidates, track=track, label=label, unfinished=job.unfinished
            )
    peak = peak_mib()  # before scoring, whose memory is not the system's
    results = {name: result(settings[name], ranked, timings[name], metrics) for name, ranked in rankings.items()}
    return run_of(
        job, system.name, results, dataset, tuning=system.tuning, fit_s=fitted, peak=peak, config=system.settings()
    )  # fmt: skip


def result(
    questions: Sequence[Question], rankings: Sequence[Rows], ms: Sequence[float], metrics: Sequence[str]
) -> Result:
    """The scores and times of one setting."""
    scores = score_rankings(rankings, [question.relevant for question in questions], metrics)
    median, p99 = spread(ms)
    return Result(digest=digest(questions), scores=scores, median_ms=median, p99_ms=p99)


def run_of(
    job: Job,
    system: str,
    settings: Mapping[str, Result],
    dataset: Dataset | None,
    *,
    tuning: str = "nothing",
    fit_s: float = 0.0,
    peak: float | None = None,
    config: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Run:
    """A run with everything that says how it came about.

    config   what was chosen for the system, beside the index's settings
    data     what it read beside the catalogue, and its `variants` where it is one of several runs that belong together
    """
    of_index: dict[str, Any] = {}
    if dataset is not None:
        of_index = {"index": dataset.config(), "encoder": dataset.index.manifest["encoder"]}
    return Run(
        task=job.task,
        system=system,
        settings=settings,
        tuning=tuning,
        fit_s=round(fit_s, 2),
        build_s=None if dataset is None else dataset.place.build_s,
        peak_mib=peak_mib() if peak is None else peak,
        code=measuring_code(),
        config={**(config or {}), **of_index},
        data={**({} if dataset is None else dataset.facts()), **(data or {}), "limit": job.limit},
        machine=machine(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        command=job.command,
        notes=[] if dataset is None else dataset.notes(),
    )


def opened(place: Place | None) -> Dataset:
    """The dataset of a job; RefrainError where other code made its index, for the run would be signed by this."""
    if place is None:
        raise ValueError("the task did not ask for this dataset")
    if not Made.beside(place.index).is_of(Builder.here(), place.index):
        raise RefrainError(
            f"{place.index} was made by other code than this, which has changed while the tasks ran; run them again"
        )
    return Dataset(place)
