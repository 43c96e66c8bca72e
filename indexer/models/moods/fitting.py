"""Fitting: regularised least squares checked on unseen artists, and what makes its outputs probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Solution = tuple[FloatMatrix, FloatMatrix]  # weights and bias

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)  # of least squares; the one that predicts other artists' songs best is taken
NEAR = (*PENALTIES[1:], 300.0, 1000.0, np.inf)  # of the distance to a start; the last changes the bias alone
STEEPEST = 50.0  # slope that tempering may find


@dataclass(frozen=True, slots=True)
class Fitted:
    """Least squares with the best penalty.

    weights, bias   of all rows
    unseen          float32 (rows, outputs): predictions of each fold by the others
    outside         fold -> weights and bias of the rows of the others
    """

    weights: FloatMatrix
    bias: FloatMatrix
    unseen: FloatMatrix
    outside: Mapping[int, Solution]


def least_squares(
    rows: FloatMatrix,
    wanted: FloatMatrix,
    folds: Rows,
    weights: FloatMatrix | None = None,
    *,
    near: Fitted | None = None,
) -> Fitted:
    """Minimises sum of w (x . b + c - y)^2 + penalty |b|^2, the penalty by squared error over the folds.

    near   of more rows than these, of the same folds: the penalty is that of the distance of b to its weights, so that
           few rows change them little
    """
    weight = np.ones(len(rows), np.float32) if weights is None else weights
    penalties = PENALTIES if near is None else NEAR
    unseen = {penalty: np.zeros(wanted.shape, np.float32) for penalty in penalties}
    outside: dict[float, dict[int, Solution]] = {penalty: {} for penalty in penalties}
    for fold in np.unique(folds).tolist():
        inside, asked = folds != fold, folds == fold
        if not inside.any():
            inside = asked  # one fold: nothing is unseen
        start = None if near is None else near.outside[fold]
        normal = _Normal(rows[inside], wanted[inside], weight[inside], start)
        for penalty in penalties:
            found, bias = outside[penalty][fold] = normal.solve(penalty)
            unseen[penalty][asked] = rows[asked] @ found + bias
    errors = {p: float((weight[:, None] * (each - wanted) ** 2).sum()) for p, each in unseen.items()}
    best = min(errors, key=errors.__getitem__)
    start = None if near is None else (near.weights, near.bias)
    found, bias = _Normal(rows, wanted, weight, start).solve(best)
    return Fitted(found, bias, unseen[best], outside[best])


class _Normal:
    """The weighted normal equations of some rows, solved for any penalty; `start` is where weights cost nothing."""

    def __init__(self, rows: FloatMatrix, wanted: FloatMatrix, weight: FloatMatrix, start: Solution | None):
        nothing = np.zeros((rows.shape[1], wanted.shape[1]), np.float32), np.zeros(wanted.shape[1], np.float32)
        self._start = start or nothing
        left = wanted - (rows @ self._start[0] + self._start[1])
        share = (weight / max(float(weight.sum()), 1e-12))[:, None]
        self._shown = np.flatnonzero(rows.any(axis=0))  # a column of zeros says nothing and costs as much as another
        shown = rows[:, self._shown]
        self._middle, self._mean = (shown * share).sum(axis=0), (left * share).sum(axis=0)
        centred = (shown - self._middle).astype(np.float64)
        values, self._basis = np.linalg.eigh((centred * weight[:, None]).T @ centred)
        self._values = np.maximum(values, 0.0)
        self._target = self._basis.T @ ((centred * weight[:, None]).T @ (left - self._mean))

    def solve(self, penalty: float) -> Solution:
        change = self._basis @ (self._target / (self._values + penalty)[:, None])
        weights = self._start[0].copy()
        weights[self._shown] += change.astype(np.float32)
        return weights, (self._start[1] + self._mean - self._middle @ change).astype(np.float32)


def platt(raw: FloatMatrix, wanted: FloatMatrix) -> tuple[float, float]:
    """Slope and offset of the sigmoid that makes raw values probabilities (Platt 1999); never a falling one."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = float(raw.mean()), float(raw.std()) + 1e-9
    found = LogisticRegression(C=1.0).fit(((raw - mean) / spread)[:, None], wanted)
    slope = max(float(found.coef_[0, 0]), 0.0) / spread
    return slope, float(found.intercept_[0]) - slope * mean


def calibration_error(chances: FloatMatrix, wanted: FloatMatrix, bins: int = 15) -> float:
    """Expected calibration error: mean distance between what is claimed and what holds, bins of equal size.

    >>> import numpy as np
    >>> calibration_error(np.array([0.25] * 4), np.array([1.0, 0, 0, 0]), bins=1)
    0.0
    """
    order = np.argsort(chances, axis=None, kind="stable")
    claimed, held = np.ravel(chances)[order], np.ravel(wanted)[order]
    parts = zip(np.array_split(claimed, bins), np.array_split(held, bins), strict=True)
    return float(sum(abs(float(a.mean() - b.mean())) * len(a) for a, b in parts if len(a)) / len(claimed))


def balanced(classes: npt.NDArray[np.int64]) -> FloatMatrix:
    """Weights that give every class the same say: the songs at hand do not tell how common a class is elsewhere."""
    sizes = np.bincount(classes)
    return (len(classes) / (np.count_nonzero(sizes) * np.maximum(sizes, 1)))[classes].astype(np.float32)


def tempered(raw: FloatMatrix, classes: npt.NDArray[np.int64]) -> tuple[FloatMatrix, FloatMatrix]:
    """One slope for all classes and no offset (Guo et al. 2017): the least balanced cross-entropy of unseen songs."""
    from scipy.optimize import minimize_scalar

    weight = balanced(classes)

    def loss(slope: float) -> float:
        logits = raw * slope
        top = logits.max(axis=1, keepdims=True)
        spread = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        return float((weight * (spread - logits[np.arange(len(raw)), classes])).sum())

    slope = float(minimize_scalar(loss, bounds=(0.0, STEEPEST), method="bounded").x)
    return np.full(raw.shape[1], slope, np.float32), np.zeros(raw.shape[1], np.float32)
