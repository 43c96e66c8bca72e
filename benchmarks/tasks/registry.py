"""The tasks, the systems, and how one is run on the other."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.data.dataset import Place, prepare, whole_fingerprint
from benchmarks.judge.metrics import CONTINUATION, KNOWN_ITEM
from benchmarks.judge.threads import keep_to_one_core, one_thread_each
from benchmarks.report.origin import measuring_code, reading
from benchmarks.report.run import Run
from benchmarks.systems.peers import PEERS, PeerUnavailableError
from benchmarks.systems.refrain import VARIANTS
from benchmarks.systems.search import stores
from benchmarks.systems.search import vectors as vector_searches
from benchmarks.systems.search import words as word_searches
from benchmarks.systems.system import System
from benchmarks.tasks import ann, compression, continuation, known_item, moods, reranking, scale
from benchmarks.tasks.ablation import measure_ablation
from benchmarks.tasks.answers import measure_answers
from benchmarks.tasks.asking import Unfinished
from benchmarks.tasks.encoding import measure_encoding
from benchmarks.tasks.latency import measure_latency
from benchmarks.tasks.load import measure_load
from benchmarks.tasks.running import Job, Sizes, Task, evaluate, opened
from benchmarks.tasks.state import State, finished, unfinished_folder
from benchmarks.tasks.vectors import measure_vectors
from benchmarks.tasks.words import measure_words
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
        Task(
            "words",
            "a line of a song to the 200 best songs, beside other inverted indexes",
            tuple(word_searches.SYSTEMS),
            measure_words,
            as_it_is=True,
            one_core=True,
        ),
        Task(
            "vectors",
            "recall and time of vector search, beside graphs",
            tuple(vector_searches.SYSTEMS),
            measure_vectors,
            as_it_is=True,
            one_core=True,
        ),
        Task(
            "answers",
            "words under filters to twenty songs with their names, beside hybrid searches",
            tuple(stores.SYSTEMS),
            measure_answers,
            as_it_is=True,
            one_core=True,
        ),
        Task("latency", "what a user waits for, beside its bars", ("refrain",), measure_latency, as_it_is=True),
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
    index: Path | None = None,
    limit: int | None = None,
    songs: Sequence[int] = (),
    again: bool = False,
    track: Track = quiet,
) -> Iterator[Outcome]:
    """Measure and save, task by task. An interrupted call goes on where it was: what is there is not measured again.

    systems   all that a task has, where none is named
    out       the campaign's folder
    config_file   where `config` was read from, for the command that runs record
    index     one that is built, for tasks that take it as it is: nothing is built, and no catalogue is read
    songs     the sizes of a task that makes its catalogues itself; its own where none is named
    again     measure also what is there
    """
    config = config or IndexConfig()
    if index is not None and (others := [task.name for task in tasks if not task.as_it_is]):
        able = ", ".join(task.name for task in TASKS.values() if task.as_it_is)
        raise ValueError(f"{', '.join(others)} needs an index of its own; expected --index with one of {able}")
    for task in tasks:
        if unknown := sorted(set(systems) - set(task.systems)):
            raise ValueError(
                f"{task.name} has no system {', '.join(unknown)}; expected some of {', '.join(task.systems)}"
            )

    sizes = _sizes(tasks, songs, catalogue=catalogue, work=work, encoded=encoded, config=config_file)

    def place(wanted: bool, cold: bool) -> Place | None:
        return prepare(catalogue, work, config, cold=cold, encoded=encoded, track=track) if wanted else None

    given = None if index is None else Place(catalogue, index, cold=False)
    warm = given or place(any(task.warm for task in tasks), cold=False)
    cold = place(any(task.cold for task in tasks), cold=True)
    data = whole_fingerprint(catalogue) if any(not task.as_it_is for task in tasks) and (warm or cold) else ""
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
                if index is not None:
                    read = ["--index", str(index)]
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
    threads = one_thread_each() if TASKS[job.task].one_core else nullcontext()
    with threads, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        try:
            return Outcome(job.task, systems, tuple(process.submit(measured, job, systems, out, track).result()))
        except PeerUnavailableError as error:
            return Outcome(job.task, systems, unavailable=error)


def measured(job: Job, systems: Sequence[str], out: Path, track: Track) -> list[Path]:
    """What runs in a process of its own: the runs' files."""
    measuring_code()  # read now: hours later, the files may be those of other code
    if TASKS[job.task].one_core:
        keep_to_one_core()
    return [run.save(out) for run in TASKS[job.task].measure(job, systems, track)]
