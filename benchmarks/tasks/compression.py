"""How many of a song's nearest neighbours survive compression: the autoencoder beside SVD and PCA.

A fifth of the songs is held out of training: `new songs` are those, each looking for its neighbours among all, and
`new among new` among themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from benchmarks.report.run import Result, Run
from benchmarks.systems.system import Rows
from benchmarks.tasks.running import Job, opened, run_of
from indexer.models.autoencoder import AutoencoderConfig, train_autoencoder
from indexer.progress import Track

FloatMatrix = npt.NDArray[np.float32]
METHODS = ("autoencoder", "SVD", "PCA")
HELD_OUT = 0.2
LATENTS = (16, 48, 96)  # 48 is the library's own
ASKING = 2_000  # songs whose neighbours a run of record compares
_QUERY_ROWS = 512


def shares_preserved(
    original: npt.ArrayLike,
    compressed: npt.ArrayLike,
    k: int = 10,
    *,
    sample: int | None = 5_000,
    rows: npt.ArrayLike | None = None,
    seed: int = 0,
) -> npt.NDArray[np.float64]:
    """For each row, the share of its k nearest rows by cosine that are its k nearest after compression.

    The rows are `rows` (all without), of which at most `sample` are drawn; a row is never its own neighbour.

    >>> line = np.array([[1, 0.0], [1, 0.1], [1, 0.9], [1, 1.0]])
    >>> shares_preserved(line, line @ [[0, 1], [1, 0]], k=1).tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> shares_preserved(line, line[[0, 2, 1, 3]], k=1).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    before, after = _unit(original), _unit(compressed)
    if len(before) != len(after):
        raise ValueError(f"{len(before)} original and {len(after)} compressed rows, expected as many")
    if not 1 <= k < len(before):
        raise ValueError(f"k is {k}, expected 1..{len(before) - 1}")
    asking = np.arange(len(before)) if rows is None else np.asarray(rows, np.int64)
    if sample is not None and sample < len(asking):
        asking = np.sort(np.random.default_rng(seed).permutation(asking)[:sample])
    shared = []
    for start in range(0, len(asking), _QUERY_ROWS):
        part = asking[start : start + _QUERY_ROWS]
        pair = np.concatenate([_nearest(before, part, k), _nearest(after, part, k)], axis=1)
        pair.sort(axis=1)
        shared.append((pair[:, 1:] == pair[:, :-1]).sum(axis=1))
    return np.concatenate(shared) / k


def measure_compression(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each method, on the lyrics' sentence vectors of the index."""
    dataset = opened(job.warm)
    unit, new, seen = _halves(dataset.index.sentence, 0)
    sample = min(ASKING, job.limit or ASKING)
    config = dataset.index.config.lyrics
    for method in systems:
        settings, seconds = {}, 0.0
        for latent in track([n for n in LATENTS if n < min(unit.shape[1], len(seen))], f"compress by {method}"):
            started = time.perf_counter()
            encode = _fit(method, unit[seen], latent, config)
            took = time.perf_counter() - started
            short = encode(unit)
            for name, shares in (
                ("new songs", shares_preserved(unit, short, rows=new, sample=sample)),
                ("new among new", shares_preserved(unit[new], short[new], sample=sample)),
            ):
                facts = {"songs": len(unit), "held_out": len(new), "training_s": round(took, 2)}
                scores = {"preserved": [round(float(share), 4) for share in shares]}
                settings[f"{latent}, {name}"] = Result(digest=dataset.fingerprint[:12], scores=scores, facts=facts)
            seconds += took
        yield run_of(job, method, settings, dataset, tuning="nothing: the library's defaults", fit_s=seconds)


def _halves(vectors: npt.ArrayLike, seed: int) -> tuple[FloatMatrix, Rows, Rows]:
    """Songs with a vector, each of length 1; which of them are new to training, and which are seen."""
    unit = _unit(vectors)
    unit = unit[unit.any(axis=1)]
    order = np.random.default_rng(seed).permutation(len(unit))
    new = round(HELD_OUT * len(unit))
    return unit, np.sort(order[:new]), np.sort(order[new:])


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
