"""The continuation protocol: seeds, answers and pools by its rules; a system that knows the answers scores 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from benchmarks.data.dataset import Dataset
from benchmarks.judge.metrics import CONTINUATION, Question
from benchmarks.systems.system import Fold, Rows
from benchmarks.tasks import continuation
from benchmarks.tasks.asking import check
from benchmarks.tasks.running import Job, evaluate

JOB = Job("continuation-b", None, None, None, "test")


class Oracle:
    """Knows every answer, and puts it first (or, `backwards`, leaves it out)."""

    name, tuning = "oracle", "none"

    def __init__(self, settings: Mapping[str, Sequence[Question]], *, backwards: bool = False):
        asked = [question for questions in settings.values() for question in questions]
        self.answers = {(q.seeds.tobytes(), q.text): q.relevant for q in asked}
        self.backwards = backwards

    def fit(self, fold: Fold) -> None:
        self.candidates = fold.candidates

    def rank(self, seeds: Rows, k: int) -> Rows:
        return self._answer(seeds, "", k)

    def settings(self) -> Mapping[str, object]:
        return {}

    def search(self, text: str, k: int) -> Rows:
        return self._answer(np.zeros(0, np.int64), text, k)

    def _answer(self, seeds: Rows, text: str, k: int) -> Rows:
        right = self.answers[seeds.tobytes(), text]
        others = np.setdiff1d(self.candidates, np.union1d(right, seeds))
        return others[:k] if self.backwards else np.concatenate([right, others])[:k]


@pytest.mark.parametrize("pool", ["a", "b"])
def test_questions_follow_the_protocol(warm_dataset: Dataset, pool: str) -> None:
    settings = continuation.questions(warm_dataset, pool)
    members = continuation.candidates(warm_dataset, pool)
    test = {frozenset(rows) for p in warm_dataset.test if len(rows := warm_dataset.rows(p)[:].tolist())}
    assert list(settings) == [f"{n} seed{'s' * (n > 1)}, {w}" for w in ("random", "first") for n in (1, 5, 10, 25)] + [
        "name only"
    ]
    assert len(settings["5 seeds, random"]) > 3
    for name, questions in settings.items():
        count = 0 if name == "name only" else int(name.split()[0])
        for question in questions:
            whole = {*question.seeds.tolist(), *question.relevant.tolist()}
            assert len(question.seeds) == count
            assert bool(question.text) == (count == 0)
            assert len(whole) == len(question.seeds) + len(question.relevant) >= max(10, count + 5)
            assert whole <= set(members.tolist())
            assert any(whole <= playlist for playlist in test)
    for one, five in zip(settings["1 seed, random"], settings["5 seeds, random"], strict=True):
        assert one.seeds[0] == five.seeds[0]


def test_first_means_the_listeners_order(warm_dataset: Dataset) -> None:
    rows = next(r for p in warm_dataset.test if len(r := warm_dataset.rows(p)) >= 10)
    assert continuation.questions(warm_dataset, "b")["5 seeds, first"][0].seeds.tolist() == rows[:5].tolist()


def test_in_the_cold_pool_only_cold_songs_are_looked_for(cold_dataset: Dataset) -> None:
    fold = continuation.fold(cold_dataset, "c-all")
    cold = set(cold_dataset.cold.tolist())
    assert set(fold.candidates.tolist()) == cold
    assert not cold & {row for rows in (*fold.train, *fold.tune) for row in rows.tolist()}
    (questions,) = continuation.questions(cold_dataset, "c-all").values()
    assert questions
    for question in questions:
        assert len(question.seeds) == 5
        assert not cold & set(question.seeds.tolist())
        assert len(question.relevant) >= 3
        assert set(question.relevant.tolist()) <= cold


def test_everybody_is_asked_the_same(warm_dataset: Dataset, cold_dataset: Dataset) -> None:
    again = continuation.questions(warm_dataset, "b")
    for name, questions in continuation.questions(warm_dataset, "b").items():
        for one, other in zip(questions, again[name], strict=True):
            assert (one.seeds.tolist(), one.relevant.tolist()) == (other.seeds.tolist(), other.relevant.tolist())
    few = continuation.questions(warm_dataset, "b", limit=2)["5 seeds, random"]
    assert [q.seeds.tolist() for q in few] == [q.seeds.tolist() for q in again["5 seeds, random"][:2]]


def test_an_oracle_scores_1_and_its_opposite_0(warm_dataset: Dataset) -> None:
    settings = continuation.questions(warm_dataset, "b")
    fold = continuation.fold(warm_dataset, "b")
    right = evaluate(JOB, Oracle(settings), warm_dataset, fold, settings, CONTINUATION)
    backwards = evaluate(JOB, Oracle(settings, backwards=True), warm_dataset, fold, settings, CONTINUATION)
    assert "name only" in right.settings
    for name, setting in right.settings.items():
        assert setting.queries == len(settings[name]) > 0
        assert set(setting.scores["R-precision"]) == set(setting.scores["NDCG@500"]) == {1.0}
        assert set(setting.scores["clicks"]) == {0}
        assert backwards.settings[name].digest == setting.digest
        assert set(backwards.settings[name].scores["NDCG@500"]) == {0.0}
        assert set(backwards.settings[name].scores["clicks"]) == {51}


@pytest.mark.parametrize(
    ("ranking", "complaint"),
    [([1, 2, 3, 4], "at most 3"), ([1, 1], "twice"), ([1, 5], "a seed"), ([1, 9], "no candidate")],
)
def test_a_ranking_that_breaks_the_rules_is_an_error(ranking: list[int], complaint: str) -> None:
    question = Question(np.array([5]), np.array([1]))
    with pytest.raises(ValueError, match=complaint):
        check("bad", np.array(ranking), question, 3, np.array([1, 2, 3, 4, 5]))
