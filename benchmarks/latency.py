"""Latency of an opened index: `python -m benchmarks.latency --index refrain.index`. Medians and 99th percentiles."""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

QUERIES = 200
WORDS = ("driving all night to get back home", "nobody understands me but the moon", "we danced until the police came",
         "my mother's kitchen on a sunday", "he left and took the good car")  # fmt: skip


def resident_mib() -> float:
    """Resident memory of this process now, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def milliseconds(call: Callable[[int], object], count: int) -> dict[str, float]:
    """Median and 99th percentile of `count` calls, after three to warm up."""
    for i in range(3):
        call(i)
    times = []
    for i in range(count):
        start = time.perf_counter()
        call(i)
        times.append(1000 * (time.perf_counter() - start))
    return {"median_ms": float(np.median(times)), "p99_ms": float(np.percentile(times, 99)), "calls": count}


def measure(path: Path) -> dict[str, object]:
    """What `Engine.open`, `similar`, `playlist` and `search` take."""
    from engine import Engine

    before = resident_mib()
    start = time.perf_counter()
    engine = Engine.open(path)
    opened = time.perf_counter() - start
    songs = engine.index.songs
    rng = np.random.default_rng(0)
    known = np.flatnonzero(songs.alive & (songs.has_lyrics | songs.has_audio))
    seeds = [songs.song_ids[row] for row in rng.choice(known, QUERIES)]
    report: dict[str, object] = {"songs": len(engine), "open_s": opened}
    engine.similar(seeds[0])
    report["resident_mib_after_open_and_one_query"] = resident_mib()
    report["resident_mib_before_open"] = before
    report["similar k=20"] = milliseconds(lambda i: engine.similar(seeds[i % QUERIES], 20), QUERIES)
    report["playlist of 25"] = milliseconds(lambda i: engine.playlist([seeds[i % QUERIES]], 25), 100)
    report["search, a sentence"] = milliseconds(lambda i: engine.search(WORDS[i % len(WORDS)], 20), 100)
    report["recommend k=500"] = milliseconds(lambda i: engine.recommend([seeds[i % QUERIES]], k=500), 30)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("refrain.index"))
    print(
        json.dumps(
            {"machine": platform.processor() or platform.machine(), **measure(parser.parse_args().index)}, indent=1
        )
    )


if __name__ == "__main__":
    main()
