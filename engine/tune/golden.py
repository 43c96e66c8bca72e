"""Golden section: where a function of one weight is highest, and the weights that it finds one after another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

INVERSE_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where a function was found to be highest.

    evaluations   every (x, f(x)) that was computed, in the order of computing
    """

    x: float
    value: float
    evaluations: tuple[tuple[float, float], ...]


def golden_section(
    f: Callable[[float], float], low: float, high: float, *, coarse: int = 9, tolerance: float = 1e-3
) -> Optimum:
    """Find the x in [low, high] where f is highest, to `tolerance`, for an f that rises, then falls.

    A ranking metric is a staircase, with flat ends when one signal drowns the others. The grid of
    `coarse` points finds the highest step, so that a tie on a flat end cannot choose the bracket; the
    golden section then narrows [point before, point after]; between two equal points it keeps the side
    of the best point seen. That point is returned, and of several equally high the middle one, which is
    the least likely to fall off its step on other queries.

    >>> round(golden_section(lambda x: -abs(x - 0.3), 0.0, 1.0).x, 2)
    0.3
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"the bracket is [{low}, {high}], expected two finite numbers, the lower first")
    if coarse < 3 or tolerance <= 0:
        raise ValueError(f"coarse is {coarse} and tolerance {tolerance}, expected 3 or more and above 0")
    seen: dict[float, float] = {}

    def value(x: float) -> float:
        if x not in seen:
            seen[x] = float(f(x))
            if math.isnan(seen[x]):
                raise ValueError(f"f({x}) is not a number")
        return seen[x]

    grid = np.linspace(low, high, coarse).tolist()
    best = _middle_of_best({x: value(x) for x in grid})
    highest = [i for i, x in enumerate(grid) if seen[x] == seen[best]]
    left, right = grid[max(highest[0] - 1, 0)], grid[min(highest[-1] + 1, coarse - 1)]
    c, d = right - INVERSE_GOLDEN * (right - left), left + INVERSE_GOLDEN * (right - left)
    while right - left > tolerance and left < c < d < right:
        if value(c) > value(d) or (value(c) == value(d) and _middle_of_best(seen) < d):
            right, d = d, c
            c = right - INVERSE_GOLDEN * (right - left)
        else:
            left, c = c, d
            d = left + INVERSE_GOLDEN * (right - left)
    best = _middle_of_best(seen)
    return Optimum(best, seen[best], tuple(seen.items()))


def _middle_of_best(seen: Mapping[float, float]) -> float:
    top = max(seen.values())
    best = sorted(x for x, y in seen.items() if y == top)
    return best[(len(best) - 1) // 2]


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation: in this round, with this signal at this weight and the others as they were then.

    Round 0 is the start; its signal is "" and its weight 0.
    """

    round: int
    signal: str
    weight: float
    metric: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """Weights as the search left them, with the tuning split's metric at the start and at the end."""

    start: Mapping[str, float]
    weights: Mapping[str, float]
    before: float
    after: float
    trace: tuple[Trial, ...]


def coordinate_ascent(
    evaluate: Callable[[dict[str, float]], float],
    names: Sequence[str],
    start: Mapping[str, float],
    *,
    low: float = 0.0,
    high: float = 4.0,
    rounds: int = 3,
    coarse: int = 9,
    tolerance: float = 0.02,
) -> Tuned:
    """Raise `evaluate(weights)` one weight at a time by golden section, until a whole round changes nothing.

    `names` are the weights to tune, in this order; other entries of `start` stay as they are. A weight
    moves only where the metric is higher than with the weight it had. Scaling all weights changes no
    ranking, so [low, high] needs room around the start and no more. Assumes normalised signals and, for
    a search that finds the best and not merely something better, 200 judged queries.
    """
    unknown = [name for name in names if name not in start]
    if not names or unknown or len(set(names)) < len(names):
        raise ValueError(f"tuning {list(names)} needs each name once and in the start {sorted(start)}")
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}, expected 1 or more")
    weights = dict(start)
    metric = before = float(evaluate(dict(weights)))
    trace = [Trial(0, "", 0.0, before)]
    for round_ in range(1, rounds + 1):
        moved = False
        for name in names:
            best = golden_section(
                lambda w, name=name: evaluate({**weights, name: w}),  # type: ignore[misc]
                low, high, coarse=coarse, tolerance=tolerance,
            )  # fmt: skip
            trace.extend(Trial(round_, name, x, y) for x, y in best.evaluations)
            if best.value > metric:
                weights[name], metric, moved = best.x, best.value, True
        if not moved:
            break
    return Tuned(dict(start), weights, before, metric, tuple(trace))


def ndcg_at(ranked_relevance: npt.ArrayLike, k: int, n_relevant: int) -> float:
    """nDCG@k = sum over ranks i <= k of rel(i) / log2(i + 1), over the same with all relevant songs first.

    ranked_relevance   1 where the song at this rank is relevant, else 0; best rank first
    n_relevant         relevant songs in all, found or not; at least 1

    >>> round(ndcg_at([1, 0, 1, 0], 10, 2), 4)
    0.9197
    """
    gains = _judged(ranked_relevance, n_relevant)[:k]
    if k < 1:
        raise ValueError(f"k is {k}, expected 1 or more")
    discounts = 1.0 / np.log2(np.arange(2, max(len(gains), min(k, n_relevant)) + 2))
    return float(gains @ discounts[: len(gains)] / discounts[: min(k, n_relevant)].sum())


def _judged(ranked_relevance: npt.ArrayLike, n_relevant: int) -> npt.NDArray[np.float64]:
    relevance = np.asarray(ranked_relevance, dtype=np.float64)
    if relevance.ndim != 1 or not np.isin(relevance, (0.0, 1.0)).all():
        raise ValueError("ranked_relevance must be a list of 0 and 1")
    if n_relevant < 1 or relevance.sum() > n_relevant:
        raise ValueError(f"{relevance.sum():.0f} relevant songs are ranked, n_relevant says {n_relevant}")
    return relevance
