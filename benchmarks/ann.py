"""Approximate vector search: recall@100 against exact, median latency and bytes, by layout.

    python -m benchmarks.ann [--songs 100000] [--layouts flat ivf] [--parts 48 12] [--vectors FILE.npy]

Without FILE the vectors are made: parts of length 1 around the centres of scenes, some missing, as songs are.
Queries are songs with each of the part weights below: weights live in the query, so one index serves them all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.vectors import VectorIndex, build_vectors

QUERIES, K = 200, 100
WEIGHTS = ((1.0, 1.0), (1.0, 0.3), (0.3, 1.0), (1.0, 0.0), (0.0, 1.0))

Matrix = npt.NDArray[np.float32]


def made(songs: int, parts: list[int], seed: int = 0, *, missing: float = 0.3) -> Matrix:
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


def recall(queries: Matrix, matrix: Matrix, rows: npt.NDArray[np.int64]) -> float:
    """Share of the rows found that score no less than the exact K-th: equal scores are equally right."""
    shares = []
    for query, found in zip(queries, rows, strict=True):
        scores = matrix @ query
        shares.append(np.mean(scores[found] >= np.partition(scores, -K)[-K] - 1e-6))
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--layouts", nargs="+", choices=["flat", "ivf", "pq"], default=["flat", "ivf"])
    parser.add_argument("--parts", type=int, nargs="+", default=[48, 12])
    parser.add_argument("--vectors", type=Path, help="a float32 matrix of the parts, one song a row")
    chosen = parser.parse_args()
    matrix = made(chosen.songs, chosen.parts) if chosen.vectors is None else np.load(chosen.vectors, allow_pickle=False)
    if matrix.shape[1] != sum(chosen.parts):
        parser.error(f"{matrix.shape[1]} columns, --parts says {chosen.parts}")
    first = chosen.parts[0]
    rng = np.random.default_rng(1)
    print(f"{len(matrix):,} songs x {matrix.shape[1]}, {QUERIES} queries each")
    print("layout  weights    recall@100  median ms  0.1 % allowed ms  bytes/song  build s")
    with tempfile.TemporaryDirectory() as folder:
        for layout in chosen.layouts:
            path = Path(folder) / layout
            start = time.perf_counter()
            build_vectors(matrix, path, layout=layout)
            built = time.perf_counter() - start
            index = VectorIndex(path)
            allowed = rng.random(len(matrix)) < 0.001
            for weights in WEIGHTS:
                wanted = [part for part, w in zip((matrix[:, :first], matrix[:, first:]), weights, strict=True) if w]
                whole = np.flatnonzero(np.logical_and.reduce([np.abs(part).sum(1) > 0 for part in wanted]))
                queries = matrix[rng.choice(whole, QUERIES)]
                queries[:, :first] *= weights[0]
                queries[:, first:] *= weights[1]
                took, filtered, rows = [], [], []
                for query in queries:
                    start = time.perf_counter()
                    rows.append(index.search(query, K)[0])
                    took.append(1000 * (time.perf_counter() - start))
                    start = time.perf_counter()
                    index.search(query, K, allowed=allowed)
                    filtered.append(1000 * (time.perf_counter() - start))
                print(
                    f"{layout:6}  {weights[0]:.1f}, {weights[1]:.1f}   {recall(queries, matrix, np.array(rows)):10.3f}"
                    f"  {np.median(took):9.2f}  {np.median(filtered):16.2f}  {path.stat().st_size / len(matrix):10.1f}"
                    f"  {built:7.1f}"
                )


if __name__ == "__main__":
    main()
