"""The tasks, the systems, and how one is run on the other."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.data.dataset import Place, prepare, whole_fingerprint
from benchmarks.judge.metrics import CONTINUATION, KNOWN_ITEM
from benchmarks.report.origin import measuring_code
from benchmarks.report.run import Run
from benchmarks.systems.peers import PEERS, PeerUnavailableError
from benchmarks.systems.refrain import VARIANTS
from benchmarks.systems.system import System
from benchmarks.tasks import ann, compression, continuation, known_item, moods, reranking
from benchmarks.tasks.ablation import measure_ablation
from benchmarks.tasks.asking import Unfinished
from benchmarks.tasks.encoding import measure_encoding
from benchmarks.tasks.latency import measure_latency
from benchmarks.tasks.running import Job, Task, evaluate, opened
from indexer.config import IndexConfig
from indexer.progress import Track, quiet

SYSTEMS: dict[str, Callable[[], System]] = {**VARIANTS, **PEERS}


def _continuation(pool: str) -> Task:
    cold = continuation.is_cold_pool(pool)

    def measure(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
        dataset = opened(job.cold if cold else job.warm)
        fold = continuation.fold(dataset, pool)
        settings = continuation.questions(dataset, pool, limit=job.limit)
        continuation.require(settings, dataset, pool)
        for name in systems:
            yield evaluate(job, SYSTEMS[name](), dataset, fold, settings, CONTINUATION, track=track)

    summary = f"the rest of a playlist from some of its songs; {continuation.POOLS[pool]}"
    return Task(f"continuation-{pool}", summary, tuple(SYSTEMS), measure, warm=not cold, cold=cold)


def _known_item(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    dataset = opened(job.warm)
    fold = dataset.fold(dataset.all)
    settings = known_item.questions(dataset.index.songs, limit=job.limit)
    for name in systems:
        yield evaluate(job, SYSTEMS[name](), dataset, fold, settings, KNOWN_ITEM, k=10, track=track)


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        *(_continuation(pool) for pool in continuation.POOLS),
        Task(
            "known-item",
            "a song from one line of it, quoted rightly or nearly",
            tuple(name for name, make in SYSTEMS.items() if hasattr(make, "search")),  # tuning changes no search
            _known_item,
        ),
        Task(
            "moods",
            "happy or sad, four quadrants, valence and arousal, as others labelled songs (moods/ in REFRAIN_DATA)",
            tuple(moods.SYSTEMS),
            moods.measure,
            apart=False,
        ),
        Task(
            "ablation",
            "each signal off in turn, and every song scored instead of candidates",
            tuple(VARIANTS),
            measure_ablation,
            cold=True,
        ),
        Task(
            "reranking",
            "BM25's candidates as they are, and reranked by lyrics or by tBERT",
            tuple(reranking.SYSTEMS),
            reranking.measure_reranking,
            apart=False,
        ),
        Task(
            "compression",
            "nearest songs preserved when lyrics vectors are compressed",
            compression.METHODS,
            compression.measure_compression,
            apart=False,
        ),
        Task("ann", "recall, latency and bytes of vector indexes", ann.LAYOUTS, ann.measure_ann, warm=False),
        Task("latency", "what a user waits for", ("refrain",), measure_latency),
        Task(
            "encoding",
            "lyrics a second beside the plain model",
            ("refrain", "sentence-transformers"),
            measure_encoding,
            apart=False,
        ),
    )
}


def tasks_named(name: str) -> list[Task]:
    """A task, or several by the first word of their names: "continuation" is all its pools."""
    found = [TASKS[name]] if name in TASKS else [task for task in TASKS.values() if task.name.startswith(f"{name}-")]
    if not found:
        raise ValueError(f"there is no task {name!r}; expected one of {', '.join(TASKS)}")
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some systems of a task.

    task, systems   what was to be measured
    files           the runs that were written, or were there
    there           nothing was measured: the runs of this code, data and configuration were there
    unavailable     why the systems cannot run here
    """

    task: str
    systems: tuple[str, ...]
    files: tuple[Path, ...] = ()
    there: bool = False
    unavailable: PeerUnavailableError | None = None


