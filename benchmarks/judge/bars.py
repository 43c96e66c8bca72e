"""Bars: what times and memory of an answer may be at most, by the number of songs, and whether they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.report.run import Result

FEW_SONGS = 200_000  # up to here the bars of the real catalogue count, above those of a million songs
HIGHER_IS_BETTER = frozenset({"a_second"})
MET = "met"


@dataclass(frozen=True, slots=True)
class Bar:
    """Bounds of one row, by the figure that they bound.

    few, many   of a catalogue of up to FEW_SONGS, and of more; figures are `median_ms` and `p99_ms`, or facts of the
                result: `ratio` (times what the row is compared with), `missing`, `outside` (songs), `mib`, `a_second`
    """

    few: Mapping[str, float]
    many: Mapping[str, float]

    @classmethod
    def of_times(cls, few: tuple[float, float], many: tuple[float, float]) -> Bar:
        """Milliseconds: median and 99th percentile."""
        names = ("median_ms", "p99_ms")
        return cls(dict(zip(names, few, strict=True)), dict(zip(names, many, strict=True)))

    @classmethod
    def of_median(cls, few: float, many: float) -> Bar:
        """Milliseconds: the median alone."""
        return cls({"median_ms": few}, {"median_ms": many})


def with_bar(result: Result, bar: Bar, songs: int) -> Result:
    """The result with the bounds among its facts, as `FIGURE_bar`, and `met`, 1 or 0.

    >>> slow = Result(digest="q", scores={"ms": [2.0]}, median_ms=2.0)
    >>> with_bar(slow, Bar.of_median(1.5, 3.0), songs=79_000).facts
    {'median_ms_bar': 1.5, 'met': 0.0}
    """
    bounds = bar.few if songs <= FEW_SONGS else bar.many
    figures = figures_of(result)
    met = all(
        figures[name] >= bound if name in HIGHER_IS_BETTER else figures[name] <= bound for name, bound in bounds.items()
    )
    facts = {**result.facts, **{f"{name}_bar": bound for name, bound in bounds.items()}, MET: float(met)}
    return result.model_copy(update={"facts": facts})


def figures_of(result: Result) -> dict[str, float]:
    """What bars can bound."""
    times = {"median_ms": result.median_ms, "p99_ms": result.p99_ms}
    return {**result.facts, **{name: value for name, value in times.items() if value is not None}}
