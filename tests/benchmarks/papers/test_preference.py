"""preference on the bundled catalogue: the paper's figures, pairs as they are said to be, systems that can tell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_score, recall_score

from benchmarks.data.dataset import Dataset
from benchmarks.papers import preference
from benchmarks.papers.preference import KINDS, METRICS, NETWORK, OURS, SYSTEMS, Split
from benchmarks.papers.record import Record

pytestmark = pytest.mark.papers


@pytest.fixture(scope="module")
def record(reproduced: Callable[[str], Record]) -> Record:
    return reproduced("preference")


def test_the_record_holds_every_kind_and_system_with_spread_and_published_figures(record: Record) -> None:
    assert [each.title.split(", ")[1].split(":")[0] for each in record.comparisons] == list(KINDS)
    for comparison in record.comparisons:
        assert [line.system for line in comparison.lines] == list(SYSTEMS)
        for line in comparison.lines:
            assert list(line.ours) == [*METRICS, *(f"sd of {name}" for name in METRICS)]
            assert all(0 <= line.ours[name] <= 1 for name in METRICS[1:])
            told = comparison.title.split(", ")[1].startswith("different") and line.system == NETWORK
            assert dict(line.published) == (
                {"test loss": 0.8675, "accuracy": 0.5, "recall": 0.0413, "precision": 0.5, "F1": 0.0763} if told else {}
            )
    assert sum("ours is above the network" in sentence for sentence in record.differs) == len(KINDS)
    points = record.curves[f"different taste: {OURS}"]
    assert np.mean([accuracy for _, accuracy in points]) == pytest.approx(
        record.comparisons[0].lines[SYSTEMS.index(OURS)].ours["accuracy"], abs=1e-3
    )
    assert record.curves["different taste: training loss"][-1][0] == preference.QUICK_EPOCHS


def test_pairs_are_the_nearest_and_the_farthest_and_share_no_song(warm_dataset: Dataset) -> None:
    complete = ~np.isnan(warm_dataset.index.songs.audio).any(axis=1)
    likes = [rows for rows in map(warm_dataset.rows, warm_dataset.test) if complete[rows].sum() >= 8]
    assert len(likes) >= 5
    likeness = preference.taste_likeness(warm_dataset, likes)
    near = preference.pair_up("similar taste", warm_dataset, likes, complete, 1, 3)
    far = preference.pair_up("different taste", warm_dataset, likes, complete, 1, 3)
    for pair in (*near, *far):
        assert not set(pair.one) & set(pair.other)
        assert set(pair.one) <= set(likes[[set(pair.one) <= set(rows) for rows in likes].index(True)])
    others = likeness[0][1:]
    assert near[0].likeness == pytest.approx(others.max())
    assert far[0].likeness == pytest.approx(others.min())
    assert near[0].likeness > far[0].likeness
    assert not preference.pair_up("similar taste", warm_dataset, likes, complete, 10_000, 3)
    assert not preference.pair_up("similar taste", warm_dataset, likes[:1], complete, 1, 3)
    for pair in preference.broad_pairs(warm_dataset, likes, complete, 1, 2):
        assert not set(pair.one) & set(pair.other)


def test_a_split_is_a_third_with_both_listeners_alike() -> None:
    split = Split.of(np.arange(100, 145), np.arange(200, 230), seed=0)
    assert split.rows.tolist() == [*range(100, 130), *range(200, 230)], "the longer is cut"
    assert (split.test.sum(), (split.test & split.liked).sum()) == (20, 10)
    assert (split.test != Split.of(np.arange(100, 145), np.arange(200, 230), seed=1).test).any()


def test_metrics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    outputs, liked = rng.random(30), rng.random(30) < 0.4
    said = outputs >= 0.6
    expected = [
        log_loss(liked, outputs), accuracy_score(liked, said), recall_score(liked, said),
        precision_score(liked, said), f1_score(liked, said),
    ]  # fmt: skip
    assert preference.judged(outputs, said, liked) == pytest.approx(expected, abs=1e-4)
    assert preference.judged(outputs, np.zeros(30, bool), liked)[1:] == pytest.approx(
        [1 - liked.mean(), 0, 0, 0], abs=1e-4
    )


def test_the_network_and_the_regression_learn_what_can_be_learned_and_no_more() -> None:
    rng = np.random.default_rng(0)
    liked = np.arange(120) < 60
    test = np.arange(120) % 3 == 0
    features = preference.minmax(rng.random((120, 12)).astype(np.float32) + 0.5 * liked[:, None], ~test)
    outputs, losses = preference.network(features, liked, test, 200, seed=0)
    assert ((outputs > 0.5) == liked[test]).mean() > 0.9
    assert losses[-1] < 0.5 * losses[0]
    assert ((preference.regression(features, liked, test) > 0.5) == liked[test]).mean() > 0.9
    noise = rng.random((120, 12)).astype(np.float32)
    known, _ = preference.network(noise, liked, test, 50, seed=0)
    assert 0.25 < ((known > 0.5) == liked[test]).mean() < 0.75
    same, _ = preference.network(noise, liked, test, 50, seed=0)
    assert np.array_equal(known, same)
