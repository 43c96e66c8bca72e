"""Running: one system on one task, in a process of its own, to a run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.data.dataset import Dataset, Place
from benchmarks.judge import measure
from benchmarks.judge.metrics import DEPTH, Question, digest, judge
from benchmarks.report.run import Run, Setting
from benchmarks.systems.refrain import Refrain
from benchmarks.systems.system import Fold, System, TextSystem
from indexer.progress import Track, quiet


@dataclass(frozen=True, slots=True)
class Job:
    """What a task measures on: small enough to hand to another process.

    warm, cold   the datasets that the task asked for
    limit        at most so many queries a setting, None for all; a run with a limit is no run of record
    """

    task: str
    warm: Place | None
    cold: Place | None
    limit: int | None
    command: str


class Measured(Protocol):
    """What a task does with a job: one run for each system named."""

    def __call__(self, job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]: ...


@dataclass(frozen=True, slots=True)
class Task:
    """A measurement.

    says      what is measured, in a line
    systems   what can be measured, in the order of running
    measure   does it
    warm, cold   the indexes that it reads
    apart     each system in a process of its own, so that nobody's memory or threads count as another's
    """

    name: str
    says: str
    systems: tuple[str, ...]
    measure: Measured
    warm: bool = True
    cold: bool = False
    apart: bool = True


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
    """Fit a system to the fold, ask it every question, judge its answers. Settings it cannot answer are left out."""
    start = time.perf_counter()
    system.fit(fold)
    fitted = time.perf_counter() - start
    rankings, timings = {}, {}
    for name, questions in settings.items():
        if questions and (isinstance(system, TextSystem) or not questions[0].text):
            label = f"{system.name}: {name}"
            rankings[name], timings[name] = measure.ask(system, questions, k, fold.candidates, track=track, label=label)
    peak = measure.peak_mib()  # before judging, whose memory is not the system's
    measured = {
        name: Setting(
            digest(settings[name]),
            judge(ranked, [question.relevant for question in settings[name]], metrics),
            *measure.spread(timings[name]),
        )
        for name, ranked in rankings.items()
    }
    told = system.settings() if isinstance(system, Refrain) else {}
    return run_of(job, system.name, measured, dataset, tuning=system.tuning, fit_s=fitted, peak=peak, told=told)


def run_of(
    job: Job,
    system: str,
    settings: Mapping[str, Setting],
    dataset: Dataset | None,
    *,
    tuning: str = "none",
    fit_s: float = 0.0,
    peak: float | None = None,
    told: Mapping[str, Any] | None = None,
) -> Run:
    """A run with everything that says how it came about."""
    config: dict[str, Any] = dict(told or {})
    if dataset is not None:
        config["index"] = json.loads(dataset.index.manifest["config"])
        config["encoder"] = dataset.index.manifest["encoder"]
    return Run(
        task=job.task,
        system=system,
        settings=settings,
        tuning=tuning,
        fit_s=round(fit_s, 2),
        peak_mib=measure.peak_mib() if peak is None else peak,
        config=config,
        data={**({} if dataset is None else dataset.facts()), "limit": job.limit},
        machine=measure.machine(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        command=job.command,
    )


def opened(place: Place | None) -> Dataset:
    """The dataset of a job."""
    if place is None:
        raise ValueError("the task did not ask for this dataset")
    return Dataset(place)
