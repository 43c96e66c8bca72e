"""Least squares against scikit-learn's ridge, calibration against what is known by construction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from indexer.models.moods.fitting import NEAR, PENALTIES, balanced, calibration_error, least_squares, platt, tempered


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 8)).astype(np.float32)
    wanted = (rows @ rng.normal(size=(8, 2)) + 3 + 0.1 * rng.normal(size=(300, 2))).astype(np.float32)
    return rows, wanted, rng.integers(0, 4, 300)


def test_the_fit_is_a_ridge_with_one_of_the_penalties(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    rows, wanted, folds = drawn
    weight = np.random.default_rng(1).uniform(0.5, 2, 300).astype(np.float32)
    fitted = least_squares(rows, wanted, folds, weight)
    ridges = [Ridge(alpha=penalty).fit(rows, wanted, sample_weight=weight) for penalty in PENALTIES]
    assert any(np.allclose(each.coef_.T, fitted.weights, atol=1e-3) for each in ridges)
    assert any(np.allclose(each.intercept_, fitted.bias, atol=1e-3) for each in ridges)


def test_unseen_predictions_do_not_know_their_own_fold(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    rows, wanted, folds = drawn
    fitted = least_squares(rows, wanted, folds)
    other = wanted.copy()
    other[folds == 2] += 100  # what fold 2 is labelled must not move what is predicted of fold 2
    ridges = [Ridge(alpha=penalty).fit(rows[folds != 2], wanted[folds != 2]) for penalty in PENALTIES]
    assert any(np.allclose(each.predict(rows[folds == 2]), fitted.unseen[folds == 2], atol=1e-2) for each in ridges)
    spoilt = least_squares(rows, other, folds).unseen[folds == 2]
    assert any(np.allclose(each.predict(rows[folds == 2]), spoilt, atol=1e-2) for each in ridges)


def test_near_a_start_only_the_difference_is_shrunk(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """The start plus a ridge of what it leaves; a column that the rows do not show keeps the start's weights."""
    rows, wanted, folds = drawn
    start = least_squares(rows, wanted, folds)
    few, other = rows[:60].copy(), wanted[:60] + 2 * rows[:60, :1]
    few[:, 7] = 0
    fitted = least_squares(few, other, folds[:60], near=start)
    left = other - (few @ start.weights + start.bias)
    ridges = [Ridge(alpha=penalty).fit(few, left) for penalty in NEAR if np.isfinite(penalty)]
    assert any(np.allclose(start.weights + each.coef_.T, fitted.weights, atol=1e-3) for each in ridges)
    assert np.array_equal(fitted.weights[7], start.weights[7])
    assert ((fitted.unseen - other) ** 2).mean() < ((few @ start.weights + start.bias - other) ** 2).mean()


def test_noise_moves_a_start_nowhere(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    rows, wanted, folds = drawn
    start = least_squares(rows, wanted, folds)
    noise = np.random.default_rng(4).normal(size=(60, 2)).astype(np.float32)
    fitted = least_squares(rows[:60], rows[:60] @ start.weights + start.bias + noise, folds[:60], near=start)
    assert np.abs(fitted.weights - start.weights).max() < 0.1


def test_noise_is_shrunk_the_most() -> None:
    rng = np.random.default_rng(3)
    rows, noise = rng.normal(size=(80, 60)).astype(np.float32), rng.normal(size=(80, 1)).astype(np.float32)
    fitted = least_squares(rows, noise, rng.integers(0, 4, 80))
    heaviest = Ridge(alpha=PENALTIES[-1]).fit(rows, noise)
    assert np.allclose(heaviest.coef_.ravel(), fitted.weights[:, 0], atol=1e-3)


def test_platt_finds_the_sigmoid_and_never_a_falling_one() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=20_000).astype(np.float32)
    wanted = (rng.uniform(size=20_000) < 1 / (1 + np.exp(-(2 * raw - 1)))).astype(np.float32)
    slope, offset = platt(raw, wanted)
    assert slope == pytest.approx(2, abs=0.1)
    assert offset == pytest.approx(-1, abs=0.1)
    assert platt(-raw, wanted)[0] == 0


def test_tempering_finds_how_sure_to_be() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(20_000, 3)).astype(np.float32)
    chances = np.exp(1.5 * raw)
    chances /= chances.sum(axis=1, keepdims=True)
    classes = (rng.uniform(size=(20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    slope, offset = tempered(raw, classes)
    assert slope.tolist() == pytest.approx([1.5] * 3, abs=0.1)
    assert not offset.any()


def test_balanced_weights_give_classes_the_same_say() -> None:
    classes = np.array([0] * 9 + [2])
    weight = balanced(classes)
    assert weight[classes == 0].sum() == pytest.approx(weight[classes == 2].sum())
    assert weight.sum() == pytest.approx(10)


def test_calibration_error_of_the_sure_and_wrong() -> None:
    assert calibration_error(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0, 1, 1]), bins=2) == pytest.approx(1)
    assert calibration_error(np.array([0.5] * 4), np.array([0.0, 1, 0, 1]), bins=1) == 0
