"""Ranges: the values a setting may have, checked where a configuration is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from indexer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `low` to `high`; with `open_low` or `open_high` that end is no part of it.

    >>> 1.0 in SHARE, 0.999 in SHARE, float("nan") in SHARE, str(SHARE)
    (False, True, False, '0 or more, below 1')
    """

    low: float
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high or math.isinf(self.high) else value <= self.high
        return above and below

    def __str__(self) -> str:
        if not self.open_low and not self.open_high and not math.isinf(self.high):
            return f"{self.low:g}..{self.high:g}"
        start = f"more than {self.low:g}" if self.open_low else f"{self.low:g} or more"
        return start if math.isinf(self.high) else f"{start}, below {self.high:g}"


COUNT = Range(1)
POSITIVE = Range(0, open_low=True)
NOT_NEGATIVE = Range(0)
SHARE = Range(0, 1, open_high=True)


def check(config: object, ranges: Mapping[str, Range], section: str = "") -> None:
    """ConfigError for the first setting that is out of its range, called `section` + its name as a TOML file has it.

    ranges   attribute, dots allowed -> range
    """
    for name, allowed in ranges.items():
        value = config
        for attribute in name.split("."):
            value = getattr(value, attribute)
        if not isinstance(value, int | float) or value not in allowed:
            raise ConfigError(f"{section}{name} is {value}, expected {allowed}")
