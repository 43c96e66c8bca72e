"""Fitting: ridge regression from sums over rows, checked on unseen folds, and what makes its outputs probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import sigmoid

FloatMatrix = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Solution = tuple[FloatMatrix, FloatMatrix]  # weights (columns, outputs) and bias (outputs,)

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)  # of least squares; the one that predicts other artists' songs best is taken
NEAR = (*PENALTIES[1:], 300.0, 1000.0, np.inf)  # of the distance to a start; at infinity only the bias is fitted
STEEPEST = 50.0  # slope that tempering may find
_NEWTON_STEPS = 30
_LARGEST_STEP = 2.0  # of a Newton step, in log-odds
_OUTPUTS = 16  # that are calibrated at once; bounds memory


@dataclass(frozen=True, slots=True)
class Gram:
    """Weighted sums over rows x and targets y: all that least squares need to know of them. float64.

    weight  sum of w;  x  (columns,);  y  (outputs,);  xx  (columns, columns);  xy  (columns, outputs);  yy  (outputs,)
    """

    weight: float
    x: Doubles
    y: Doubles
    xx: Doubles
    xy: Doubles
    yy: Doubles

    @classmethod
    def of(cls, rows: FloatMatrix, wanted: FloatMatrix, weights: FloatMatrix) -> Gram:
        x, y, w = rows.astype(np.float64), wanted.astype(np.float64), weights.astype(np.float64)
        weighted = x * w[:, None]
        return cls(float(w.sum()), weighted.sum(axis=0), w @ y, x.T @ weighted, weighted.T @ y, w @ y**2)

    @classmethod
    def nothing(cls, columns: int, outputs: int) -> Gram:
        """The sums of no rows."""
        return cls(
            0.0, np.zeros(columns), np.zeros(outputs), np.zeros((columns, columns)), np.zeros((columns, outputs)),
            np.zeros(outputs),
        )  # fmt: skip

    def __add__(self, other: Gram) -> Gram:
        return Gram(
            self.weight + other.weight, self.x + other.x, self.y + other.y, self.xx + other.xx, self.xy + other.xy,
            self.yy + other.yy,
        )  # fmt: skip

    def __mul__(self, factor: float) -> Gram:
        return Gram(
            self.weight * factor, self.x * factor, self.y * factor, self.xx * factor, self.xy * factor,
            self.yy * factor,
        )  # fmt: skip

    def showing(self, columns: npt.NDArray[np.bool_]) -> Gram:
        """The sums of the same rows with all other columns set to 0."""
        return Gram(
            self.weight, self.x * columns, self.y, self.xx * np.outer(columns, columns), self.xy * columns[:, None],
            self.yy,
        )  # fmt: skip

    def solver(self, start: Solution | None = None) -> Callable[[float], Solution]:
        """penalty -> what minimises sum of w (x . b + c - y)^2 + penalty |b - b_start|^2; zero columns keep b_start."""
        from scipy.linalg import solve

        weight = max(self.weight, 1e-12)
        if start is None:
            start = (np.zeros(self.xy.shape, np.float32), np.zeros(len(self.y), np.float32))
        first_weights, (start_weights, start_bias) = start[0], (part.astype(np.float64) for part in start)
        shown = np.flatnonzero(self.xx.diagonal())
        x, start_shown = self.x[shown], start_weights[shown]
        xx = self.xx[np.ix_(shown, shown)]
        left_y = self.y - start_shown.T @ x - start_bias * self.weight
        left_xy = self.xy[shown] - xx @ start_shown - np.outer(x, start_bias)
        centred, target = xx - np.outer(x, x) / weight, left_xy - np.outer(x, left_y) / weight

        def solution(penalty: float) -> Solution:
            if not np.isfinite(penalty):
                return first_weights, (start_bias + left_y / weight).astype(np.float32)
            system = centred.copy()
            system.flat[:: len(shown) + 1] += penalty
            change = solve(system, target, assume_a="pos", overwrite_a=True, check_finite=False)
            weights = first_weights.copy()
            weights[shown] += change.astype(np.float32)
            return weights, (start_bias + (left_y - x @ change) / weight).astype(np.float32)

        return solution

    def errors(self, solution: Solution) -> Doubles:
        """float64 (outputs,): sum of w (x . b + c - y)^2."""
        b, c = (part.astype(np.float64) for part in solution)
        square = np.einsum("ik,ik->k", b, self.xx @ b) + 2 * c * (self.x @ b) + c**2 * self.weight
        cross = np.einsum("ik,ik->k", b, self.xy) + c * self.y
        return np.asarray(np.maximum(square - 2 * cross + self.yy, 0.0), np.float64)

    @property
    def spread(self) -> Doubles:
        """float64 (outputs,): sum of w (y - mean of y)^2."""
        return np.maximum(self.yy - self.y**2 / max(self.weight, 1e-12), 0.0)


@dataclass(frozen=True, slots=True)
class Ridge:
    """Least squares with the best penalty, of all folds and of some.

    whole     of all folds
    outside   fold -> of the other folds, with the penalty that is best among them: the fold had no say in it
    inside    (fold, another) -> of the folds beside both, with that penalty: what predicts `another` when `fold` is
              not to be known
    """

    whole: Solution
    outside: Mapping[int, Solution]
    inside: Mapping[tuple[int, int], Solution]


def ridge(folds: Sequence[Gram], near: Ridge | None = None) -> Ridge:
    """The sum of w (x . b + c - y)^2 + penalty |b|^2 minimised, penalties by squared error on folds that are left out.

    near   of more rows, of the same folds: the penalty is that of the distance to its weights, so that few rows
           change them little
    """
    penalties = PENALTIES if near is None else NEAR
    every = range(len(folds))
    solved: dict[tuple[frozenset[int], float, tuple[int, ...]], Solution] = {}
    totals: dict[frozenset[int], Gram] = {}
    solvers: dict[tuple[frozenset[int], tuple[int, ...]], Callable[[float], Solution]] = {}

    def total(left_out: frozenset[int]) -> Gram:
        if left_out not in totals:
            rest = [folds[i] for i in every if i not in left_out and folds[i].weight > 0] or list(folds)
            totals[left_out] = rest[0]
            for gram in rest[1:]:
                totals[left_out] = totals[left_out] + gram
        return totals[left_out]

    def solution(left_out: frozenset[int], penalty: float, place: tuple[int, ...]) -> Solution:
        """Of the folds beside `left_out`; `place` says which solution of `near` it starts from."""
        place = () if near is None else place
        if (left_out, place) not in solvers:
            start = None
            if near is not None:
                start = (
                    near.inside[place[0], place[1]]
                    if len(place) == 2
                    else near.outside[place[0]]
                    if place
                    else near.whole
                )
            solvers[left_out, place] = total(left_out).solver(start)
        if (left_out, penalty, place) not in solved:
            solved[left_out, penalty, place] = solvers[left_out, place](penalty)
        return solved[left_out, penalty, place]

    def error(others: Sequence[int], penalty: float, outer: tuple[int, ...]) -> float:
        return sum(float(folds[i].errors(solution(frozenset((*outer, i)), penalty, (*outer, i))).sum()) for i in others)

    best = min(penalties, key=lambda penalty: error(every, penalty, ()))
    outside: dict[int, Solution] = {}
    inside: dict[tuple[int, int], Solution] = {}
    for fold in every:
        others = [i for i in every if i != fold]
        penalty = min(penalties, key=lambda each: error(others, each, (fold,)))
        outside[fold] = solution(frozenset((fold,)), penalty, (fold,))
        inside |= {(fold, i): solution(frozenset((fold, i)), penalty, (fold, i)) for i in others}
    return Ridge(solution(frozenset(), best, ()), outside, inside)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Least squares of rows at hand.

    weights, bias   of all rows
    unseen          float32 (rows, outputs): predictions of each fold by the others
    """

    ridge: Ridge
    unseen: FloatMatrix

    @property
    def weights(self) -> FloatMatrix:
        return self.ridge.whole[0]

    @property
    def bias(self) -> FloatMatrix:
        return self.ridge.whole[1]


