"""How many of a song's nearest neighbours survive compression: the autoencoder beside SVD and PCA, on any vectors.

    python -m benchmarks.compression VECTORS.npy [--latent 16 --latent 48] [--json]

VECTORS.npy is a matrix (songs, columns). A fifth of the songs is held out of training: `new songs` are those,
each looking for its neighbours among themselves and among all; `all songs` includes what was trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.autoencoders import AutoencoderConfig, train_autoencoder

FloatMatrix = npt.NDArray[np.float32]
METHODS = ("autoencoder", "SVD", "PCA")
HELD_OUT = 0.2
_QUERY_ROWS = 512


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the table. Shares of the 10 nearest songs (cosine) that are among the 10 nearest latents.

    songs, held_out   rows compared and how many of them training did not see
    every             asked by a sample of all songs, among all
    new               asked by the held-out songs, among all
    among_new         asked by the held-out songs, among themselves
    seconds           training, wall clock
    """

    method: str
    latent: int
    songs: int
    held_out: int
    every: float
    new: float
    among_new: float
    seconds: float


def neighbours_kept(
    original: npt.ArrayLike,
    compressed: npt.ArrayLike,
    k: int = 10,
    *,
    sample: int | None = 5_000,
    rows: npt.ArrayLike | None = None,
    seed: int = 0,
) -> float:
    """The mean share of a row's k nearest rows by cosine that are also its k nearest after compression.

    Asked by `rows` (all without), of which at most `sample` are drawn; a row is never its own neighbour.

    >>> line = np.array([[1, 0.0], [1, 0.1], [1, 0.9], [1, 1.0]])
    >>> neighbours_kept(line, line @ [[0, 1], [1, 0]], k=1), neighbours_kept(line, line[[0, 2, 1, 3]], k=1)
    (1.0, 0.0)
    """
    before, after = _unit(original), _unit(compressed)
    if len(before) != len(after):
        raise ValueError(f"{len(before)} original and {len(after)} compressed rows, expected as many")
    if not 1 <= k < len(before):
        raise ValueError(f"k is {k}, expected 1..{len(before) - 1}")
    asking = np.arange(len(before)) if rows is None else np.asarray(rows, np.int64)
    if sample is not None and sample < len(asking):
        asking = np.sort(np.random.default_rng(seed).permutation(asking)[:sample])
    shared = 0
    for start in range(0, len(asking), _QUERY_ROWS):
        part = asking[start : start + _QUERY_ROWS]
        pair = np.concatenate([_nearest(before, part, k), _nearest(after, part, k)], axis=1)
        pair.sort(axis=1)
        shared += int((pair[:, 1:] == pair[:, :-1]).sum())
    return shared / (k * len(asking))


def compare(vectors: npt.ArrayLike, latents: Sequence[int], config: AutoencoderConfig, *, seed: int = 0) -> list[Kept]:
    """Every method at every latent size, each fitted to the songs that are not held out."""
    unit = _unit(vectors)
    unit = unit[unit.any(axis=1)]
    order = np.random.default_rng(seed).permutation(len(unit))
    new, seen = np.sort(order[: round(HELD_OUT * len(unit))]), np.sort(order[round(HELD_OUT * len(unit)) :])
    found = []
    for latent in latents:
        for method in METHODS:
            started = time.perf_counter()
            encode = _fit(method, unit[seen], latent, config)
            seconds = time.perf_counter() - started
            short = encode(unit)
            every, asked_by_new = neighbours_kept(unit, short), neighbours_kept(unit, short, rows=new)
            among_new = neighbours_kept(unit[new], short[new])
            found.append(Kept(method, latent, len(unit), len(new), every, asked_by_new, among_new, seconds))
    return found


def _fit(
    method: str, rows: FloatMatrix, columns: int, config: AutoencoderConfig
) -> Callable[[FloatMatrix], FloatMatrix]:
    """What maps songs to `columns` numbers. SVD and PCA: their coordinates along the strongest directions."""
    if method == "autoencoder":
        return train_autoencoder(rows, replace(config, latent=columns)).encode
    wide = rows.astype(np.float64)
    centre = wide.mean(axis=0) if method == "PCA" else np.zeros(rows.shape[1])
    directions = np.linalg.eigh((wide - centre).T @ (wide - centre))[1][:, ::-1][:, :columns]
    return lambda more: np.asarray((more - centre) @ directions, np.float32)


def _unit(matrix: npt.ArrayLike) -> FloatMatrix:
    rows = np.asarray(matrix, np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)


def _nearest(unit: FloatMatrix, asking: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.int64]:
    scores = unit[asking] @ unit.T
    scores[np.arange(len(asking)), asking] = -np.inf
    return np.argpartition(-scores, k - 1, axis=1)[:, :k]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compression", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--latent", type=int, action="append", help="latent size; may be given more than once")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    vectors = np.load(given.vectors, allow_pickle=False)
    found = compare(vectors, given.latent or [16, 32, 48, 64, 96], AutoencoderConfig())
    if given.json:
        json.dump([asdict(line) for line in found], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    first = found[0]
    sys.stdout.write(
        f"{first.songs:,} songs of {vectors.shape[1]} columns, {first.held_out:,} held out of training; "
        "share of the 10 nearest kept, asked by up to 5,000 songs\n\n"
        "| method | latent | all songs | new songs | new among new | training s |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
    )
    for line in found:
        sys.stdout.write(
            f"| {line.method} | {line.latent} | {line.every:.3f} | {line.new:.3f} | {line.among_new:.3f} "
            f"| {line.seconds:.1f} |\n"
        )


if __name__ == "__main__":
    main()
