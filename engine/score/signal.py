"""Signal: one thing that is known of each candidate, as a value: how it is measured and how it is put into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.query.query import Query
from engine.retrieve.pool import Pool

FloatVector = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Family = Literal["content", "listeners", "facts"]
Cost = Literal["cheap", "dear"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A column of the matrix that fusion sums up.

    name      its key in weights and in `Hit.signals`
    measure   float32 (candidates,): higher is better, NaN where nothing is known of the candidate
    moments   its mean and deviation over the songs of the catalogue of which it is known; None where only those of the
              candidates are
    clauses   its part of the reason for each of some rows: a verb phrase ("is also by X"), None where it has none
    family    what it rests on: the songs' own content, listeners' playlists, or facts of the catalogue
    cost      "cheap" is measured for every candidate; "dear" for the best of them, where its weight allows
    """

    name: str
    measure: Callable[[Query, Pool], FloatVector]
    moments: Callable[[Query], tuple[float, float] | None]
    clauses: Callable[[Query, Rows], list[str | None]]
    family: Family
    cost: Cost


def unknown(pool: Pool) -> FloatVector:
    """Nothing is known of any candidate."""
    return np.full(len(pool), np.nan, np.float32)


def weighted(values: npt.NDArray[np.floating], counts: npt.NDArray[np.integer]) -> tuple[float, float]:
    """Mean and deviation of values that occur so often each; NaN is unknown.

    >>> weighted(np.array([1.0, 3.0, np.nan]), np.array([1, 1, 7]))
    (2.0, 1.0)
    """
    known = ~np.isnan(values)
    many = counts[known].sum()
    if not many:
        return 0.0, 0.0
    mean = float((values[known] * counts[known]).sum(dtype=np.float64) / many)
    return mean, float((counts[known] * (values[known] - mean) ** 2).sum(dtype=np.float64) / many) ** 0.5


def no_clauses(query: Query, rows: Rows) -> list[str | None]:
    """What is true of most songs is no reason for one."""
    return [None] * len(rows)


def cosine(query: FloatVector, vectors: npt.NDArray[np.float32]) -> FloatVector:
    """Cosine of each row of `vectors` (n, d) with the query (d,), NaN where either is zero.

    >>> cosine(np.array([0, 2], np.float32), np.array([[0, 4], [3, 0], [0, 0]], np.float32)).tolist()
    [1.0, 0.0, nan]
    """
    length = float(np.linalg.norm(query))
    if not length:
        return np.full(len(vectors), np.nan, np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(norms > 0, vectors @ query / (norms * length), np.nan), np.float32)


def unit_cosine(query: FloatVector, vectors: npt.NDArray[np.float32]) -> FloatVector:
    """The same for rows that are known to be unit or zero: their lengths are not computed again.

    >>> unit_cosine(np.array([0, 2], np.float32), np.array([[0, 1], [1, 0], [0, 0]], np.float32)).tolist()
    [1.0, 0.0, nan]
    """
    length = float(np.linalg.norm(query))
    if not length:
        return np.full(len(vectors), np.nan, np.float32)
    products = np.asarray(vectors @ (query / np.float32(length)), np.float32)
    zero = np.flatnonzero(products == 0)  # nearly always of a row that is zero
    products[zero[~vectors[zero].any(axis=1)]] = np.nan
    return products


def listed(words: list[str]) -> str:
    """
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
