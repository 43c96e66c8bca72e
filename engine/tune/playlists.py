"""Tuning on listeners' playlists: some songs of a playlist are the query, the others what should come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.answer.answer import pool
from engine.index import OpenIndex
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.score.signals import z_scores
from engine.score.weights import UNTUNED, Profile, Profiles, profile_of
from engine.tune.acceptance import TuningReport, accept
from engine.tune.golden import coordinate_ascent, ndcg_at
from indexer.errors import CatalogueError, RequestError
from indexer.progress import Track, quiet
from indexer.records import SavedPlaylist
from indexer.songs.splits import playlist_rows

Rows = npt.NDArray[np.int64]

METRIC_K = 500  # NDCG@500, the Million Playlist Dataset's
LEAST_SONGS = 10  # playlists with fewer songs in the index are left out, as in the reference figures
LEAST_QUERIES = 20  # in either split; fewer say nothing that holds
MOST_QUERIES = 400  # per split; 200 judged queries are enough for golden section (research/codebases.md, 6)
SEEDS: dict[Profile, int] = {"one": 1, "several": 5}


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A query whose answer is known.

    seeds    int64: rows of the songs to start from
    wanted   int64: rows of the songs that should come back
    """

    seeds: Rows
    wanted: Rows


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPool:
    """The candidates of an example.

    signals    float32 (candidates, signals), normalised
    relevant   bool (candidates,)
    missing    relevant songs that are no candidates
    """

    signals: npt.NDArray[np.float32]
    relevant: npt.NDArray[np.bool_]
    missing: int


def tune_on_playlists(
    index: OpenIndex,
    weights: Profiles,
    playlists: Iterable[SavedPlaylist],
    *,
    rounds: int = 3,
    track: Track = quiet,
) -> dict[Profile, TuningReport]:
    """Tune weights by NDCG@500 on the playlists that no stage of the build has seen; `weights` is where it starts.

    Once with one song of each playlist as the seed, once with five. Half of the playlists are tuned on, the other
    half decides whether the weights are any better.
    """
    saved = list(playlists)
    held_out = index.config.held_out
    reports = {}
    for profile, seeds in SEEDS.items():
        splits = []
        for split in ("tune", "check"):
            listed = [p.rows for p in playlist_rows(index.songs, saved, held_out, split)]
            examples = [
                draw(rows, seeds, i) for i, rows in enumerate(listed) if len(rows) >= max(LEAST_SONGS, seeds + 1)
            ]
            if len(examples) < LEAST_QUERIES:
                raise CatalogueError(
                    f"tuning needs {LEAST_QUERIES} held-out playlists of {LEAST_SONGS} songs or more to {split} on, "
                    f"found {len(examples)}; import more playlists, or rebuild with a larger held_out "
                    f"(now {held_out:g})"
                )
            splits.append(examples[:MOST_QUERIES])
        reports[profile] = tune_on_queries(index, weights[profile], *splits, rounds=rounds, track=track)
    return reports


def draw(rows: Rows, seeds: int, number: int) -> Example:
    """`seeds` songs of a playlist drawn at random, the same each time; the others are wanted."""
    drawn = np.random.default_rng(number).permutation(rows)
    return Example(drawn[:seeds], drawn[seeds:])


def tune_weights(
    index: OpenIndex, weights: Profiles, examples: Sequence[Example], *, track: Track = quiet
) -> dict[Profile, TuningReport]:
    """Tune each profile on the examples of its number of seeds: every second is tuned on, the others decide.

    RequestError where an example is empty, or a profile has fewer than 2 x LEAST_QUERIES; profiles without any have no
    report.
    """
    by_profile: dict[Profile, list[Example]] = {}
    for example in examples:
        if not len(example.seeds) or not len(example.wanted):
            raise RequestError(
                "a query has no seeds or no songs that should come back; expected ([seeds], [wanted])",
                field="queries", found="an empty list", expected="([seeds], [wanted]), a song in each",
            )  # fmt: skip
        by_profile.setdefault(profile_of(len(example.seeds)), []).append(example)
    for profile, of_profile in by_profile.items():
        if len(of_profile) < 2 * LEAST_QUERIES:
            found = f"{len(of_profile)} queries have {profile} seed{'s' * (profile != 'one')}"
            expected = f"at least {2 * LEAST_QUERIES}, half to tune on and half to check"
            raise RequestError(
                f"{found}, expected {expected}; give more, or leave these out",
                field="queries", found=found, expected=expected,
            )  # fmt: skip
    return {
        profile: tune_on_queries(index, weights[profile], of_profile[::2], of_profile[1::2], track=track)
        for profile, of_profile in by_profile.items()
    }


def tune_on_queries(
    index: OpenIndex,
    start: Mapping[str, float],
    tune: Sequence[Example],
    check: Sequence[Example],
    *,
    rounds: int = 3,
    track: Track = quiet,
) -> TuningReport:
    """Tune the weights of one profile on some examples; others decide whether they are any better."""
    judged = {
        name: [judge(index, example, start) for example in track(examples, f"prepare {name}")]
        for name, examples in (("tune", tune), ("check", check))
    }
    names = [name for name in start if name not in UNTUNED]
    tuned = coordinate_ascent(lambda w: float(np.mean(metrics(judged["tune"], w))), names, start, rounds=rounds)
    verdict = accept(metrics(judged["check"], start), metrics(judged["check"], tuned.weights))
    seeds = sorted({len(example.seeds) for example in tune})
    described = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return TuningReport(f"NDCG@{METRIC_K}, {described} seed{'s' * (seeds[-1] > 1)}", tuned, verdict)


def judge(index: OpenIndex, example: Example, weights: Mapping[str, float]) -> JudgedPool:
    """The signals of an example's candidates, and which of them should come back."""
    query = Query(index, seeds=tuple(Seed.of_row(index, int(row)) for row in example.seeds))
    candidates = pool(query, weights, METRIC_K, None)
    relevant = np.isin(candidates.rows, example.wanted)
    signals = z_scores(query, candidates, list(weights))
    return JudgedPool(signals, relevant, len(example.wanted) - int(relevant.sum()))


def metrics(pools: Sequence[JudgedPool], weights: Mapping[str, float]) -> list[float]:
    """NDCG@500 of each example under these weights; equal scores are ordered by row, as the engine does."""
    factors = np.array(list(weights.values()), np.float32)
    values = []
    for judged in pools:
        ranked = best(judged.signals @ factors, METRIC_K)
        values.append(ndcg_at(judged.relevant[ranked], METRIC_K, int(judged.relevant.sum()) + judged.missing))
    return values


def best(scores: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.int64]:
    """Places of the k highest scores, the highest first, equal ones in their order.

    >>> best(np.array([1.0, 3.0, 3.0, 2.0, 3.0]), 2).tolist()
    [1, 2]
    """
    if k >= len(scores):
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    head = np.flatnonzero(scores >= least)  # with all that are as high as the last
    return head[np.argsort(-scores[head], kind="stable")[:k]]
