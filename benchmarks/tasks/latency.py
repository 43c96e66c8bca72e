"""Latency of an index: what a user waits for, asked in one process, under filters, and from a cold start; and memory.

Every question is drawn from the index while it is measured. Each has a bar, the time that it may take.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.judge.bars import Bar, with_bar
from benchmarks.judge.metrics import digest_of
from benchmarks.judge.timing import each_timed, peak_mib, resident_mib, timed
from benchmarks.report.run import Result, Run
from benchmarks.tasks.as_it_is import QUERIES, WARM_UP, run_on
from benchmarks.tasks.drawn import SEED, SEEDS, Draws
from benchmarks.tasks.filtered import K, filtered_rows, ids_and_scores
from benchmarks.tasks.fresh import command_ms, memory_of_requests
from benchmarks.tasks.running import Job
from engine.answer.hits import Hits
from engine.engine import Engine
from indexer.errors import RefrainError
from indexer.progress import Track, quiet

WORDS = ("driving all night to get back home", "nobody understands me but the moon", "we danced until the police came",
         "my mother's kitchen on a sunday", "he left and took the good car")  # fmt: skip
MANY = 500
OPENINGS, COMMANDS = 7, 7
MIXED = 2_000  # requests of every kind, after which memory is read
UNDER_A_FILTER = Bar(*[{"ratio": 2.0, "missing": 0.0, "outside": 0.0}] * 2)
BARS = {
    "open": Bar.of_median(100, 500),
    f"similar k={K}": Bar.of_times((1.5, 4), (3, 10)),
    f"similar k={K}, by name with a typo": Bar.of_times((4, 15), (10, 40)),
    f"recommend {SEEDS} seeds k={MANY}": Bar.of_times((4, 10), (8, 25)),
    f"recommend {SEEDS} seeds k={MANY}, hits and reasons": Bar.of_times((10, 25), (15, 40)),
    "search, a sentence": Bar.of_times((10, 25), (15, 40)),
    "search, a phrase in quotes": Bar.of_times((3, 10), (8, 30)),
    "playlist of 25": Bar.of_times((8, 15), (15, 25)),
    "path of 15": Bar.of_times((8, 15), (15, 25)),
    "memory": Bar({"mib": 300}, {"mib": 1024}),
    "command: refrain similar": Bar.of_median(800, 1500),
    "command: refrain search": Bar.of_median(1200, 2000),
}
NOTES = (
    "Latency: files of the index lie in the system's cache; of commands, too, so that a cold start is one of the "
    "process alone",
    "Latency under a filter: every question has another filter where there are so many, and the ratio is to the same "
    "kind of question without a filter, asked in turn with it",
)

Draw = Callable[[int], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of question: what draws some of them, and what asks one; None for a name that is refused."""

    draw: Draw
    ask: Callable[[Any], Sequence[Any] | None]


