"""Reranking: BM25's candidates in its own order, and in that of BM25 and a second signal (Kelly et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import Dataset
from benchmarks.judge.metrics import Question, digest, judge
from benchmarks.report.run import Run, Setting
from benchmarks.systems.system import Rows
from benchmarks.tasks import continuation
from benchmarks.tasks.running import Job, opened, run_of
from engine.query.query import Query, Seed
from engine.retrieve.retrievers import LexicalRetriever
from engine.score.fusion import normalise
from engine.score.signals import Pool, measure
from engine.tune.golden import Optimum, golden_section
from indexer.models.moods.vocabulary import moods_of
from indexer.progress import Track

SYSTEMS = {"bm25": None, "bm25 and lyrics": "lyrics", "bm25 and tbert": "tbert"}  # -> the second signal
CANDIDATES = 100
SHOWN = 10
HEAVIEST = 8.0  # weight of the second signal; BM25's is 1
SEEDS = {"1 seed": 1, "5 seeds": 5}
SAME_MOOD = "same mood, 1 seed"


@dataclass(frozen=True, slots=True)
class Candidates:
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


def candidates(dataset: Dataset, signal: str | None, asked: Sequence[Question]) -> list[Candidates]:
    """BM25's best songs with lyrics and audio features for each question; none where no seed has keywords."""
    index, members = dataset.index, dataset.mask(dataset.whole)
    names = {"lexical": 1.0, signal or "lexical": 1.0}
    found = []
    for question in asked:
        query = Query(index, seeds=tuple(Seed.of_row(index, int(row)) for row in question.seeds))
        ranking = LexicalRetriever().retrieve(query, CANDIDATES + len(question.seeds), members)
        ranking = ranking.without(question.seeds.tolist()).top(CANDIDATES)
        pool = Pool(np.sort(ranking.rows), {"lexical": ranking})
        scores = normalise(measure(query, pool, names))[:, [0, -1]]
        found.append(Candidates(pool.rows, scores, np.isin(pool.rows, question.relevant)))
    return found


def tuned(dataset: Dataset, signal: str, seeds: int) -> Optimum:
    """The second signal's weight that gives the tuning playlists the highest P@10, by golden section."""
    members = dataset.mask(dataset.whole)
    lists = [rows[members[rows]] for rows in dataset.tune]
    rng = np.random.default_rng(0)
    shuffled = [rng.permutation(rows) for rows in lists if len(rows) >= continuation.LEAST_SONGS]
    asked = [Question(rows[:seeds], rows[seeds:]) for rows in shuffled]
    found = candidates(dataset, signal, asked)

    def precision(weight: float) -> float:
        return float(np.mean([each.right[each.ranked(weight)][:SHOWN].sum() / SHOWN for each in found] or [0.0]))

    return golden_section(precision, 0.0, HEAVIEST)


def measure_reranking(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """P@10 of one set of candidates in each system's order; the mood's questions take the weight for one seed."""
    dataset = opened(job.warm)
    asked = questions(dataset, limit=job.limit)
    for system in track(systems, "rerank", len(systems)):
        signal = SYSTEMS[system]
        best = {} if signal is None else {name: tuned(dataset, signal, seeds) for name, seeds in SEEDS.items()}
        settings = {}
        for name, each in asked.items():
            optimum = best.get(name, best.get("1 seed"))
            weight = 0.0 if optimum is None else optimum.x
            rankings = [found.rows[found.ranked(weight)] for found in candidates(dataset, signal, each)]
            scores = judge(rankings, [question.relevant for question in each], [f"P@{SHOWN}"])
            settings[f"(a) {name}"] = Setting(digest(each), scores, facts={"weight": round(weight, 3)})
        said = "none" if signal is None else (
            f"the weight of {signal} by golden section on P@{SHOWN} of {len(dataset.tune)} held-out playlists"
        )  # fmt: skip
        yield run_of(job, system, settings, dataset, tuning=said, told={"traces": _traces(signal or "", best)})


def _traces(signal: str, best: Mapping[str, Optimum]) -> dict[str, list[tuple[int, str, float, float]]]:
    return {
        name: [(1, signal, round(weight, 4), round(value, 4)) for weight, value in optimum.evaluations]
        for name, optimum in best.items()
    }
