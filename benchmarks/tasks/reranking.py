"""Reranking: BM25's candidates in its own order, and in that of BM25 and a second signal (Kelly et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import Dataset
from benchmarks.judge.metrics import Question, digest, score_rankings
from benchmarks.report.run import Result, Run
from benchmarks.systems.content.vectors import Cosine
from benchmarks.systems.scoring import NO_ROWS
from benchmarks.systems.system import Rows
from benchmarks.tasks import continuation
from benchmarks.tasks.running import Job, opened, run_of
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.score.fusion import normalise
from engine.tune.golden import Optimum, golden_section
from indexer.models.moods.vocabulary import moods_of
from indexer.progress import Track

Vectors = npt.NDArray[np.floating[Any]]

NO_SCORES = np.zeros(0, np.float32)
SYSTEMS = {"bm25": None, "bm25 and lyrics": "lyrics", "bm25 and tbert": "tbert"}  # -> the second signal
CANDIDATES = 100
SHOWN = 10
HEAVIEST = 8.0  # weight of the second signal; BM25's is 1
SEEDS = {"1 seed": 1, "5 seeds": 5}
SAME_MOOD = "same mood, 1 seed"


@dataclass(frozen=True, slots=True)
class ScoredSongs:
    """BM25's best songs for one question.

    scores   float32 (rows, 2): BM25 and the second signal, normalised
    right    bool (rows,): whether a song is relevant
    """

    rows: Rows
    scores: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]

    def ranked(self, weight: float) -> Rows:
        """The candidates by BM25 + weight x the second signal."""
        return np.argsort(-(self.scores @ np.array([1.0, weight], np.float32)), kind="stable")


def questions(dataset: Dataset, *, limit: int | None = None) -> dict[str, list[Question]]:
    """The rest of a test playlist from its seeds; and songs of its mood, that any test playlist called so holds."""
    asked = continuation.questions(dataset, "a", limit=limit)
    found = {name: asked[f"{name}, random"] for name in SEEDS}
    members = dataset.mask(dataset.whole)
    called: list[tuple[set[str], Rows]] = []
    songs_of: dict[str, set[int]] = {}
    for playlist in dataset.test:
        rows = dataset.rows(playlist)
        moods = moods_of(playlist.name)
        rows = continuation.drawn(playlist, rows[members[rows]])
        if moods and len(rows):
            called.append((moods, rows))
            for mood in moods:
                songs_of.setdefault(mood, set()).update(rows.tolist())
    found[SAME_MOOD] = [
        Question(rows[:1], np.array(sorted(set.union(*(songs_of[mood] for mood in moods)) - {int(rows[0])}), np.int64))
        for moods, rows in called[:limit]
    ]
    return {name: [q for q in each if len(q.relevant)] for name, each in found.items()}


def vectors_of(dataset: Dataset, signal: str) -> Vectors:
    """The index's vectors that a second signal compares, float (rows, d): "lyrics" or "tbert"."""
    vectors: Vectors = {"lyrics": dataset.index.sentence, "tbert": dataset.index.tbert}[signal]
    return vectors


def candidates(
    dataset: Dataset,
    vectors: Vectors | None,
    batch: Sequence[Question],
    *,
    keywords: Sequence[str] | None = None,
) -> list[ScoredSongs]:
    """BM25's best songs with lyrics and audio features for each question; none where no seed has keywords.

    vectors    what the second signal compares by cosine, float (rows of the index, d); zero where nothing is known.
               BM25 alone without
    keywords   by row, blank-separated; those of the index without
    """
    index, members = dataset.index, dataset.mask(dataset.whole)
    scored = []
    for question in batch:
        seeds = [Seed.of_row(index, int(row)) for row in question.seeds]
        if keywords is not None:
            words = [tuple(keywords[int(row)].split()) for row in question.seeds]
            seeds = [replace(seed, keywords=each) for seed, each in zip(seeds, words, strict=True)]
        allowed = members.copy()
        allowed[question.seeds] = False
        terms = Query(index, seeds=tuple(seeds)).terms
        rows, bm25 = index.lexical.search_terms(terms, CANDIDATES, allowed=allowed) if terms else (NO_ROWS, NO_SCORES)
        order = np.argsort(rows)
        rows, bm25 = np.asarray(rows, np.int64)[order], np.asarray(bm25, np.float32)[order]
        second = bm25 if vectors is None else Cosine(vectors, rows).to_rows(question.seeds)
        scores = normalise(np.column_stack([bm25, second]).astype(np.float32))
        scored.append(ScoredSongs(rows, scores, np.isin(rows, question.relevant)))
    return scored


def tuned(dataset: Dataset, vectors: Vectors, seeds: int, *, keywords: Sequence[str] | None = None) -> Optimum:
    """The second signal's weight that gives the tuning playlists the highest P@10, by golden section."""
    members = dataset.mask(dataset.whole)
    lists = [rows[members[rows]] for rows in dataset.tune]
    rng = np.random.default_rng(0)
    shuffled = [rng.permutation(rows) for rows in lists if len(rows) >= continuation.LEAST_SONGS]
    scored = candidates(
        dataset, vectors, [Question(rows[:seeds], rows[seeds:]) for rows in shuffled], keywords=keywords
    )

    def precision(weight: float) -> float:
        return float(np.mean([each.right[each.ranked(weight)][:SHOWN].sum() / SHOWN for each in scored] or [0.0]))

    return golden_section(precision, 0.0, HEAVIEST)


def measure_reranking(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """P@10 of one set of candidates in each system's order; the mood's questions take the weight for one seed."""
    dataset = opened(job.warm)
    asked = questions(dataset, limit=job.limit)
    continuation.require(asked, dataset, "a")
    for system in track(systems, "rerank", len(systems)):
        signal = SYSTEMS[system]
        vectors = None if signal is None else vectors_of(dataset, signal)
        best = {} if vectors is None else {name: tuned(dataset, vectors, seeds) for name, seeds in SEEDS.items()}
        settings = {}
        for name, each in asked.items():
            optimum = best.get(name, best.get("1 seed"))
            weight = 0.0 if optimum is None else optimum.x
            rankings = [scored.rows[scored.ranked(weight)] for scored in candidates(dataset, vectors, each)]
            scores = score_rankings(rankings, [question.relevant for question in each], [f"P@{SHOWN}"])
            settings[f"(a) {name}"] = Result(digest=digest(each), scores=scores, facts={"weight": round(weight, 3)})
        tuning = "nothing" if signal is None else (
            f"the weight of {signal} by golden section on P@{SHOWN} of {len(dataset.tune)} held-out playlists"
        )  # fmt: skip
        yield run_of(job, system, settings, dataset, tuning=tuning, config={"traces": _traces(signal or "", best)})


def _traces(signal: str, best: Mapping[str, Optimum]) -> dict[str, list[tuple[int, str, float, float]]]:
    return {
        name: [(1, signal, round(weight, 4), round(value, 4)) for weight, value in optimum.evaluations]
        for name, optimum in best.items()
    }
