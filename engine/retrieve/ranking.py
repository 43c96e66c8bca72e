"""Rankings: the one value that every retrieval stage takes and returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Songs in order of falling score.

    rows    int64 (k,)    row numbers in the index, not catalogue ids; no row twice
    scores  float32 (k,)  higher is better; ties are ordered by row
    """

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]

    @classmethod
    def of(cls, rows: npt.ArrayLike, scores: npt.ArrayLike) -> Ranking:
        """Sort unordered (row, score) pairs into a ranking.

        >>> Ranking.of([7, 3, 5], [0.5, 0.9, 0.5]).rows.tolist()
        [3, 5, 7]
        >>> Ranking.of([1, 1], [0.2, 0.1])
        Traceback (most recent call last):
        ValueError: row 1 is ranked twice
        """
        rows_ = np.asarray(rows, dtype=np.int64)
        scores_ = np.asarray(scores, dtype=np.float32)
        if rows_.shape != scores_.shape or rows_.ndim != 1:
            raise ValueError(f"rows {rows_.shape} and scores {scores_.shape} must be of one length")
        if np.isnan(scores_).any():
            raise ValueError(f"row {rows_[np.isnan(scores_)][0]} has no score (NaN)")
        ascending = np.sort(rows_)
        if (twice := ascending[1:] == ascending[:-1]).any():
            raise ValueError(f"row {ascending[1:][twice][0]} is ranked twice")
        order = np.lexsort((rows_, -scores_))
        return cls(rows_[order], scores_[order])

    @classmethod
    def sorted(cls, rows: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> Ranking:
        """A ranking from what is in order already, as the indexes return it; nothing is checked."""
        return cls(rows, scores)

    @classmethod
    def empty(cls) -> Ranking:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, rows: npt.ArrayLike) -> Ranking:
        """The same songs in the same order, but for those in `rows`."""
        unwanted = np.asarray(rows, np.int64)
        if not len(unwanted):
            return self
        keep = ~np.isin(self.rows, unwanted)
        return Ranking(self.rows[keep], self.scores[keep])

    def top(self, k: int) -> Ranking:
        """The first k songs."""
        return Ranking(self.rows[:k], self.scores[:k])
