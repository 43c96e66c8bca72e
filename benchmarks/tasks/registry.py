"""The tasks, the systems, and how one is run on the other."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.data.dataset import PROTOCOL, Place, prepare, whole_fingerprint
from benchmarks.judge.metrics import CONTINUATION, KNOWN_ITEM
from benchmarks.report.origin import LIBRARIES, measuring_code, reading, same_versions, versions
from benchmarks.report.run import Run
from benchmarks.systems.peers import PEERS, PeerUnavailableError
from benchmarks.systems.refrain import VARIANTS
from benchmarks.systems.system import System
from benchmarks.tasks import ann, compression, continuation, known_item, moods, reranking, scale
from benchmarks.tasks.ablation import measure_ablation
from benchmarks.tasks.asking import Unfinished
from benchmarks.tasks.encoding import measure_encoding
from benchmarks.tasks.latency import measure_latency
from benchmarks.tasks.load import measure_load
from benchmarks.tasks.running import Job, Sizes, Task, evaluate, opened
from indexer.config import IndexConfig
from indexer.progress import Track, quiet
from indexer.store.generations import open_generation

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
            reads=moods.label_digests,
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
            scale.TASK,
            "what a build takes, stage by stage, and its answers, at several sizes (--songs)",
            ("refrain",),
            scale.measure_scale,
            warm=False,
            sized=True,
        ),
        Task("load", "`refrain serve` under requests at a rate, its index renewed", ("refrain",), measure_load),
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
    config_file: Path | None = None,
    encoded: Path | None = None,
    limit: int | None = None,
    songs: Sequence[int] = (),
    again: bool = False,
    track: Track = quiet,
) -> Iterator[Outcome]:
    """Measure and save, task by task. An interrupted call goes on where it was: what is there is not measured again.

    systems   all that a task has, where none is named
    out       the campaign's folder
    config_file   where `config` was read from, for the command that runs record
    songs     the sizes of a task that makes its catalogues itself; its own where none is named
    again     measure also what is there
    """
    config = config or IndexConfig()
    for task in tasks:
        if unknown := sorted(set(systems) - set(task.systems)):
            raise ValueError(
                f"{task.name} has no system {', '.join(unknown)}; expected some of {', '.join(task.systems)}"
            )

    sizes = _sizes(tasks, songs, catalogue=catalogue, work=work, encoded=encoded, config=config_file)

    def place(wanted: bool, cold: bool) -> Place | None:
        return prepare(catalogue, work, config, cold=cold, encoded=encoded, track=track) if wanted else None

    warm = place(any(task.warm for task in tasks), cold=False)
    cold = place(any(task.cold for task in tasks), cold=True)
    data = whole_fingerprint(catalogue) if warm or cold else ""
    for task in tasks:
        state = State.of(task, (warm if task.warm else cold) if task.warm or task.cold else None, data, limit)
        chosen = [name for name in task.systems if not systems or name in systems]
        if task.sized and sizes is not None:
            state = replace(state, data={**state.data, **scale.recorded(sizes, chosen)})
        for group in [[name] for name in chosen] if task.apart else [chosen]:
            missing = []
            for name in group:
                files = () if again else finished(out, task.name, name, state)
                if files:
                    yield Outcome(task.name, (name,), files, there=True)
                else:
                    missing.append(name)
            if missing:
                folder = unfinished_folder(work, task.name, missing, state)
                if again:
                    shutil.rmtree(folder, ignore_errors=True)
                read = reading(catalogue, config_file, encoded) if task.warm or task.cold or task.sized else []
                if task.sized and sizes is not None:
                    read = ["--songs", *map(str, sizes.songs), *read]
                command = _command(task.name, missing, limit, read)
                job = Job(task.name, warm, cold, limit, command, Unfinished(folder), sizes if task.sized else None)
                yield _measured_apart(job, tuple(missing), out, track)
                shutil.rmtree(folder, ignore_errors=True)


def _sizes(
    tasks: Sequence[Task],
    songs: Sequence[int],
    *,
    catalogue: str,
    work: Path,
    encoded: Path | None,
    config: Path | None,
) -> Sizes | None:
    """What the tasks that make their catalogues make; None where there is no such task."""
    if not any(task.sized for task in tasks):
        if songs:
            able = ", ".join(task.name for task in TASKS.values() if task.sized)
            raise ValueError(f"--songs is for {able} alone, found it with {', '.join(task.name for task in tasks)}")
        return None
    if encoded is None:
        raise ValueError("vectors are drawn from those of real songs; expected --encoded INDEX, an index of them")
    if few := [each for each in songs if each < 1]:
        raise ValueError(f"--songs is {few[0]}, expected 1 or more")
    return Sizes(tuple(sorted(set(songs or scale.SONGS))), catalogue, encoded, work, config)


def _command(task: str, systems: Sequence[str], limit: int | None, read: Sequence[str]) -> str:
    """What does it again, for a shell; `read` are the words for what it reads."""
    words = ["python", "-m", "benchmarks", "run", task]
    for name in systems:
        words += ["--system", name]
    if limit is not None:
        words += ["--limit", str(limit)]
    return shlex.join([*words, *read])


def _measured_apart(job: Job, systems: tuple[str, ...], out: Path, track: Track) -> Outcome:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        try:
            return Outcome(job.task, systems, tuple(process.submit(measured, job, systems, out, track).result()))
        except PeerUnavailableError as error:
            return Outcome(job.task, systems, unavailable=error)


def measured(job: Job, systems: Sequence[str], out: Path, track: Track) -> list[Path]:
    """What runs in a process of its own: the runs' files."""
    measuring_code()  # read now: hours later, the files may be those of other code
    return [run.save(out) for run in TASKS[job.task].measure(job, systems, track)]