def run_tasks(
    tasks: Sequence[Task],
    systems: Sequence[str],
    *,
    catalogue: str,
    work: Path,
    out: Path,
    config: IndexConfig | None = None,
    encoded: Path | None = None,
    limit: int | None = None,
    again: bool = False,
    track: Track = quiet,
) -> Iterator[Outcome]:
    """Measure and save, task by task. An interrupted call goes on where it was: what is there is not measured again.

    systems   all that a task has, where none is named
    out       the campaign's folder
    again     measure also what is there
    """
    config = config or IndexConfig()
    for task in tasks:
        if unknown := sorted(set(systems) - set(task.systems)):
            raise ValueError(
                f"{task.name} has no system {', '.join(unknown)}; expected some of {', '.join(task.systems)}"
            )

    def place(wanted: bool, cold: bool) -> Place | None:
        return prepare(catalogue, work, config, cold=cold, encoded=encoded, track=track) if wanted else None

    warm = place(any(task.warm for task in tasks), cold=False)
    cold = place(any(task.cold for task in tasks), cold=True)
    data = whole_fingerprint(catalogue) if warm or cold else ""
    for task in tasks:
        chosen = [name for name in task.systems if not systems or name in systems]
        for group in [[name] for name in chosen] if task.apart else [chosen]:
            missing = []
            for name in group:
                files = () if again else finished(out, task, name, data, config, limit)
                if files:
                    yield Outcome(task.name, (name,), files, there=True)
                else:
                    missing.append(name)
            if missing:
                folder = unfinished_folder(work, task.name, missing, data, config, limit)
                if again:
                    shutil.rmtree(folder, ignore_errors=True)
                limited = "" if limit is None else f" --limit {limit}"
                named = "".join(f" --system {name}" for name in missing)
                command = f"python -m benchmarks run {task.name}{named}{limited}"
                job = Job(task.name, warm, cold, limit, command, Unfinished(folder))
                yield _measured_apart(job, tuple(missing), out, track)
                shutil.rmtree(folder, ignore_errors=True)


def _measured_apart(job: Job, systems: tuple[str, ...], out: Path, track: Track) -> Outcome:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        try:
            return Outcome(job.task, systems, tuple(process.submit(measured, job, systems, out, track).result()))
        except PeerUnavailableError as error:
            return Outcome(job.task, systems, unavailable=error)


def measured(job: Job, systems: Sequence[str], out: Path, track: Track) -> list[Path]:
    """What runs in a process of its own: the runs' files."""
    return [run.save(out) for run in TASKS[job.task].measure(job, systems, track)]


def finished(out: Path, task: Task, system: str, data: str, config: IndexConfig, limit: int | None) -> tuple[Path, ...]:
    """Files of a system's runs (several where a task measures variants of it) by this code on these data."""
    files = []
    for path in sorted((out / task.name).glob("*.json")):
        run = Run.load(path)
        if run.system == system or run.system.startswith(f"{system}, "):
            same_data = not (task.warm or task.cold) or (
                run.data.get("catalogue") == data and run.config.get("index") == json.loads(config.to_json())
            )
            if run.code.sha256 == measuring_code().sha256 and run.data.get("limit") == limit and same_data:
                files.append(path)
    return tuple(files)


def unfinished_folder(
    work: Path, task: str, systems: Sequence[str], data: str, config: IndexConfig, limit: int | None
) -> Path:
    """Where the answers of an interrupted run of this code on these data lie."""
    state = f"{measuring_code().sha256}|{data}|{config.to_json()}|{limit}|{' '.join(systems)}"
    return work / "unfinished" / f"{task}-{hashlib.sha256(state.encode()).hexdigest()[:12]}"
