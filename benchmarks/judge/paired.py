"""Two systems on the same queries: the project's paired t-test, Holm's correction, and the verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.judge.metrics import LOWER_IS_BETTER
from benchmarks.report.run import Run
from engine.tune.acceptance import paired_p

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
    pairs = []
    for name in a.settings.keys() & b.settings.keys():
        left, right = a.settings[name], b.settings[name]
        if (left.digest, left.queries) != (right.digest, right.queries):
            raise ValueError(f"{a.system} and {b.system} answered other questions in {name!r}; run {a.task} again")
    for name, left in a.settings.items():
        if name in b.settings:
            shared = [m for m in left.scores if m in b.settings[name].scores and (metrics is None or m in metrics)]
            pairs += [_paired(a.task, name, m, left.scores[m], b.settings[name].scores[m]) for m in shared]
    return corrected(pairs)


def corrected(pairs: Sequence[Paired]) -> list[Paired]:
    """The same comparisons, with Holm's correction over these."""
    return [replace(paired, adjusted=p) for paired, p in zip(pairs, holm([paired.p for paired in pairs]), strict=True)]


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean score of the first system less that of the second, and the p of a paired t-test after Holm's correction."""

    first: str
    second: str
    mean: float
    p: float

    def verdict(self, sure: float) -> str:
        """In words; beyond chance where p is below `sure`.

        >>> Difference("ours", "theirs", 0.0312, 0.002).verdict(0.05)
        'ours is better than theirs (+0.031, p = 0.002)'
        >>> Difference("ours", "theirs", -0.0004, 0.7).verdict(0.05)
        'ours is not told apart from theirs (-0.000, p = 0.7)'
        """
        relation = "not told apart from" if self.p >= sure else "better than" if self.mean > 0 else "worse than"
        return f"{self.first} is {relation} {self.second} ({self.mean:+.3f}, p = {self.p:.2g})"


def differences(scores: Mapping[str, Sequence[float]], pairs: Iterable[tuple[str, str]]) -> list[Difference]:
    """Each pair's difference, corrected over all of them.

    scores   system -> one score a query, higher is better, the same queries in the same order

    >>> scores = {"a": [1, 2, 3, 4], "b": [1, 1, 1, 1], "c": [1, 2, 3, 4]}
    >>> [round(each.p, 2) for each in differences(scores, [("a", "b"), ("a", "c")])]
    [0.21, 1.0]
    """
    listed = list(pairs)
    p_values = holm([paired_p(scores[first], scores[second]) for first, second in listed])
    return [
        Difference(first, second, float(np.mean(scores[first]) - np.mean(scores[second])), p)
        for (first, second), p in zip(listed, p_values, strict=True)
    ]


def _paired(task: str, setting: str, metric: str, left: Sequence[float], right: Sequence[float]) -> Paired:
    a, b = np.asarray(left, np.float64), np.asarray(right, np.float64)
    sign = -1 if metric in LOWER_IS_BETTER else 1
    wins, losses = int((sign * (a - b) > 0).sum()), int((sign * (a - b) < 0).sum())
    p = paired_p(a, b)
    return Paired(
        task, setting, metric, len(a), float(a.mean()), float(b.mean()), wins, len(a) - wins - losses, losses, p, p
    )
