"""Comparing runs: known numbers, both directions, and refusal to compare what differs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.judge.paired import compare, differences, holm
from engine.tune.acceptance import paired_p
from tests.benchmarks.made_runs import made_run


def test_holm_against_numbers_of_statsmodels() -> None:
    # multipletests(p, method="holm")[1]
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.0001, 0.4, 0.02, 0.03, 0.5]) == pytest.approx([0.0005, 0.8, 0.08, 0.09, 0.8])
    assert holm([]) == []


def test_differences_are_corrected_over_all_pairs_and_say_their_verdict() -> None:
    rng = np.random.default_rng(0)
    first = rng.random(200)
    scores = {"a": first.tolist(), "b": (first - 0.05 + rng.normal(0, 0.1, 200)).tolist(), "c": first.tolist()}
    better, same = differences(scores, [("a", "b"), ("a", "c")])
    assert better.mean == pytest.approx(np.mean(scores["a"]) - np.mean(scores["b"]))
    assert better.p == pytest.approx(2 * paired_p(scores["a"], scores["b"]))
    assert better.verdict(0.05).startswith("a is better than b")
    assert differences(scores, [("b", "a")])[0].verdict(0.05).startswith("b is worse than a")
    assert same.p == 1.0
    assert "not told apart from" in same.verdict(0.05)


def test_wins_follow_the_direction_of_the_metric() -> None:
    a = made_run("a", {"NDCG@500": [0.3, 0.5, 0.1, 0.2], "clicks": [0, 3, 1, 1]})
    b = made_run("b", {"NDCG@500": [0.2, 0.5, 0.2, 0.1], "clicks": [1, 3, 0, 2]})
    ndcg, clicks = compare(a, b)
    assert (ndcg.wins, ndcg.ties, ndcg.losses) == (2, 1, 1)
    assert (clicks.wins, clicks.ties, clicks.losses) == (2, 1, 1)
    assert ndcg.a_is_better
    assert clicks.a_is_better
    assert [ndcg.adjusted, clicks.adjusted] == holm([ndcg.p, clicks.p])


def test_runs_on_other_data_are_not_compared() -> None:
    with pytest.raises(ValueError, match="ran on another catalogue"):
        compare(made_run("a", {"P@10": [0.1]}), made_run("b", {"P@10": [0.1]}, catalogue="d"))


def test_other_questions_are_not_compared() -> None:
    with pytest.raises(ValueError, match="other questions"):
        compare(made_run("a", {"P@10": [0.1]}), made_run("b", {"P@10": [0.1]}, digest="else"))


def test_fewer_of_the_same_questions_are_other_questions() -> None:
    with pytest.raises(ValueError, match="other questions"):
        compare(made_run("a", {"P@10": [0.1]}), made_run("b", {"P@10": [0.1, 0.2]}))
