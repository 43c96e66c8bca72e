"""Allowed: the rows that a search may return, with what searching makes of them, each made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.lazy import lazy

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Allowed:
    """Rows of an index; whoever asks with the same rows again hands over the same value.

    mask   bool (rows of the index,): True for those that may come back; nobody changes it

    >>> allowed = Allowed(np.array([True, False, True]))
    >>> allowed.count, allowed.rows.tolist(), allowed.without(np.array([0])).rows.tolist()
    (2, [0, 2], [2])
    """

    mask: Mask

    def __post_init__(self) -> None:
        if self.mask.dtype != np.bool_ or self.mask.ndim != 1:
            raise ValueError(f"allowed is {self.mask.dtype} {self.mask.shape}, expected a bool for each of its rows")

    @classmethod
    def of(cls, allowed: Mask | Allowed) -> Allowed:
        return allowed if isinstance(allowed, Allowed) else cls(allowed)

    def __len__(self) -> int:
        """Rows of the index."""
        return len(self.mask)

    @lazy
    def count(self) -> int:
        """How many may come back."""
        return int(np.count_nonzero(self.mask))

    @lazy
    def rows(self) -> Rows:
        """int64 (count,): these, ascending."""
        return np.flatnonzero(self.mask)

    @lazy
    def bitmap(self) -> npt.NDArray[np.uint8]:
        """A bit for each row, the lowest first."""
        return np.packbits(self.mask, bitorder="little")

    def without(self, *rows: Rows) -> Allowed:
        """All but some rows."""
        if not any(map(len, rows)):
            return self
        mask = self.mask.copy()
        for each in rows:
            mask[each] = False
        return Allowed(mask)
