"""Tuning on examples: seeds, and the songs that should come back for them, as somebody wrote them down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.index import OpenIndex
from engine.score.weights import Profile, profile_of
from engine.tune.acceptance import TuningReport
from engine.tune.playlists import LEAST_QUERIES, Asked, tune_on_queries
from indexer.progress import Track


def tune_on_examples(
    index: OpenIndex,
    weights: Mapping[Profile, Mapping[str, float]],
    examples: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    track: Track,
) -> dict[Profile, TuningReport]:
    """Tune each profile on the examples of its number of seeds, (rows of seeds, rows wanted) each.

    Every second example is tuned on, the others decide. ValueError where a profile has too few, or one is empty.
    """
    queries: dict[Profile, list[Asked]] = {}
    for seeds, wanted in examples:
        if not len(seeds) or not len(wanted):
            raise ValueError("a query has no seeds or no songs that should come back; expected ([seeds], [wanted])")
        queries.setdefault(profile_of(len(seeds)), []).append(Asked(np.array(seeds), np.array(wanted)))
    for profile, of_profile in queries.items():
        if len(of_profile) < 2 * LEAST_QUERIES:
            raise ValueError(
                f"{len(of_profile)} queries have {profile} seed{'s' * (profile != 'one')}, expected at least "
                f"{2 * LEAST_QUERIES}, half to tune on and half to check; give more, or leave these out"
            )
    return {
        profile: tune_on_queries(index, weights[profile], of_profile[::2], of_profile[1::2], track=track)
        for profile, of_profile in queries.items()
    }
