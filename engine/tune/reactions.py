"""Reactions: weights for one answer from a few songs that were liked or skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.answer.answer import POOL, pool
from engine.query.query import Query
from engine.score.signals import z_scores
from engine.score.weights import UNTUNED
from engine.tune.golden import golden_section
from indexer.errors import RequestError
from indexer.search.allowed import Allowed

Rows = npt.NDArray[np.int64]

HIGHEST = 4.0
LOYALTY = 0.05  # what moving a weight by its own size costs, in nats: a few reactions bend the weights, not break them
ROUNDS = 2
MOST_PAIRS = 20_000  # compared in each step: an answer to a thousand reactions takes no longer than to a hundred


def weights_from_reactions(
    query: Query,
    weights: Mapping[str, float],
    liked: Sequence[int],
    skipped: Sequence[int],
    allowed: Allowed | None = None,
) -> dict[str, float]:
    """The weights under which liked songs stand above skipped ones, near those given; one at a time, golden section.

    liked, skipped   rows; where nothing was liked, or nothing skipped, the other candidates of the query stand for it
    allowed          the rows that may be candidates, those of the answer that the weights are for

    Minimises the mean over `pairs` of ln(1 + exp(score(skipped) - score(liked))) (RankNet, Burges et al. 2005) plus
    LOYALTY x the squared change of each weight in units of the mean weight that is not 0.
    """
    both = sorted(set(liked) & set(skipped))
    if both:
        name = query.index.songs.song_ids[both[0]]
        raise RequestError(
            f"{name} is both liked and skipped; expected one of them",
            field="skipped", found=name, expected="songs that are not liked",
        )  # fmt: skip
    proposed = pool(query, weights, POOL, allowed)
    reacted = np.array(sorted({*liked, *skipped}), np.int64)
    candidates = proposed.of_rows(np.union1d(proposed.rows, reacted))
    signals = z_scores(query, candidates, list(weights))
    others = np.flatnonzero(~np.isin(candidates.rows, reacted))
    above = np.searchsorted(candidates.rows, np.unique(liked)) if liked else others
    below = np.searchsorted(candidates.rows, np.unique(skipped)) if skipped else others
    if not len(above) or not len(below):  # filters that leave nothing to compare with
        return dict(weights)
    above, below = pairs(above, below)
    differences = signals[below] - signals[above]
    mean_weight = float(np.mean([w for name, w in weights.items() if name not in UNTUNED and w] or [1.0]))

    def merit(tried: Mapping[str, float]) -> float:
        gaps = differences @ np.array(list(tried.values()), np.float32)
        moved = sum((tried[name] - weight) ** 2 for name, weight in weights.items())
        return -float(np.logaddexp(0, gaps).mean()) - LOYALTY * moved / mean_weight**2

    moved = dict(weights)
    for _ in range(ROUNDS):
        for name in [name for name in weights if name not in UNTUNED]:
            highest = golden_section(lambda w, name=name: merit({**moved, name: w}), 0.0, HIGHEST, tolerance=0.02)  # type: ignore[misc]
            moved[name] = highest.x
    return moved


def pairs(first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """Every one of `first` beside every one of `second`; where these are too many, MOST_PAIRS drawn of them.

    Drawn, too, each stands in as many pairs as any other, or in one more; the same lists give the same pairs.

    >>> [column.tolist() for column in pairs(np.array([1, 2]), np.array([7, 8]))]
    [[1, 1, 2, 2], [7, 8, 7, 8]]
    """
    if len(first) * len(second) <= MOST_PAIRS:
        return np.repeat(first, len(second)), np.tile(second, len(first))
    drawn = np.random.default_rng(0).permutation(np.resize(second, MOST_PAIRS))
    return np.resize(first, MOST_PAIRS), drawn
