"""Comparing two runs: query by query, with a paired test and Holm's correction over all that is compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.judge.metrics import LOWER_IS_BETTER
from benchmarks.report.run import Run

SIGNIFICANT = 0.01  # what the tables mark


@dataclass(frozen=True, slots=True)
class Paired:
    """Two systems on the same queries.

    a, b        their means
    wins, ties, losses   queries where the first is better, equal, worse
    p           two-sided paired t-test; adjusted: by Holm, over all comparisons made together
    """

    task: str
    setting: str
    metric: str
    queries: int
    a: float
    b: float
    wins: int
    ties: int
    losses: int
    p: float
    adjusted: float

    @property
    def a_is_better(self) -> bool:
        return better(self.metric, self.a, self.b)


def better(metric: str, a: float, b: float) -> bool:
    """Whether a is the better score."""
    return a < b if metric in LOWER_IS_BETTER else a > b


def best(metric: str, scores: Iterable[float]) -> float:
    """The best of some scores."""
    return min(scores) if metric in LOWER_IS_BETTER else max(scores)


def paired_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Two-sided paired t-test of the queries' differences.

    On hundreds of queries it agrees with Fisher's randomisation test (Smucker, Allan, Carterette 2007) and has no
    smallest p, so that it can be corrected for many comparisons. One query, or none that differs, proves nothing.

    >>> round(paired_p([1, 2, 3, 4], [1, 1, 1, 1]), 4), paired_p([1, 2], [1, 2]), paired_p([1], [2])
    (0.1027, 1.0, 1.0)
    """
    from scipy.stats import t

    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    n = len(difference)
    spread = float(difference.std(ddof=1)) if n > 1 else 0.0
    if not difference.any() or n < 2:
        return 1.0
    if spread < 1e-12 * abs(float(difference.mean())):
        return 0.0  # every query differs by the same
    return float(2 * t.sf(abs(float(difference.mean())) / (spread / np.sqrt(n)), n - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down: the i-th smallest of m counts (m - i + 1) times, never less than one before it.

    >>> holm([0.01, 0.04, 0.03, 0.005])
    [0.03, 0.06, 0.06, 0.02]
    """
    order = np.argsort(p_values, kind="stable")
    out = [0.0] * len(p_values)
    highest = 0.0
    for place, i in enumerate(order.tolist()):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[i]))
        out[i] = highest
    return out


def compare(a: Run, b: Run, metrics: Iterable[str] | None = None) -> list[Paired]:
    """Every setting and metric that both runs have. Runs on other data, or of other questions, are an error."""
    for what in ("protocol", "catalogue"):
        if a.data.get(what) != b.data.get(what):
            raise ValueError(f"{a.system} and {b.system} ran on another {what}; run {a.task} again for one of them")
    found = []
    for name in a.settings.keys() & b.settings.keys():
        left, right = a.settings[name], b.settings[name]
        if left.asked != right.asked:
            raise ValueError(f"{a.system} and {b.system} were asked other questions in {name!r}; run {a.task} again")
    for name, left in a.settings.items():
        if name in b.settings:
            shared = [m for m in left.scores if m in b.settings[name].scores and (metrics is None or m in metrics)]
            found += [_paired(a.task, name, m, left.scores[m], b.settings[name].scores[m]) for m in shared]
    return corrected(found)


def corrected(found: Sequence[Paired]) -> list[Paired]:
    """The same comparisons, with Holm's correction over these."""
    return [replace(paired, adjusted=p) for paired, p in zip(found, holm([paired.p for paired in found]), strict=True)]


def _paired(task: str, setting: str, metric: str, left: Sequence[float], right: Sequence[float]) -> Paired:
    a, b = np.asarray(left, np.float64), np.asarray(right, np.float64)
    sign = -1 if metric in LOWER_IS_BETTER else 1
    wins, losses = int((sign * (a - b) > 0).sum()), int((sign * (a - b) < 0).sum())
    p = paired_p(a, b)
    return Paired(
        task, setting, metric, len(a), float(a.mean()), float(b.mean()), wins, len(a) - wins - losses, losses, p, p
    )
