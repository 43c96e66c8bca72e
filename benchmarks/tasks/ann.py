"""Approximate vector search: recall@100 against exact, latency and bytes, by layout.

The vectors are made: parts of length 1 around the centres of scenes, some missing, as songs are.
Queries are songs with each of the part weights below: weights live in the query, so one index serves them all.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.judge.timing import spread, timed
from benchmarks.report.run import Result, Run
from benchmarks.tasks.running import Job, run_of
from indexer.progress import Track
from indexer.search.vectors.faiss_build import build_vectors
from indexer.search.vectors.faiss_store import VectorIndex

LAYOUTS = ("flat", "ivf", "pq")
SONGS, PARTS = 100_000, (48, 12)
QUERIES, K = 200, 100
FEW = 0.001  # of the songs: what a narrow filter leaves
WEIGHTS = ((1.0, 1.0), (1.0, 0.3), (0.3, 1.0), (1.0, 0.0), (0.0, 1.0))

Matrix = npt.NDArray[np.float32]


def made(songs: int, parts: Sequence[int], seed: int = 0, *, missing: float = 0.3) -> Matrix:
    """Songs of sqrt(songs) scenes: each part lies around its scene's centre, or is missing in a share of the songs."""
    rng = np.random.default_rng(seed)
    out = np.zeros((songs, sum(parts)), np.float32)
    scene = rng.integers(0, max(8, int(songs**0.5)), songs)
    start = 0
    for dim in parts:
        centres = rng.standard_normal((scene.max() + 1, dim), np.float32)
        for first in range(0, songs, 100_000):
            part = centres[scene[first : first + 100_000]]
            part = part + 0.7 * rng.standard_normal(part.shape, np.float32)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
            part[rng.random(len(part)) < missing] = 0
            out[first : first + len(part), start : start + dim] = part
        start += dim
    return out


def recall(query: npt.NDArray[np.float32], matrix: Matrix, nearest: npt.NDArray[np.int64]) -> float:
    """Share of the K rows that score no less than the exact K-th: equal scores are equally right."""
    scores = matrix @ query
    return float((scores[nearest] >= np.partition(scores, -K)[-K] - 1e-6).sum() / K)


def weighted(matrix: Matrix, weights: tuple[float, float], count: int) -> Matrix:
    """Songs that have every part that counts, as queries."""
    parts = matrix[:, : PARTS[0]], matrix[:, PARTS[0] :]
    wanted = [part for part, weight in zip(parts, weights, strict=True) if weight]
    whole = np.flatnonzero(np.logical_and.reduce([np.abs(part).sum(1) > 0 for part in wanted]))
    queries: Matrix = matrix[np.random.default_rng(1).choice(whole, count)]
    queries[:, : PARTS[0]] *= weights[0]
    queries[:, PARTS[0] :] *= weights[1]
    return queries


def measure_ann(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each layout; with a limit, of so many queries on so many thousand songs."""
    songs = min(SONGS, 1000 * (job.limit or SONGS))
    count = min(QUERIES, job.limit or QUERIES)
    matrix = made(songs, PARTS)
    allowed = np.random.default_rng(1).random(songs) < FEW
    for layout in systems:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / layout
            start = time.perf_counter()
            build_vectors(matrix, path, layout=layout)  # type: ignore[arg-type]
            built = time.perf_counter() - start
            index = VectorIndex(path)
            settings = {}
            for weights in track(WEIGHTS, f"search {layout}"):
                shares, took, filtered = [], [], []
                for query in weighted(matrix, weights, count):
                    (rows, _), ms = timed(index.search, query, K)
                    shares.append(round(recall(query, matrix, rows), 4))
                    took.append(ms)
                    filtered.append(timed(index.search, query, K, allowed=allowed)[1])
                facts = {
                    "songs": songs,
                    "bytes_a_song": round(path.stat().st_size / songs, 1),
                    "median_ms_with_a_thousandth_allowed": spread(filtered)[0],
                }
                scores = {"recall@100": shares, "ms": [round(ms, 4) for ms in took]}
                name = f"weights {weights[0]}, {weights[1]}"
                median, p99 = spread(took)
                settings[name] = Result(
                    digest=f"{songs} made, {weights}", scores=scores, median_ms=median, p99_ms=p99, facts=facts
                )
            yield run_of(job, layout, settings, None, fit_s=built)
