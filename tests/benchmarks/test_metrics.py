"""Metrics: what ir-measures says agrees with the definitions, counted by hand and by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.judge.metrics import NO_PAGE, Question, digest, score_rankings


def brute(ranking: list[int], relevant: set[int]) -> dict[str, float]:
    hits = [row in relevant for row in ranking]
    gain = sum(1 / math.log2(rank + 1) for rank, hit in enumerate(hits[:500], 1) if hit)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(500, len(relevant)) + 1))
    return {
        "R-precision": sum(hits[: len(relevant)]) / len(relevant),
        "NDCG@500": gain / ideal,
        "P@10": sum(hits[:10]) / 10,
        "clicks": hits[:500].index(True) // 10 if any(hits[:500]) else NO_PAGE,
        "first": float(hits[:1] == [True]),
        "top ten": float(any(hits[:10])),
        "RR@10": 1 / (hits.index(True) + 1) if any(hits[:10]) else 0.0,
    }


def test_scores_are_those_of_the_definitions() -> None:
    rng = np.random.default_rng(0)
    rankings, relevant = [], []
    for _ in range(450):  # more than are judged at once
        rankings.append(rng.permutation(2000)[: rng.integers(0, 501)])
        relevant.append(np.sort(rng.permutation(2000)[: rng.integers(1, 700)]))
    names = list(brute([], {1}))
    scores = score_rankings(rankings, relevant, names)
    for i, (ranking, right) in enumerate(zip(rankings, relevant, strict=True)):
        for name, value in brute(ranking.tolist(), set(right.tolist())).items():
            assert scores[name][i] == pytest.approx(value, abs=6e-5), name


def test_a_ranking_by_hand() -> None:
    scores = score_rankings([np.array([5, 1, 9, 2])], [np.array([1, 2])])
    assert scores["R-precision"] == [0.5]
    assert scores["P@10"] == [0.2]
    assert scores["clicks"] == [0]
    assert scores["NDCG@500"] == [round((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)), 4)]


def test_an_empty_ranking_scores_the_worst() -> None:
    nothing = np.zeros(0, np.int64)
    found = score_rankings([nothing, np.array([4])], [np.array([4]), np.array([4])])
    assert found == {"R-precision": [0.0, 1.0], "NDCG@500": [0.0, 1.0], "P@10": [0.0, 0.1], "clicks": [NO_PAGE, 0]}


def test_a_digest_tells_questions_apart() -> None:
    def asked(seeds: list[int], relevant: list[int], text: str = "") -> str:
        return digest([Question(np.array(seeds), np.array(relevant), text)])

    found = [asked([1], [2, 3]), asked([1, 2], [3]), asked([1], [2, 4]), asked([1], [2, 3], "rain")]
    assert len(set(found)) == 4
    assert asked([1], [2, 3]) == found[0]
