"""Latency of an opened index: what a user waits for, by song_id and by name, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.judge.timing import WARM_UP, resident_mib, spread, timed
from benchmarks.report.run import Result, Run
from benchmarks.tasks.running import Job, opened, run_of
from engine.engine import Engine
from indexer.errors import RefrainError
from indexer.progress import Track
from indexer.songs.table import Songs

QUERIES = 200
WORDS = ("driving all night to get back home", "nobody understands me but the moon", "we danced until the police came",
         "my mother's kitchen on a sunday", "he left and took the good car")  # fmt: skip


def calls(engine: Engine, ids: Sequence[str], names: Sequence[str]) -> dict[str, tuple[int, Callable[[int], object]]]:
    """What is timed: how often, and the i-th call."""

    def of(seeds: Sequence[str]) -> dict[str, tuple[int, Callable[[int], object]]]:
        return {
            "similar k=20": (QUERIES, lambda i: engine.similar(seeds[i % len(seeds)], 20)),
            "playlist of 25": (QUERIES // 2, lambda i: engine.playlist([seeds[i % len(seeds)]], 25)),
            "recommend k=500": (QUERIES // 4, lambda i: engine.recommend([seeds[i % len(seeds)]], k=500)),
        }

    return {
        **of(ids),
        "search, a sentence": (QUERIES // 2, lambda i: engine.search(WORDS[i % len(WORDS)], 20)),
        "find, a name": (QUERIES, lambda i: engine.find(names[i % len(names)])),
        **{f"{name}, by name": call for name, call in of(names).items()},
    }


def seeds_of(songs: Songs) -> tuple[list[str], list[str]]:
    """song_ids of songs drawn at random, and the names of as many that no other song is called by."""
    known = np.flatnonzero(songs.alive & (songs.has_lyrics | songs.has_audio))
    drawn = np.random.default_rng(0).permutation(known)
    names = [f"{songs.titles[row]} {songs.artists[row]}".casefold() for row in np.flatnonzero(songs.alive).tolist()]
    once = {name for name, count in zip(*np.unique(names, return_counts=True), strict=True) if count == 1}
    named = [name for row in drawn.tolist() if (name := f"{songs.titles[row]} {songs.artists[row]}").casefold() in once]
    return [songs.song_ids[row] for row in drawn[:QUERIES]], named[:QUERIES]


def measure_latency(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """Times of opening an index and of each of the `calls`, after a few to warm up."""
    if job.warm is None:
        raise ValueError("latency is measured on the warm index")
    engine, opening = timed(Engine.open, job.warm.index)
    ids, names = seeds_of(engine.index.songs)
    names = [name for name in names if is_answered(engine, name)]
    engine.similar(ids[0])
    facts = {"songs": len(engine), "resident_mib": round(resident_mib(), 1)}
    settings = {"open": Result(digest="open", scores={"ms": [round(opening, 3)]}, facts=facts)}
    for name, (count, call) in calls(engine, ids, names).items():
        for i in range(WARM_UP):
            call(i)
        times = [timed(call, i)[1] for i in track(range(min(count, job.limit or count)), name)]
        median, p99 = spread(times)
        scores = {"ms": [round(ms, 3) for ms in times]}
        settings[name] = Result(digest=name, scores=scores, median_ms=median, p99_ms=p99)
    for name in systems:
        yield run_of(job, name, settings, opened(job.warm), peak=round(resident_mib(), 1))


def is_answered(engine: Engine, name: str) -> bool:
    """Whether the engine takes the name for one song; it refuses what might be several."""
    try:
        engine.similar(name, 1)
    except RefrainError:
        return False
    return True
