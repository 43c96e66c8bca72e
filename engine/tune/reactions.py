"""Reactions: weights for one answer from a few songs that were liked or skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.answer.answer import POOL, pool
from engine.query.query import Query
from engine.score.fusion import normalise
from engine.score.signals import measure
from engine.score.weights import UNTUNED
from engine.tune.golden import golden_section

HIGHEST = 4.0
LOYALTY = 0.05  # what moving a weight by its own size costs, in nats: a few reactions bend the weights, not break them
ROUNDS = 2


def weights_from_reactions(
    query: Query, weights: Mapping[str, float], liked: Sequence[int], skipped: Sequence[int]
) -> dict[str, float]:
    """The weights under which liked songs stand above skipped ones, near those given; one at a time, golden section.

    Minimises the mean over pairs of ln(1 + exp(score(skipped) - score(liked))) (RankNet, Burges et al. 2005) plus
    LOYALTY x the squared change of each weight in units of the mean weight that is not 0. Where nothing was skipped,
    or nothing liked, the other candidates of the query stand for it.
    """
    both = sorted(set(liked) & set(skipped))
    if both:
        raise ValueError(f"{query.index.songs.song_ids[both[0]]} is both liked and skipped; expected one of them")
    found = pool(query, weights, POOL, None)
    told = np.array(sorted({*liked, *skipped}), np.int64)
    candidates = found.of_rows(np.unique(np.concatenate([found.rows, told])))
    signals = normalise(measure(query, candidates, weights))
    others = np.flatnonzero(~np.isin(candidates.rows, told))
    up = np.searchsorted(candidates.rows, sorted(liked)) if liked else others
    down = np.searchsorted(candidates.rows, sorted(skipped)) if skipped else others
    usual = float(np.mean([w for name, w in weights.items() if name not in UNTUNED and w] or [1.0]))

    def merit(tried: Mapping[str, float]) -> float:
        scores = signals @ np.array(list(tried.values()), np.float32)
        behind = scores[down][None, :] - scores[up][:, None]
        moved = sum((tried[name] - weight) ** 2 for name, weight in weights.items())
        return -float(np.logaddexp(0, behind).mean()) - LOYALTY * moved / usual**2

    bent = dict(weights)
    for _ in range(ROUNDS):
        for name in [name for name in weights if name not in UNTUNED]:
            bent[name] = golden_section(lambda w, name=name: merit({**bent, name: w}), 0.0, HIGHEST, tolerance=0.02).x  # type: ignore[misc]
    return bent
