"""Least squares against scikit-learn's ridge, calibration against what is known by construction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from indexer.models.moods.fitting import (
    NEAR,
    PENALTIES,
    Gram,
    balanced,
    calibration_error,
    least_squares,
    platt,
    tempered,
)


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 8)).astype(np.float32)
    wanted = (rows @ rng.normal(size=(8, 2)) + 3 + 0.1 * rng.normal(size=(300, 2))).astype(np.float32)
    return rows, wanted, rng.integers(0, 4, 300)


Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def left_out_error(
    rows: np.ndarray, wanted: np.ndarray, folds: np.ndarray, weight: np.ndarray, penalty: float
) -> float:
    """Squared error of scikit-learn's ridge on each fold, learned from the others."""
    error = 0.0
    for fold in np.unique(folds):
        inside, out = folds != fold, folds == fold
        fitted = Ridge(alpha=penalty).fit(rows[inside], wanted[inside], sample_weight=weight[inside])
        error += float(
            (weight[out, None] * (fitted.predict(rows[out]).reshape(wanted[out].shape) - wanted[out]) ** 2).sum()
        )
    return error


def test_the_fit_is_the_ridge_whose_penalty_predicts_left_out_folds_best(drawn: Drawn) -> None:
    rng = np.random.default_rng(1)
    rows, _, folds = drawn
    for noise in (0.1, 5.0, 50.0):
        wanted = (rows @ rng.normal(size=(8, 2)) + 3 + noise * rng.normal(size=(300, 2))).astype(np.float32)
        weight = rng.uniform(0.5, 2, 300).astype(np.float32)
        fitted = least_squares(rows, wanted, folds, weight)
        best = min(PENALTIES, key=lambda p: left_out_error(rows, wanted, folds, weight, p))
        oracle = Ridge(alpha=best).fit(rows, wanted, sample_weight=weight)
        np.testing.assert_allclose(fitted.weights, oracle.coef_.T, atol=2e-3)
        np.testing.assert_allclose(fitted.bias, oracle.intercept_, atol=2e-3)


def test_sums_give_the_error_that_rows_give(drawn: Drawn) -> None:
    rows, wanted, _ = drawn
    weight = np.random.default_rng(1).uniform(0.5, 2, 300).astype(np.float32)
    gram = Gram.of(rows[:100], wanted[:100], weight[:100]) + Gram.of(rows[100:], wanted[100:], weight[100:])
    solution = np.ones((8, 2), np.float32), np.array([1, 2], np.float32)
    expected = (weight[:, None] * (rows @ solution[0] + solution[1] - wanted) ** 2).sum(axis=0)
    np.testing.assert_allclose(gram.errors(solution), expected, rtol=1e-4)
    hidden = np.arange(8) < 5
    shown = Gram.of(rows * hidden, wanted, weight)
    for name in ("x", "y", "xx", "xy", "yy"):
        np.testing.assert_allclose(getattr(gram.showing(hidden), name), getattr(shown, name), rtol=1e-6, atol=1e-6)


def test_unseen_predictions_do_not_know_their_own_fold(drawn: Drawn) -> None:
    """Neither by the weights nor by the penalty: other labels of a fold change nothing of what is predicted of it."""
    rows, wanted, folds = drawn
    other = wanted.copy()
    other[folds == 2] = 1000 * np.random.default_rng(0).normal(size=other[folds == 2].shape)
    start, spoilt_start = (least_squares(rows, each, folds) for each in (wanted, other))
    np.testing.assert_array_equal(start.unseen[folds == 2], spoilt_start.unseen[folds == 2])
    near, spoilt = (least_squares(rows, y, folds, near=s) for y, s in ((wanted, start), (other, spoilt_start)))
    np.testing.assert_array_equal(near.unseen[folds == 2], spoilt.unseen[folds == 2])
    for i in (0, 1, 3):  # what predicts fold i when fold 2 is not to be known
        for one, two in zip(start.ridge.inside[2, i], spoilt_start.ridge.inside[2, i], strict=True):
            np.testing.assert_array_equal(one, two)


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
    raw = rng.normal(size=(20_000, 2)).astype(np.float32)
    wanted = (rng.uniform(size=raw.shape) < 1 / (1 + np.exp(-(raw * [2, 0.5] - [1, 4])))).astype(np.float32)
    slope, offset = platt(raw, wanted)
    assert slope.tolist() == pytest.approx([2, 0.5], abs=0.15)
    assert offset.tolist() == pytest.approx([-1, -4], abs=0.15)
    assert platt(-raw, wanted)[0].tolist() == [0, 0]


def test_platt_is_scikit_learns_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    raw = (3 * rng.normal(size=(200, 1)) + 5).astype(np.float32)
    wanted = (rng.uniform(size=(200, 1)) < 1 / (1 + np.exp(5 - raw))).astype(np.float32)
    oracle = LogisticRegression(C=1.0).fit((raw - raw.mean()) / raw.std(), wanted[:, 0])
    slope, offset = platt(raw, wanted)
    assert slope[0] == pytest.approx(oracle.coef_[0, 0] / raw.std(), rel=1e-3)
    assert offset[0] == pytest.approx(oracle.intercept_[0] - slope[0] * raw.mean(), rel=1e-2)


def test_few_rows_are_calibrated_as_many_others_are() -> None:
    near = np.array([2.0], np.float32), np.array([-1.0], np.float32)
    none = np.zeros((0, 1), np.float32)
    assert [part.tolist() for part in platt(none, none, near)] == [[2.0], [-1.0]]
    slope, offset = platt(np.array([[0.5]], np.float32), np.array([[1.0]], np.float32), near)
    assert slope[0] == pytest.approx(2, abs=0.5)
    assert offset[0] == pytest.approx(-1, abs=0.7)


def test_tempering_finds_how_sure_to_be() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(20_000, 3)).astype(np.float32)
    chances = np.exp(1.5 * raw)
    chances /= chances.sum(axis=1, keepdims=True)
    classes = (rng.uniform(size=(20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert tempered(raw, classes) == pytest.approx(1.5, abs=0.1)


def test_balanced_weights_give_classes_the_same_say() -> None:
    classes = np.array([0] * 9 + [2])
    weight = balanced(classes)
    assert weight[classes == 0].sum() == pytest.approx(weight[classes == 2].sum())
    assert weight.sum() == pytest.approx(10)


def test_calibration_error_of_the_sure_and_wrong() -> None:
    assert calibration_error(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0, 1, 1]), bins=2) == pytest.approx(1)
    assert calibration_error(np.array([0.5] * 4), np.array([0.0, 1, 0, 1]), bins=1) == 0
