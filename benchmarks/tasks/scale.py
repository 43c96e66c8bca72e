"""Scale: catalogues of several sizes, made from a real one, built and asked: seconds, memory and bytes, by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.data.dataset import whole_fingerprint
from benchmarks.data.scaled.make import make_scaled
from benchmarks.judge.watching import Watched, watched_build
from benchmarks.report.run import Result, Run
from benchmarks.tasks.latency import opening_row, query_rows
from benchmarks.tasks.running import Job, Sizes, run_of
from engine.engine import Engine
from indexer.progress import Track

TASK = "scale"
SONGS = (10_000, 100_000, 1_000_000)
BUILD, QUERY = "build: ", "query: "  # what the names of settings begin with
WHOLE = "whole"
MEASURES = {
    "s": "seconds",
    "CPU s": "seconds of the processor",
    "MiB": "memory at its highest, MiB",
    "B/song": "bytes on disk a song",
}


def system_of(system: str, songs: int) -> str:
    """What the run of one size is called.

    >>> system_of("refrain", 100_000)
    'refrain, 100,000 songs'
    """
    return f"{system}, {songs:,} songs"


def recorded(sizes: Sizes, systems: Sequence[str]) -> dict[str, Any]:
    """What runs record of the sizes that belong together and of what they are made from."""
    variants = [system_of(system, songs) for system in systems for songs in sizes.songs]
    return {"originals": whole_fingerprint(sizes.catalogue), "variants": variants}


def measure_scale(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each size, small ones first; catalogues that lie below the work folder are not made again."""
    sizes = job.sizes
    if sizes is None:
        raise ValueError("scale needs sizes and an index whose vectors it draws from")
    together = recorded(sizes, systems)
    options = ["--force", *(() if sizes.config is None else ("--config", str(sizes.config)))]
    for name in systems:
        for songs in sizes.songs:
            folder = sizes.work / "scaled" / str(songs)
            made = make_scaled(folder, songs, catalogue=sizes.catalogue, encoded=sizes.encoded, track=track)
            stages = watched_build(made.catalogue, Path(made.index), *options)
            whole = stages[-1]
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:  # making took memory of this one
                asked = process.submit(_asked, Path(made.index), job.limit).result()
            settings = {**stage_settings(stages, songs), **asked}
            data = {**together, "songs": songs, "lyrics": made.lyrics, "entries": made.entries, "seed": made.seed}
            run = run_of(job, system_of(name, songs), settings, None, peak=round(whole.peak_mib, 1), data=data)
            yield run.model_copy(update={"build_s": whole.seconds, "notes": [made.said]})


def stage_settings(stages: Sequence[Watched], songs: int) -> dict[str, Result]:
    """A setting for each stage, with one value of each of MEASURES."""
    settings = {}
    for stage in stages:
        scores = {
            "s": [stage.seconds],
            "CPU s": [stage.cpu_s],
            "MiB": [round(stage.peak_mib, 1)],
            "B/song": [round(stage.bytes / songs, 1)],
        }
        facts = {"own_mib": round(stage.own_mib, 1)}
        settings[f"{BUILD}{stage.name}"] = Result(digest=f"{songs} songs", scores=scores, facts=facts)
    return settings


def _asked(index: Path, limit: int | None) -> Mapping[str, Result]:
    """Times of opening and of each question of `latency`."""
    with Engine.open(index) as engine:
        rows = {**opening_row(index), **query_rows(engine, limit)}
    return {f"{QUERY}{name}": result for name, result in rows.items()}