@dataclass(frozen=True, slots=True)
class State:
    """All that decides the figures of a task's runs beside the system: runs of two states are not each other's.

    index     configuration and encoder of the indexes, as `run_of` records them; empty where the task reads none
    data      what runs record of what they read: the catalogue, files beside it, and the limit
    """

    index: Mapping[str, Any]
    data: Mapping[str, Any]

    @classmethod
    def of(cls, task: Task, place: Place | None, catalogue: str, limit: int | None) -> State:
        """Of a task that reads this dataset, None where it reads none.

        catalogue   its whole fingerprint
        """
        if place is None:
            return cls({}, {**task.reads(), "limit": limit})
        generation = open_generation(place.index)
        try:
            manifest = generation.manifest
            index = {"index": json.loads(manifest["config"]), "encoder": manifest["encoder"]}
        finally:
            generation.close()
        return cls(index, {"protocol": PROTOCOL, "catalogue": catalogue, **task.reads(), "limit": limit})

    def is_of(self, run: Run) -> bool:
        """Whether the run came about in this state, by this code and with these libraries."""
        return (
            run.code.sha256 == measuring_code().sha256
            and same_versions(run.machine.get("libraries", {}))
            and all(run.config.get(name) == value for name, value in self.index.items())
            and all(run.data.get(name) == value for name, value in self.data.items())
        )

    @property
    def digest(self) -> str:
        """12 digits, for the folder of what is not finished."""
        said = [measuring_code().sha256, versions(LIBRARIES), self.index, self.data]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def finished(out: Path, task: str, system: str, state: State) -> tuple[Path, ...]:
    """Files of a system's runs of this state: one, or all variants of a system that was measured in several."""
    files: dict[str, Path] = {}
    together: set[str] = set()
    for path in sorted((out / task).glob("*.json")):
        run = Run.load(path)
        variants = run.data.get("variants", [run.system])
        if (run.system == system or run.system.startswith(f"{system}, ")) and state.is_of(run):
            files[run.system] = path
            together.update(variants)
    return tuple(files.values()) if together <= files.keys() else ()


def unfinished_folder(work: Path, task: str, systems: Sequence[str], state: State) -> Path:
    """Where the answers of an interrupted run of this state lie."""
    named = hashlib.sha256(" ".join(systems).encode()).hexdigest()[:6]
    return work / "unfinished" / f"{task}-{named}-{state.digest}"
