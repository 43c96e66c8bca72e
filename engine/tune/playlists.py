"""Tuning on listeners' playlists: some songs of a playlist are the query, the others what should come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.answer.answer import pool
from engine.index import OpenIndex
from engine.query.query import Query, Seed
from engine.score.fusion import normalise
from engine.score.signals import measure
from engine.score.weights import UNTUNED, Profile
from engine.tune.acceptance import TuningReport, accept
from engine.tune.golden import coordinate_ascent, ndcg_at
from indexer.errors import CatalogueError
from indexer.progress import Track, quiet
from indexer.records import SavedPlaylist
from indexer.songs.splits import playlist_rows

if TYPE_CHECKING:
    from engine.engine import Engine

Rows = npt.NDArray[np.int64]

METRIC_K = 500  # NDCG@500, the Million Playlist Dataset's
LEAST_SONGS = 10  # playlists with fewer songs in the index are left out, as in the reference figures
LEAST_QUERIES = 20  # in either split; fewer say nothing that holds
MOST_QUERIES = 400  # per split; 200 judged queries are enough for golden section (research/codebases.md, 6)
SEEDS: dict[Profile, int] = {"one": 1, "several": 5}


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows of the seeds, and rows of the songs that should come back."""

    seeds: Rows
    wanted: Rows


@dataclass(frozen=True, slots=True)
class Judged:
    """A query whose answer is known.

    signals    float32 (candidates, signals), normalised
    relevant   bool (candidates,)
    missing    relevant songs that are no candidates
    """

    signals: npt.NDArray[np.float32]
    relevant: npt.NDArray[np.bool_]
    missing: int


def tune_on_playlists(
    engine: Engine, playlists: Iterable[SavedPlaylist], *, rounds: int = 3, track: Track = quiet
) -> dict[Profile, TuningReport]:
    """Tune an engine's weights by NDCG@500 on the playlists that no stage of the build has seen.

    Once with one song of each playlist as the seed, once with five. Half of the playlists are tuned on, the other
    half decides whether the weights are any better.
    """
    held = list(playlists)
    held_out = engine.index.config.held_out
    reports = {}
    for profile, seeds in SEEDS.items():
        splits = []
        for split in ("tune", "check"):
            listed = [p.rows for p in playlist_rows(engine.index.songs, held, held_out, split)]
            asked = [draw(rows, seeds, i) for i, rows in enumerate(listed) if len(rows) >= max(LEAST_SONGS, seeds + 1)]
            if len(asked) < LEAST_QUERIES:
                raise CatalogueError(
                    f"tuning needs {LEAST_QUERIES} held-out playlists of {LEAST_SONGS} songs or more to {split} on, "
                    f"found {len(asked)}; import more playlists, or rebuild with a larger held_out (now {held_out:g})"
                )
            splits.append(asked[:MOST_QUERIES])
        reports[profile] = tune_on_queries(engine.index, engine.weights[profile], *splits, rounds=rounds, track=track)
    return reports


def draw(rows: Rows, seeds: int, number: int) -> Asked:
    """`seeds` songs of a playlist drawn at random, the same each time; the others are wanted."""
    drawn = np.random.default_rng(number).permutation(rows)
    return Asked(drawn[:seeds], drawn[seeds:])


def tune_on_queries(
    index: OpenIndex,
    start: Mapping[str, float],
    tune: Sequence[Asked],
    check: Sequence[Asked],
    *,
    rounds: int = 3,
    track: Track = quiet,
) -> TuningReport:
    """Tune weights on some queries; others decide whether they are any better."""
    judged = {
        name: [judge(index, asked, start) for asked in track(queries, f"prepare {name}")]
        for name, queries in (("tune", tune), ("check", check))
    }
    names = [name for name in start if name not in UNTUNED]
    tuned = coordinate_ascent(lambda w: float(np.mean(metrics(judged["tune"], w))), names, start, rounds=rounds)
    verdict = accept(metrics(judged["check"], start), metrics(judged["check"], tuned.weights))
    seeds = sorted({len(asked.seeds) for asked in tune})
    described = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return TuningReport(f"NDCG@{METRIC_K}, {described} seed{'s' * (seeds[-1] > 1)}", tuned, verdict)


def judge(index: OpenIndex, asked: Asked, weights: Mapping[str, float]) -> Judged:
    """The signals of a query's candidates, and which of them should come back."""
    query = Query(index, seeds=tuple(Seed.of_row(index, int(row)) for row in asked.seeds))
    candidates = pool(query, weights, METRIC_K, None)
    relevant = np.isin(candidates.rows, asked.wanted)
    return Judged(normalise(measure(query, candidates, weights)), relevant, len(asked.wanted) - int(relevant.sum()))


def metrics(queries: Sequence[Judged], weights: Mapping[str, float]) -> list[float]:
    """NDCG@500 of each query under these weights."""
    factors = np.array(list(weights.values()), np.float32)
    found = []
    for query in queries:
        scores = query.signals @ factors
        k = min(METRIC_K, len(scores))
        head = np.argpartition(-scores, k - 1)[:k]
        ranked = head[np.argsort(-scores[head], kind="stable")]
        found.append(ndcg_at(query.relevant[ranked], METRIC_K, int(query.relevant.sum()) + query.missing))
    return found