def least_squares(
    rows: FloatMatrix,
    wanted: FloatMatrix,
    folds: Rows,
    weights: FloatMatrix | None = None,
    *,
    near: Fitted | None = None,
) -> Fitted:
    """`ridge` of rows (n, columns) and targets (n, outputs); folds int64 (n,), numbered from 0 and as in `near`."""
    weight = np.ones(len(rows), np.float32) if weights is None else weights
    count = len(near.ridge.outside) if near is not None else int(folds.max(initial=0)) + 1
    grams = [Gram.of(rows[folds == fold], wanted[folds == fold], weight[folds == fold]) for fold in range(count)]
    fitted = ridge(grams, None if near is None else near.ridge)
    unseen = np.zeros(wanted.shape, np.float32)
    for fold, (slopes, bias) in fitted.outside.items():
        unseen[folds == fold] = rows[folds == fold] @ slopes + bias
    return Fitted(fitted, unseen)


def platt(
    raw: FloatMatrix, wanted: FloatMatrix, near: tuple[FloatMatrix, FloatMatrix] | None = None
) -> tuple[FloatMatrix, FloatMatrix]:
    """Slopes and offsets, float32 (outputs,), of the sigmoids that make raw values probabilities (Platt 1999).

    raw, wanted   (rows, outputs), wanted 0 or 1
    near          slopes and offsets of more rows, to which those of few rows stay close; without it slopes are
                  regularised towards 0 as scikit-learn's logistic regression does it with C = 1
    A slope is never negative.
    """
    slopes, offsets = np.zeros(raw.shape[1], np.float32), np.zeros(raw.shape[1], np.float32)
    for first in range(0, raw.shape[1], _OUTPUTS):
        part = slice(first, first + _OUTPUTS)
        start = None if near is None else (near[0][part].astype(np.float64), near[1][part].astype(np.float64))
        slopes[part], offsets[part] = _platt(raw[:, part].astype(np.float64), wanted[:, part], start)
    return slopes, offsets


