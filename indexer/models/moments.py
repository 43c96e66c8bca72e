"""Moments: the mean and the covariance of a table of vectors, from which those of its products with any query follow.

A signal is compared with what all songs of the catalogue have of it. For a product q . x that is q . mean, with the
variance q' C q: d x d steps, where asking every song takes n x d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError

FloatVector = npt.NDArray[np.float32]
FloatMatrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

HIGHEST = 1e6  # of a mean or covariance: unit vectors have at most 1, factors hardly more
MOST_ROWS = 50_000  # drawn at random: the deviation of a product is then known to within half a percent


@dataclass(frozen=True, eq=False)
class Moments:
    """Of the songs of which something is known.

    mean         float32 (d,)
    covariance   float32 (d, d)

    >>> moments = Moments.of_rows(np.array([[1, 0], [3, 0], [0, 0]], np.float32), np.ones(3, bool))
    >>> moments.of(np.array([0.5, 9.0]))
    (1.0, 0.5)
    """

    mean: FloatVector
    covariance: FloatMatrix

    @classmethod
    def of_rows(cls, table: npt.NDArray[np.floating], counts: Mask, *, unit: bool = False, seed: int = 0) -> Moments:
        """Of the rows (n, d) that count and are not zero; NaN counts as zero.

        unit   whether each row is brought to length 1 first
        """
        rows = np.flatnonzero(counts)
        if len(rows) > MOST_ROWS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
        taken = np.nan_to_num(table[rows].astype(np.float32))
        taken = taken[taken.any(axis=1)]
        if unit:
            taken /= np.linalg.norm(taken, axis=1, keepdims=True)
        many = max(1, len(taken))
        mean = (taken.sum(axis=0, dtype=np.float64) / many).astype(np.float32)
        centred = taken - mean
        return cls(mean, centred.T @ centred / np.float32(many))

    @classmethod
    def of_array(cls, array: npt.NDArray[np.float32], source: str) -> Moments:
        """What `to_array` made; IndexFormatError, naming `source`, where it is none such."""
        sound = array.ndim == 2 and len(array) == array.shape[1] + 1 and np.isfinite(array).all()
        if not sound or np.abs(array).max(initial=0.0) > HIGHEST:
            raise IndexFormatError(f"{source} is damaged: it holds no moments; rebuild with `refrain build`")
        return cls(array[0], array[1:])

    def to_array(self) -> FloatMatrix:
        """float32 (d + 1, d): the mean, then the covariance."""
        return np.concatenate([self.mean[None], self.covariance])

    def of(self, query: npt.ArrayLike) -> tuple[float, float]:
        """Mean and standard deviation of the products with a query (d,)."""
        asked = np.asarray(query, np.float32)
        if asked.shape != self.mean.shape:
            raise IndexFormatError(
                f"moments are of {len(self.mean)} numbers, what they are asked of has {asked.shape}; "
                "rebuild with `refrain build`"
            )
        variance = float(asked @ self.covariance @ asked)
        return float(self.mean @ asked), math.sqrt(max(variance, 0.0))

    @property
    def usual_deviation(self) -> float:
        """The deviation of the products with one of the songs, in the root of the mean square."""
        second = self.covariance + np.outer(self.mean, self.mean)
        return math.sqrt(max(float((self.covariance * second).sum()), 0.0))
