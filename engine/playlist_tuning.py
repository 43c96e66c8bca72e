"""Tuning on listeners' playlists: some songs of a playlist are the query, the others what should come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.answers import pool
from engine.fusion import normalise
from engine.pipeline import Engine
from engine.query import Query, Seed
from engine.signals import DEFAULT_WEIGHTS, measure
from engine.tuning import TuningReport, accept, ndcg_at, tune_weights
from indexer.errors import CatalogueError
from indexer.progress import Track, quiet
from indexer.records import SavedPlaylist
from indexer.splits import split_of

METRIC_K = 500  # NDCG@500, the Million Playlist Dataset's
LEAST_SONGS = 10  # playlists with fewer songs in the index are left out, as in the reference figures
LEAST_PLAYLISTS = 20  # in either split; fewer say nothing that holds
MOST_PLAYLISTS = 400  # per split; 200 judged queries are enough for golden section (research/codebases.md, 6)
UNTUNED = ("target",)  # what a user asks for outright


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
    engine: Engine,
    playlists: Iterable[SavedPlaylist],
    *,
    seeds: int = 5,
    rounds: int = 3,
    track: Track = quiet,
) -> TuningReport:
    """Tune an engine's weights by NDCG@500 on the playlists that no stage of the build has seen.

    Half of them are tuned on, the other half decides whether the weights are any better.
    """
    start = {name: engine.weights[name] for name in DEFAULT_WEIGHTS}
    held_out = engine.index.config.held_out
    splits: dict[str, list[tuple[int, ...]]] = {"tune": [], "check": []}
    for playlist in playlists:
        split = split_of(playlist.playlist_id, held_out)
        rows = [row for s in playlist.song_ids if (row := engine.index.songs.row_of(s)) is not None]
        if split != "train" and len(rows) >= max(LEAST_SONGS, seeds + 1):
            splits[split].append(tuple(rows))
    for name, found in splits.items():
        if len(found) < LEAST_PLAYLISTS:
            raise CatalogueError(
                f"tuning needs {LEAST_PLAYLISTS} held-out playlists of {LEAST_SONGS} songs or more to {name} on, found "
                f"{len(found)}; import more playlists, or rebuild with a larger held_out (now {held_out:g})"
            )
    judged = {
        name: [
            judge(engine, rows, seeds, start, np.random.default_rng(i))
            for i, rows in enumerate(track(found[:MOST_PLAYLISTS], f"prepare {name}"))
        ]
        for name, found in splits.items()
    }
    names = [name for name in start if name not in UNTUNED]
    tuned = tune_weights(lambda w: float(np.mean(metrics(judged["tune"], w))), names, start, rounds=rounds)
    check = accept(metrics(judged["check"], start), metrics(judged["check"], tuned.weights))
    return TuningReport(f"NDCG@{METRIC_K}, {seeds} seeds", tuned, check)


def judge(
    engine: Engine, rows: tuple[int, ...], seeds: int, weights: Mapping[str, float], rng: np.random.Generator
) -> Judged:
    """A playlist as a judged query: `seeds` of its songs drawn at random, the rest relevant."""
    drawn = rng.permutation(np.array(rows))
    query = Query(engine.index, seeds=tuple(Seed.of_row(engine.index, int(row)) for row in drawn[:seeds]))
    candidates = pool(query, weights, METRIC_K, None)
    relevant = np.isin(candidates.rows, drawn[seeds:])
    return Judged(normalise(measure(query, candidates, weights)), relevant, len(drawn) - seeds - int(relevant.sum()))


def metrics(queries: list[Judged], weights: Mapping[str, float]) -> list[float]:
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
