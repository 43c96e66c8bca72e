"""Acceptance: tuned weights are used only if queries that the tuning has not seen agree that they are better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.score.weights import Profile
from engine.tune.golden import Tuned

SIGNIFICANT = 0.05


def paired_p(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """p of the two-sided paired t-test, 0..1: how often chance alone makes two systems differ as far as this.

    first, second   (queries,): one finite metric per query, the same queries in the same order

    On hundreds of queries it agrees with Fisher's randomisation test (Smucker, Allan, Carterette 2007), and has no
    smallest p, so that it can be corrected for many comparisons. 1.0 where no query differs or there is only one;
    0.0 where all differ by exactly the same.

    >>> round(paired_p([1, 2, 3, 4], [1, 1, 1, 1]), 4), paired_p([1, 2], [1, 2]), paired_p([1], [2])
    (0.1027, 1.0, 1.0)
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape or not len(a):
        raise ValueError(f"metrics have shapes {a.shape} and {b.shape}, expected one value per query in both")
    difference = b - a
    if not np.isfinite(difference).all():
        raise ValueError(f"query {(~np.isfinite(difference)).argmax()} has no metric (NaN or infinite)")
    if len(a) < 2 or not difference.any():
        return 1.0
    if np.ptp(difference) <= 1e-12 * np.abs(difference).max():  # beyond what a t of such a spread can say
        return 0.0
    from scipy.stats import ttest_rel

    return float(ttest_rel(a, b).pvalue)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same queries: mean metric before and after, and how likely chance alone is."""

    queries: int
    before: float
    after: float
    p_value: float

    @property
    def accepted(self) -> bool:
        """The mean is higher, and chance alone would do this less than once in twenty times."""
        return self.after > self.before and self.p_value < SIGNIFICANT


def accept(before: npt.ArrayLike, after: npt.ArrayLike) -> Comparison:
    """Compare per-query metrics of the same queries, of a split that the tuning has not seen, by `paired_p`.

    >>> accept([0.2] * 12, [0.5] * 12).accepted, accept([0.2, 0.4], [0.4, 0.2]).accepted
    (True, False)
    """
    p_value = paired_p(before, after)
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    return Comparison(len(old), float(old.mean()), float(new.mean()), p_value)


@dataclass(frozen=True, slots=True)
class TuningReport:
    """What a tuning did, and whether it may be used.

    metric   name of the metric, higher is better
    tuned    the search, on the split that it saw
    check    before and after on the split that it did not see
    """

    metric: str
    tuned: Tuned
    check: Comparison

    @property
    def accepted(self) -> bool:
        return self.check.accepted

    @property
    def weights(self) -> dict[str, float]:
        """The weights to use from now on: the tuned ones if accepted, else those from the start."""
        return dict(self.tuned.weights if self.accepted else self.tuned.start)

    def to_dict(self) -> dict[str, Any]:
        """The whole report with every evaluation, as JSON takes it."""
        return {
            "metric": self.metric,
            "accepted": self.accepted,
            "p_value": self.check.p_value,
            "tuning_split": {"before": self.tuned.before, "after": self.tuned.after},
            "check_split": {"before": self.check.before, "after": self.check.after, "queries": self.check.queries},
            "start": dict(self.tuned.start),
            "tuned": dict(self.tuned.weights),
            "weights": self.weights,
            "trace": [asdict(trial) for trial in self.tuned.trace],
        }


def accepted_weights(
    weights: Mapping[Profile, Mapping[str, float]], reports: Mapping[Profile, TuningReport]
) -> dict[Profile, dict[str, float]]:
    """The weights to use after a tuning: those of the reports where they were accepted, the others as they were."""
    tuned = {profile: report.weights for profile, report in reports.items()}
    return {profile: {**each, **tuned.get(profile, {})} for profile, each in weights.items()}
