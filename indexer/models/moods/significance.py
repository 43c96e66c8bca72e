"""Significance: how well scores tell songs with a label from songs without it, and whether that can be chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatMatrix = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def auc_and_error(
    scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Area under the ROC curve and its standard error; (0.5, infinity) without a positive or a negative.

    scores, positive, groups   (songs,); songs of one group (an artist) are not independent

    The error is the larger one of two: DeLong et al. 1988 summed over groups (Obuchowski 1997), and that of scores
    without any signal, sqrt((n1 + n0 + 1) / (12 n1 n0)) (Hanley & McNeil 1982), for few positives make the first small.

    >>> import numpy as np
    >>> auc_and_error(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 0, 1, 1], bool), np.arange(4))[0]
    0.875
    """
    from scipy.stats import rankdata

    n1 = int(positive.sum())
    n0 = len(positive) - n1
    if not n1 or not n0:
        return 0.5, float("inf")
    ranks = rankdata(scores)
    above = (ranks[positive] - rankdata(scores[positive])) / n0  # share of the negatives that each positive is above
    below = 1 - (ranks[~positive] - rankdata(scores[~positive])) / n1
    area = float(above.mean())
    codes, count = np.unique(groups, return_inverse=True)[1], len(np.unique(groups))
    shares = np.bincount(codes[positive], (above - area) / n1, count)
    shares += np.bincount(codes[~positive], (below - area) / n0, count)
    clustered = float(np.sqrt((shares**2).sum() * count / max(count - 1, 1)))
    return area, max(clustered, float(np.sqrt((n1 + n0 + 1) / (12 * n1 * n0))))


def chance_of(area: Doubles, error: Doubles) -> Doubles:
    """One-sided p-values: the probability of such an area or a larger one where scores have no signal."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-(area - 0.5) / error), np.float64)


def discoveries(chances: Doubles, rate: float) -> npt.NDArray[np.bool_]:
    """bool, of p-values: those to believe; of these at most a share `rate` is chance (Benjamini & Hochberg 1995).

    >>> import numpy as np
    >>> discoveries(np.array([0.001, 0.5, 0.02, 0.04]), 0.05).tolist()
    [True, False, True, False]
    """
    order = np.argsort(chances, kind="stable")
    passing = np.flatnonzero(chances[order] <= rate * np.arange(1, len(chances) + 1) / max(len(chances), 1))
    believed = np.zeros(len(chances), bool)
    if len(passing):
        believed[order[: passing[-1] + 1]] = True
    return believed
