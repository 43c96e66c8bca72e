"""From scores to rankings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.systems.scoring import PeerUnavailableError, best, library

VALUES = st.lists(st.sampled_from([float("nan"), -1.0, 0.0, 2.0]), max_size=12)  # few values, so that many are equal


@settings(max_examples=200)
@given(VALUES, st.sets(st.integers(0, 24), max_size=4), st.integers(1, 14), st.sampled_from([1, 3, 99]))
def test_best_is_a_sort(values: list[float], without: set[int], k: int, kinds: int) -> None:
    rows = 2 * np.arange(len(values))
    ties = rows % kinds
    left = [
        (-value, -tie, row)
        for value, tie, row in zip(values, ties.tolist(), rows.tolist(), strict=True)
        if value == value and row not in without
    ]
    found = best(values, rows, k, without=np.array(sorted(without), np.int64), ties=ties)
    assert found.tolist() == [row for *_, row in sorted(left)][:k]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(PeerUnavailableError, match="no_such_library"):
        library("no_such_library.inside")


def test_wrong_calls() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        best([1.0], np.array([1]), 0)
    with pytest.raises(ValueError, match="one for each of 1 rows"):
        best([1.0, 2.0], np.array([1]), 1)