def measure_latency(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """Times of opening an index, of each kind of question after some to warm up, of commands; and memory."""
    if job.warm is None:
        raise ValueError("latency is measured on an index, and got none")
    index = job.warm.index.resolve()
    settings = {"memory": memory_row(index, job.limit)}  # first: later its mapped files are this process's, too
    settings = {**opening_row(index), **settings}
    with Engine.open(index) as engine:
        settings |= query_rows(engine, job.limit, track)
        settings |= command_rows(engine, index, job.limit, track)
        barred = {name: _barred(name, result, len(engine)) for name, result in settings.items()}
        config = {"index": json.loads(engine.index.manifest["config"]), "encoder": engine.index.manifest["encoder"]}
        for name in systems:
            run = run_on(
                job, name, engine.index, barred, fit_s=0.0, peak=peak_mib(), tuning="nothing", config=config,
                notes=NOTES,
            )  # fmt: skip
            yield run.model_copy(update={"build_s": job.warm.build_s})


def _barred(name: str, result: Result, songs: int) -> Result:
    bar = UNDER_A_FILTER if "ratio" in result.facts else BARS.get(name)
    return result if bar is None else with_bar(result, bar, songs)


def opening_row(index: Path) -> dict[str, Result]:
    """Times of opening, and what is resident after one."""
    times = []
    for _ in range(OPENINGS):
        engine, ms = timed(Engine.open, index)
        times.append(ms)
        facts = {"songs": len(engine), "resident_mib": round(resident_mib(), 1)}
        engine.close()
    return {"open": Result.of_times("open", times, facts)}


def query_rows(engine: Engine, limit: int | None = None, track: Track = quiet) -> dict[str, Result]:
    """What is asked of an open engine, row by row.

    limit   at most so many questions a row
    """
    draws = Draws(engine.index.songs)
    count, warm_up = min(QUERIES, limit or QUERIES), min(WARM_UP, limit or WARM_UP)
    settings = {}
    rows = rows_of(engine, draws)
    for name in track(list(rows), "latency"):
        row = rows[name]
        drawn = row.draw(count + warm_up)
        each_timed(row.ask, drawn[:warm_up], warm_up=0)
        asked = drawn[warm_up:]
        answers = each_timed(row.ask, asked, warm_up=0)
        taken = [(ms, len(songs)) for ms, songs in zip(answers.ms, answers.answers, strict=True) if songs is not None]
        facts = {"cpu_ms": answers.cpu_ms, "songs_each": float(np.mean([songs for _, songs in taken] or [0]))}
        if len(taken) < len(asked):
            facts["refused"] = len(asked) - len(taken)
        if taken:
            settings[name] = Result.of_times(digest_of(asked), [ms for ms, _ in taken], facts)
    for name, compared in track(list(filtered_rows(engine, draws, count, warm_up).items()), "latency under filters"):
        settings[name] = compared.measured(engine)
    return settings


def rows_of(engine: Engine, draws: Draws) -> dict[str, Row]:
    """Kinds of questions by the names of their rows."""

    def by_name(named: tuple[int, str]) -> Sequence[Any] | None:
        row, name = named
        try:
            hits = ids_and_scores(engine.similar(name, K))
        except RefrainError:
            return None
        (seed,) = hits.query.seeds
        return hits if seed.row == row else None

    def of_seeds(seeds: Sequence[str]) -> Hits:
        return ids_and_scores(engine.recommend(seeds, k=MANY))

    def whole(hits: Hits) -> Sequence[Any]:
        songs: Sequence[Any] = hits.to_dict()["songs"]
        return songs

    rows = {
        f"similar k={K}": Row(draws.ids, lambda song: ids_and_scores(engine.similar(song, K))),
        f"similar k={K}, hits and reasons": Row(draws.ids, lambda song: whole(engine.similar(song, K))),
        f"similar k={K}, by name with a typo": Row(draws.mistyped, by_name),
        "find, a name with a typo": Row(draws.mistyped, lambda named: engine.find(named[1])),
        f"recommend {SEEDS} seeds k={MANY}": Row(draws.seeds, of_seeds),
        f"recommend {SEEDS} seeds k={MANY}, hits and reasons": Row(
            draws.seeds, lambda seeds: whole(engine.recommend(seeds, k=MANY))
        ),
    }
    if draws.has_words:
        rows |= {
            "search, a sentence": Row(draws.sentences, lambda text: ids_and_scores(engine.search(text, K))),
            "search, a phrase in quotes": Row(draws.phrases, lambda text: ids_and_scores(engine.search(text, K))),
        }
    ends = partial(draws.seeds, each=2)
    return rows | {
        "playlist of 25": Row(draws.ids, lambda song: engine.playlist([song], 25).songs),
        "path of 15": Row(ends, lambda songs: engine.path(songs[0], songs[1], 15).songs),
    }


def memory_row(index: Path, limit: int | None) -> Result:
    """The private memory of a fresh process after MIXED requests of every kind."""
    with Engine.open(index) as engine:
        requests = [each.to_dict() for each in Draws(engine.index.songs).mixed(min(MIXED, limit or MIXED))]
    del engine
    gc.collect()  # else its mapped files would make the pages of the fresh process no longer its own
    facts = memory_of_requests(index, requests)
    return Result(digest=digest_of(requests), scores={"MiB": [facts["mib"]]}, facts=facts)


def command_rows(engine: Engine, index: Path, limit: int | None, track: Track) -> dict[str, Result]:
    """Times of whole commands, each once before the clock runs."""
    count = min(COMMANDS, limit or COMMANDS)
    asked = {
        "similar": Draws(engine.index.songs, seed=SEED + 1).ids(count),
        "search": [WORDS[i % len(WORDS)] for i in range(count)],
    }
    settings = {}
    for name, words in track(list(asked.items()), "commands"):
        command_ms(index, name, words[0])
        times = [command_ms(index, name, each) for each in words]
        settings[f"command: refrain {name}"] = Result.of_times(digest_of(words), times)
    return settings
