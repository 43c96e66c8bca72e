"""What peers share: a score for every candidate becomes a ranking, and an error where a library is missing."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.systems.system import Fold, Rows
from indexer.errors import RefrainError

Floats = npt.NDArray[np.floating[Any]]

NO_ROWS: Rows = np.zeros(0, np.int64)


class PeerUnavailableError(RefrainError):
    """A peer cannot run here: its library, or what it reads in the index, is missing."""


class Scored(ABC):
    """A peer that gives every candidate a score; ranking is sorting.

    candidates   the fold's, after `fit`
    """

    name: str
    tuning: str = "nothing to choose"
    candidates: Rows

    def fit(self, fold: Fold) -> None:
        self.learn(fold)

    @abstractmethod
    def learn(self, fold: Fold) -> None:
        """Take what scoring needs from the fold; sets `candidates`."""

    @abstractmethod
    def score(self, seeds: Rows) -> Floats:
        """(candidates,): higher is better, NaN where nothing is known of a song; seeds count as any other song."""

    def rank(self, seeds: Rows, k: int) -> Rows:
        return best(self.score(seeds), self.candidates, k, without=seeds)

    def settings(self) -> Mapping[str, Any]:
        return {}


def best(
    scores: npt.ArrayLike, rows: Rows, k: int, *, without: Rows = NO_ROWS, ties: npt.ArrayLike | None = None
) -> Rows:
    """The k rows with the highest scores, best first; those of score NaN and of `without` never.

    ties   what orders rows of the same score, the higher first; then the row does, and alone where this is not given

    >>> rows = np.array([3, 5, 7, 9])
    >>> best([0.2, 0.8, 0.2, np.nan], rows, 3).tolist()
    [5, 3, 7]
    >>> best([0.2, 0.8, 0.2, np.nan], rows, 3, without=np.array([5]), ties=[1, 2, 3, 4]).tolist()
    [7, 3]
    """
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")
    values = np.asarray(scores, np.float64)
    if values.shape != rows.shape:
        raise ValueError(f"scores have shape {values.shape}, expected one for each of {len(rows)} rows")
    left = np.flatnonzero(~np.isnan(values) & ~np.isin(rows, without))
    if len(left) > k:
        least = np.partition(values[left], len(left) - k)[len(left) - k]
        left = left[values[left] >= least]
    then = np.zeros(len(rows)) if ties is None else np.asarray(ties, np.float64)
    order = np.lexsort((rows[left], -then[left], -values[left]))[:k]
    ranked: Rows = rows[left[order]]
    return ranked


def unit(vectors: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Rows, or the one vector, of length 1; zero (nothing is known) stays zero.

    >>> unit([[3, 4], [0, 0]]).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    values = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(values, axis=-1, keepdims=True)
    out: npt.NDArray[np.float32] = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    return out


def library(module: str) -> Any:
    """An optional library's module, loaded when a peer is made."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        root = module.partition(".")[0]
        raise PeerUnavailableError(
            f"this peer is the library {root}, which cannot be imported ({error}); pip install {root}, "
            "or leave the peer out"
        ) from error
