"""Latency of an opened index: what a user waits for, call by call, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.judge.timing import WARM_UP, resident_mib, spread, timed
from benchmarks.report.run import Run, Setting
from benchmarks.tasks.running import Job, opened, run_of
from engine.engine import Engine
from indexer.progress import Track

QUERIES = 200
WORDS = ("driving all night to get back home", "nobody understands me but the moon", "we danced until the police came",
         "my mother's kitchen on a sunday", "he left and took the good car")  # fmt: skip


def calls(engine: Engine, seeds: Sequence[str]) -> dict[str, tuple[int, Callable[[int], object]]]:
    """What is timed: how often, and the i-th call."""
    return {
        "similar k=20": (QUERIES, lambda i: engine.similar(seeds[i % len(seeds)], 20)),
        "playlist of 25": (QUERIES // 2, lambda i: engine.playlist([seeds[i % len(seeds)]], 25)),
        "search, a sentence": (QUERIES // 2, lambda i: engine.search(WORDS[i % len(WORDS)], 20)),
        "recommend k=500": (QUERIES // 4, lambda i: engine.recommend([seeds[i % len(seeds)]], k=500)),
    }


def measure_latency(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """Times of `Engine.open`, `similar`, `playlist`, `search` and `recommend`, after a few to warm up."""
    if job.warm is None:
        raise ValueError("latency is measured on the warm index")
    before = resident_mib()
    engine, opening = timed(Engine.open, job.warm.index)
    songs = engine.index.songs
    known = np.flatnonzero(songs.alive & (songs.has_lyrics | songs.has_audio))
    seeds = [songs.song_ids[row] for row in np.random.default_rng(0).choice(known, QUERIES)]
    engine.similar(seeds[0])
    facts = {"songs": len(engine), "resident_mib": round(resident_mib(), 1), "mib_before": round(before, 1)}
    settings = {"open": Setting("open", {"ms": [round(opening, 3)]}, facts=facts)}
    for name, (count, call) in calls(engine, seeds).items():
        for i in range(WARM_UP):
            call(i)
        times = [timed(call, i)[1] for i in track(range(min(count, job.limit or count)), name)]
        settings[name] = Setting(name, {"ms": [round(ms, 3) for ms in times]}, *spread(times))
    for name in systems:
        yield run_of(job, name, settings, opened(job.warm), peak=round(resident_mib(), 1))
