"""Ranges of settings: what is inside, what is refused, and how it is told."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import ConfigError
from indexer.ranges import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range, check


@dataclass(frozen=True)
class Inner:
    size: float


@dataclass(frozen=True)
class Outer:
    inner: Inner
    share: float = 0.5


@given(st.floats(allow_nan=False))
def test_a_value_is_inside_as_inequalities_say(value: float) -> None:
    assert (value in SHARE) == (0 <= value < 1)
    assert (value in POSITIVE) == (0 < value < math.inf)
    assert (value in NOT_NEGATIVE) == (0 <= value < math.inf)
    assert (value in Range(-1, 1)) == (-1 <= value <= 1)


@pytest.mark.parametrize("allowed", [COUNT, POSITIVE, NOT_NEGATIVE, SHARE, Range(0, 1)])
def test_no_range_holds_what_is_no_number(allowed: Range) -> None:
    assert float("nan") not in allowed


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Outer(Inner(0)), "model.inner.size is 0, expected 1 or more"),
        (Outer(Inner(1), 1.0), "model.share is 1.0, expected 0 or more, below 1"),
        (Outer(Inner(1), float("nan")), "model.share is nan"),
        (Outer(Inner("3")), "model.inner.size is 3"),  # type: ignore[arg-type]
    ],
)
def test_the_first_setting_out_of_its_range_is_named(config: Outer, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(config, {"inner.size": COUNT, "share": SHARE}, "model.")


def test_settings_in_their_ranges_pass() -> None:
    check(Outer(Inner(1)), {"inner.size": COUNT, "share": SHARE})