def _platt(raw: Doubles, wanted: FloatMatrix, near: tuple[Doubles, Doubles] | None) -> tuple[Doubles, Doubles]:
    """By Newton's method, all outputs at once, on values of mean 0 and deviation 1."""
    if not len(raw):
        return near if near is not None else (np.zeros(raw.shape[1]), np.zeros(raw.shape[1]))
    mean, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    z = (raw - mean) / spread
    rate = np.clip(wanted.mean(axis=0, dtype=np.float64), 1e-6, 1 - 1e-6)
    if near is None:
        slope_near, offset_near, tie = np.zeros(len(rate)), np.zeros(len(rate)), 1e-6
        slope, offset = np.zeros(len(rate)), np.log(rate / (1 - rate))
    else:
        slope_near, offset_near, tie = near[0] * spread, near[1] + near[0] * mean, 1.0
        slope, offset = slope_near.copy(), offset_near.copy()
    for _ in range(_NEWTON_STEPS):
        chance = sigmoid(slope * z + offset).astype(np.float64)
        variance, error = chance * (1 - chance), chance - wanted
        a = (variance * z**2).sum(axis=0) + 1.0
        b = (variance * z).sum(axis=0)
        d = variance.sum(axis=0) + tie
        by_slope = (error * z).sum(axis=0) + slope - slope_near
        by_offset = error.sum(axis=0) + tie * (offset - offset_near)
        determinant = np.maximum(a * d - b * b, 1e-12)
        step_slope, step_offset = (
            (d * by_slope - b * by_offset) / determinant,
            (a * by_offset - b * by_slope) / determinant,
        )
        slope = slope - np.clip(step_slope, -_LARGEST_STEP, _LARGEST_STEP)
        offset = offset - np.clip(step_offset, -_LARGEST_STEP, _LARGEST_STEP)
        if max(np.abs(step_slope).max(), np.abs(step_offset).max()) < 1e-6:
            break
    falling = slope < 0  # worse than chance: the rate of these rows is all that is known
    slope, offset = np.where(falling, 0.0, slope), np.where(falling, np.log(rate / (1 - rate)), offset)
    return slope / spread, offset - slope / spread * mean


def calibration_error(chances: FloatMatrix, wanted: FloatMatrix, bins: int = 15) -> float:
    """Expected calibration error: mean distance between what is claimed and what holds, bins of equal size.

    >>> import numpy as np
    >>> calibration_error(np.array([0.25] * 4), np.array([1.0, 0, 0, 0]), bins=1)
    0.0
    """
    order = np.argsort(chances, axis=None, kind="stable")
    claimed, true = np.ravel(chances)[order], np.ravel(wanted)[order]
    parts = zip(np.array_split(claimed, bins), np.array_split(true, bins), strict=True)
    return float(sum(abs(float(a.mean() - b.mean())) * len(a) for a, b in parts if len(a)) / len(claimed))


def balanced(classes: npt.NDArray[np.int64]) -> FloatMatrix:
    """Weights that sum to the same for every class: the songs at hand do not show how common a class is elsewhere."""
    sizes = np.bincount(classes)
    return (len(classes) / (np.count_nonzero(sizes) * np.maximum(sizes, 1)))[classes].astype(np.float32)


def tempered(raw: FloatMatrix, classes: npt.NDArray[np.int64]) -> float:
    """One slope for all classes and no offset (Guo et al. 2017): the least balanced cross-entropy of unseen songs."""
    from scipy.optimize import minimize_scalar

    weight = balanced(classes)

    def loss(slope: float) -> float:
        logits = raw * slope
        top = logits.max(axis=1, keepdims=True)
        spread = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        return float((weight * (spread - logits[np.arange(len(raw)), classes])).sum())

    return float(minimize_scalar(loss, bounds=(0.0, STEEPEST), method="bounded").x)
