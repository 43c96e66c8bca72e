"""Fusion: a matrix of signals becomes one score per candidate, and every signal's share of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatMatrix = npt.NDArray[np.float32]

LEAST_SPREAD = 1e-9  # a deviation below is none: it comes of what is computed in single precision


def normalise(signals: npt.ArrayLike, moments: Sequence[tuple[float, float] | None] | None = None) -> FloatMatrix:
    """z = (x - mean) / deviation per column; float32, the shape kept.

    moments   mean and deviation of each column; None where they are those of the candidates whose value is known

    NaN means that the signal is not known for this song: it becomes 0, the mean, so that it neither
    helps nor harms. A column that says the same of every song says nothing: 0 throughout. Without moments, adding to a
    column, or multiplying it by a positive number, changes nothing.

    >>> normalise([[1, 5, 2], [3, 5, float("nan")], [1, 5, 2], [3, 5, 2]]).tolist()
    [[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    >>> normalise([[1, 5], [3, float("nan")]], [(1.0, 0.5), (4.0, 2.0)]).tolist()
    [[0.0, 0.5], [4.0, 0.0]]
    """
    values = np.array(signals, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"signals have shape {values.shape}, expected (candidates, signals)")
    if not len(values):
        return values.astype(np.float32)
    highest, lowest = np.fmax.reduce(values, axis=0), np.fmin.reduce(values, axis=0)
    if (infinite := np.isinf(highest) | np.isinf(lowest)).any():
        raise ValueError(f"signal {infinite.argmax()} holds an infinite value")
    unknown = np.isnan(values)
    values[unknown] = 0.0
    if moments is None or None in moments:
        count = np.maximum(len(values) - unknown.sum(axis=0), 1)
        mean = values.sum(axis=0) / count
        spread = np.sqrt((np.where(unknown, 0.0, values - mean) ** 2).sum(axis=0) / count)
        # The mean of equal values may differ from them in the last bit, which is no difference.
        spread = np.where(highest > lowest, spread, 0.0)
    else:
        mean, spread = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for column, given in enumerate(moments or ()):
        if given is not None:
            mean[column], deviation = given
            spread[column] = deviation if deviation > LEAST_SPREAD else 0.0
    values -= mean
    values[unknown] = 0.0
    values *= np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    return values.astype(np.float32)


def contributions(normalised: npt.ArrayLike, weights: Sequence[float] | npt.NDArray[np.floating]) -> FloatMatrix:
    """weight x normalised signal, float32 (candidates, signals): what each signal gives to each score.

    Takes what `normalise` returned, so that tuning normalises a query once for all weights.

    >>> contributions([[1, -1], [0, 2]], [2.0, 0.5]).tolist()
    [[2.0, -0.5], [0.0, 1.0]]
    """
    values = np.asarray(normalised, dtype=np.float32)
    factors = np.asarray(weights, dtype=np.float32)
    if values.ndim != 2 or factors.shape != values.shape[1:]:
        raise ValueError(f"signals {values.shape} need {values.shape[-1]} weights, found shape {factors.shape}")
    if not np.isfinite(factors).all():
        raise ValueError(f"weight {(~np.isfinite(factors)).argmax()} is not a finite number")
    if np.isnan(values).any():
        raise ValueError("signals hold NaN: normalise them first")
    return values * factors


def scores(shares: FloatMatrix) -> npt.NDArray[np.float32]:
    """score(candidate) = sum of its signals' contributions, float32 (candidates,); higher is better.

    >>> scores(contributions([[1, -1], [0, 2]], [2.0, 0.5])).tolist()
    [1.5, 1.0]
    """
    total: npt.NDArray[np.float32] = shares.sum(axis=1, dtype=np.float32)
    return total
