"""Search of vectors beside peers: songs by their parts with the default weights, recall against brute force.

The vectors are those of the index: its parts, factors and popularity side by side; a query is a song as the engine asks
for what is like it. A peer has a line for each width of its search, so that times can be read where recall is equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.judge.timing import each_timed, peak_mib, spread
from benchmarks.report.run import Result, Run
from benchmarks.systems.search.vectors import SYSTEMS, Mask, Matrix, Vector, VectorSearch
from benchmarks.systems.system import Rows
from benchmarks.tasks.as_it_is import QUERIES, WARM_UP, built, open_as_it_is, run_on
from benchmarks.tasks.running import Job
from engine.answer.answer import scaled_weights
from engine.index import OpenIndex
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.vectors import compared_by
from engine.score.weights import DEFAULT_WEIGHTS
from indexer.build.vector_stages import scale_of
from indexer.progress import Track
from indexer.search.vectors.base import StackedParts

K, HEAD = 100, 20
SHARES = {"": None, ", 10 % allowed": 0.1, ", 1 % allowed": 0.01, ", 0.1 % allowed": 0.001}
PLAIN = "one setting"


def stack_of(index: OpenIndex) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """What the vector index holds of each song, by name, in its order: parts, factors, and popularity, the mean where
    nothing is known.
    """
    popularity = np.nan_to_num(index.popularity, nan=float(index.moments["popularity"].of([1.0])[0]))
    columns = {**index.parts, "popularity": popularity[:, np.newaxis]}
    return {name: index.factors if name == "factors" else columns[name] for name in index.layout.names}


def queries_of(index: OpenIndex, count: int) -> Matrix:
    """Songs drawn from those that have any part, float32 (count, dim), as the engine asks for what is like them."""
    known = index.songs.alive & np.any([part.any(axis=1) for part in index.parts.values()], axis=0)
    rows = np.random.default_rng(0).choice(np.flatnonzero(known), min(count, int(known.sum())), replace=False)
    asked = []
    for row in rows.tolist():
        query = Query(index, seeds=(Seed.of_row(index, row),))
        weights = scaled_weights(query, DEFAULT_WEIGHTS["one"])
        asked.append(index.layout.query(weights, {name: compared_by(query, name) for name in weights}))
    return np.array(asked, np.float32)


def measure_vectors(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each system: built from the vectors of the index, then asked at each of its widths."""
    index = open_as_it_is(job)
    stack = stack_of(index)
    matrix = StackedParts(stack)[:]
    queries = queries_of(index, min(QUERIES, job.limit or QUERIES))
    masks = {name: _mask(len(matrix), share) for name, share in SHARES.items()}
    right = {name: [_least(matrix, query, mask) for query in queries] for name, mask in masks.items()}
    for name in systems:
        system = SYSTEMS[name]()
        system.scale = scale_of(stack, index.songs.alive)
        with built(partial(system.build, matrix)) as made:
            settings = {}
            for width in track(system.widths, f"vectors: {name}"):
                for filtered, mask in masks.items():
                    if mask is None or width in system.filtered:
                        condition = None if mask is None else system.condition(mask)
                        timed = each_timed(partial(_search, system, width, condition), list(queries), warm_up=WARM_UP)
                        scored = _scores(matrix, queries, timed.answers, right[filtered], timed.ms)
                        setting = f"width {width}" if width else PLAIN
                        facts = {**made.facts, "cpu_ms": timed.cpu_ms}
                        settings[setting + filtered] = scored.model_copy(update={"facts": facts})
        yield run_on(
            job, name, index, settings, fit_s=made.seconds, peak=peak_mib(), tuning=system.tuning,
            config={"k": K, "reason": system.reason},
        )  # fmt: skip


def _mask(songs: int, share: float | None) -> Mask | None:
    """Songs drawn at random, one at least; None allows all."""
    if share is None:
        return None
    mask = np.zeros(songs, bool)
    mask[np.random.default_rng(1).choice(songs, max(1, round(share * songs)), replace=False)] = True
    return mask


def _search(system: VectorSearch, width: int, condition: Any, query: Vector) -> Rows:
    return system.search(query, K, width, condition)


def _least(matrix: Matrix, query: Vector, mask: Mask | None) -> tuple[int, float, float]:
    """How many rows there are to be found, and the scores of the last of the best HEAD, and of the last of all."""
    scores = matrix @ query if mask is None else matrix[mask] @ query
    best = np.sort(np.partition(scores, max(0, len(scores) - K))[-K:])[::-1]
    return len(best), float(best[min(HEAD, len(best)) - 1]), float(best[-1])


def _scores(
    matrix: Matrix, queries: Matrix, found: Sequence[Rows], right: Sequence[tuple[int, float, float]],
    took: Sequence[float],
) -> Result:  # fmt: skip
    """Shares of the best rows that were found; rows that score as much as the last of them are equally right."""
    heads, wholes = [], []
    for query, rows, (count, least_of_head, least) in zip(queries, found, right, strict=True):
        scores = matrix[rows] @ query
        head = min(HEAD, count)
        slack = 1e-5 * max(1.0, abs(least_of_head))
        heads.append(float((scores[:head] >= least_of_head - slack).sum() / head))
        wholes.append(float((scores >= least - slack).sum() / count))
    median, p99 = spread(took)
    scores_of = {
        f"recall@{HEAD}": [round(share, 4) for share in heads], f"recall@{K}": [round(share, 4) for share in wholes],
        "ms": [round(ms, 4) for ms in took],
    }  # fmt: skip
    return Result(digest=f"{len(matrix)} {len(queries)}", scores=scores_of, median_ms=median, p99_ms=p99)
