"""The tasks, the systems, and how one is run on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.data.dataset import Place, prepare
from benchmarks.judge.metrics import CONTINUATION, KNOWN_ITEM
from benchmarks.report.run import Run
from benchmarks.systems.peers import PEERS, PeerUnavailableError
from benchmarks.systems.refrain import VARIANTS, Refrain
from benchmarks.systems.system import System
from benchmarks.tasks import ann, compression, continuation, known_item, moods, neighbours, reranking
from benchmarks.tasks.ablation import measure_ablation
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
        for name in systems:
            yield evaluate(job, SYSTEMS[name](), dataset, fold, settings, CONTINUATION, track=track)

    says = f"the rest of a playlist from some of its songs; {continuation.POOLS[pool]}"
    return Task(f"continuation-{pool}", says, tuple(SYSTEMS), measure, warm=not cold, cold=cold)


def _known_item(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    dataset = opened(job.warm)
    fold = dataset.fold(dataset.all)
    settings = known_item.questions(dataset.index.songs, limit=job.limit)
    for name in systems:
        yield evaluate(job, SYSTEMS[name](), dataset, fold, settings, KNOWN_ITEM, k=10, track=track)


def _neighbours(task: str) -> Task:
    told = neighbours.TOLD[task]

    def measure(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
        dataset = opened(job.warm)
        fold = dataset.fold(neighbours.candidates(dataset))
        settings = neighbours.questions(dataset, task, limit=job.limit)
        for name in systems:
            system = Refrain(name, without=[told]) if name in VARIANTS else SYSTEMS[name]()
            yield evaluate(job, system, dataset, fold, settings, ["P@10"], k=neighbours.K, track=track)

    says = f"the ten nearest songs of one: {neighbours.SETTINGS[task]}; refrain without its signal {told}"
    names = tuple(name for name in SYSTEMS if name not in neighbours.TOLD_IT and name != "refrain-tuned")
    return Task(task, says, names, measure)


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
        _neighbours("similar-artist"),
        _neighbours("same-genre"),
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
            "nearest songs kept when lyrics vectors are compressed",
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
    track: Track = quiet,
) -> Iterator[tuple[str, list[Path] | PeerUnavailableError]]:
    """Measure and save; yields what was run and its files, or why it cannot run here.

    No `systems`: all that a task has.
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
    for task in tasks:
        chosen = [name for name in task.systems if not systems or name in systems]
        for group in [[name] for name in chosen] if task.apart else [chosen]:
            limited = "" if limit is None else f" --limit {limit}"
            named = "".join(f" --system {name}" for name in group)
            job = Job(task.name, warm, cold, limit, f"python -m benchmarks run {task.name}{named}{limited}")
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                done = process.submit(measured, job, group, out, track)
                try:
                    yield f"{task.name} {', '.join(group)}", done.result()
                except PeerUnavailableError as error:
                    yield f"{task.name} {', '.join(group)}", error


def measured(job: Job, systems: Sequence[str], out: Path, track: Track) -> list[Path]:
    """What runs in a process of its own: the runs' files."""
    return [run.save(out) for run in TASKS[job.task].measure(job, systems, track)]
