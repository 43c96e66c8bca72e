"""Nearness: how alike songs or artists are on a scale of its own, as other services' shapes want it: 1 same, 0 far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex

Rows = npt.NDArray[np.int64]

UNKNOWN = -1.0  # of two of which nothing can be compared
_DIGITS = 4


def nearness(index: OpenIndex, row: int, others: Sequence[int] | Rows) -> list[float]:
    """How near songs are to one: the mean cosine, none below 0, of the parts (words, sound, taste) known of both."""
    return nearness_of_groups(index, [row], ([other] for other in others))


def nearness_of_groups(
    index: OpenIndex, rows: Sequence[int] | Rows, groups: Iterable[Sequence[int] | Rows]
) -> list[float]:
    """The same between groups of songs, each standing at the middle of its songs."""
    own_rows, rows_of_groups = np.asarray(rows, np.int64), [np.asarray(group, np.int64) for group in groups]
    total, known = np.zeros(len(rows_of_groups)), np.zeros(len(rows_of_groups))
    for part in index.parts.values():
        own = _middle(part, own_rows)
        theirs = np.array([_middle(part, group) for group in rows_of_groups]).reshape(-1, part.shape[1])
        both = theirs.any(axis=1) & own.any()
        total += np.where(both, np.clip(theirs @ own, 0.0, 1.0), 0.0)
        known += both
    near = np.where(known > 0, total / np.maximum(known, 1), UNKNOWN)
    return [round(float(value), _DIGITS) for value in near]


def _middle(part: npt.NDArray[np.floating], rows: Rows) -> npt.NDArray[np.float64]:
    """The unit vector in the middle of some songs; zero where nothing is known of any."""
    middle = part[rows].astype(np.float64).sum(axis=0)
    length = np.linalg.norm(middle)
    return np.asarray(middle / length if length else middle)
