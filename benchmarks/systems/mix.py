"""Today's best simple mix: item-item, popularity, same artist and content, weighted on the tuning playlists."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from benchmarks.systems.content.vectors import ContentMix
from benchmarks.systems.playlists.neighbours import ItemItem
from benchmarks.systems.scoring import Floats, Scored, best
from benchmarks.systems.simple import SameArtist
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import Choice, TuningFold, described, grid, learned_from, stated
from engine.score.fusion import normalise

WEIGHTS = grid(popularity=[0.3, 0, 0.1, 0.6], artist=[0.3, 0, 0.1, 0.6], content=[0.1, 0, 0.3, 0.6])


class Mix(Scored):
    """The z-scores over the candidates of item-item, log(1 + playlists), same artist and content, each times a weight.

    Item-item is tuned first, alone; its weight is 1. The other weights are chosen for one seed and for several apart:
    one seed's neighbours are few, and what else is known counts for more.
    """

    name = "mix"

    def __init__(self) -> None:
        self._items, self._artists, self._content = ItemItem(), SameArtist(), ContentMix()
        self._weights_one: Choice = WEIGHTS[0]
        self._weights_several: Choice = WEIGHTS[0]

    def fit(self, fold: Fold) -> None:
        trial = TuningFold.of(fold)
        setting = self._items.choose(trial)
        if trial.queries:
            self._learn(trial.fold, setting)
            one = tuple(query for query in trial.queries if len(query.seeds) == 1)
            several = tuple(query for query in trial.queries if len(query.seeds) > 1)
            # cold songs are asked for by several seeds only
            self._weights_one = self._choose(replace(trial, queries=one or several))
            self._weights_several = self._choose(replace(trial, queries=several or one))
        self._learn(learned_from(fold), setting)
        alone, weights = described(setting), described(self._weights_one)
        self.tuning = (
            f"item-item's {len(self._items.choices)} settings first ({alone}); weights of the others for one seed "
            f"({weights}) and, apart, " + stated("for several", len(WEIGHTS), trial, self._weights_several)
        )

    def learn(self, fold: Fold) -> None:
        self._learn(fold, self._items.choices[0])

    def score(self, seeds: Rows) -> Floats:
        weights = self._weights_one if len(seeds) == 1 else self._weights_several
        return self._signals(seeds) @ self._factors(weights)

    def _learn(self, fold: Fold, setting: Choice) -> None:
        self.candidates = fold.candidates
        self._items.learn(fold, setting)
        self._artists.learn(fold)
        self._content.learn(fold)

    def _choose(self, trial: TuningFold) -> Choice:
        # the signals of a query are the same under all weights
        judged = {query.seeds.tobytes(): self._signals(query.seeds) for query in trial.queries}

        def metric(weights: Choice) -> float:
            factors = self._factors(weights)

            def rank(seeds: Rows, k: int) -> Rows:
                return best(judged[seeds.tobytes()] @ factors, self.candidates, k, without=seeds)

            return trial.metric(rank)

        return max(WEIGHTS, key=metric)

    def _signals(self, seeds: Rows) -> npt.NDArray[np.float32]:
        """float32 (candidates, 4), z-scored: item-item, popularity, artist, content."""
        return normalise(
            np.column_stack(
                [
                    self._items.score(seeds),
                    np.log1p(self._artists.counts),
                    self._artists.share_of_seeds(seeds),
                    self._content.score(seeds),
                ]
            )
        )

    def _factors(self, weights: Choice) -> npt.NDArray[np.float32]:
        return np.array([1.0, weights["popularity"], weights["artist"], weights["content"]], np.float32)
