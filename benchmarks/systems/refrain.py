"""Refrain as a system under test: the engine as users have it, given rows and asked for rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.systems.system import Fold, Rows
from engine.answer.answer import MOST_SONGS, pool, ranked
from engine.engine import Engine
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.pool import Pool
from engine.score.search_policy import search_weights
from engine.score.weights import DEFAULT_WEIGHTS, SEARCH_WEIGHTS, Profile, profile_of
from engine.tune.acceptance import accepted_weights
from engine.tune.golden import Trial
from engine.tune.playlists import tune_on_playlists
from indexer.errors import CatalogueError
from indexer.records import SavedPlaylist
from indexer.songs.splits import place_of

NOTHING: Rows = np.zeros(0, np.int64)


class Refrain:
    """The engine on the fold's index.

    tuned        its weights are chosen by `tune_on_playlists`, on the playlists that the index was not taught
    without      signals whose weight is 0
    every_song   no candidate stage: all candidates of the fold are scored
    """

    def __init__(self, name: str = "refrain", *, tuned: bool = False, without: Sequence[str] = (), every: bool = False):
        self.name = name
        self.tuning = "none: the weights that the program comes with"
        self.tuned = tuned
        self.off = tuple(without)
        self.every_song = every
        self.weights: dict[Profile, dict[str, float]] = {name: dict(each) for name, each in DEFAULT_WEIGHTS.items()}
        self.traces: dict[Profile, tuple[Trial, ...]] = {}

    def fit(self, fold: Fold) -> None:
        self.fold = fold
        self.engine = Engine(fold.index, self.weights)
        alive = fold.index.songs.alive
        self.mask: npt.NDArray[np.bool_] = np.zeros(len(alive), bool)
        self.mask[fold.candidates] = True
        if self.tuned:
            self._tune()
        self.weights = {
            profile: {name: 0.0 if name in self.off else weight for name, weight in weights.items()}
            for profile, weights in self.engine.weights.items()
        }

    @property
    def signals(self) -> tuple[str, ...]:
        """Those that have a weight for some query."""
        return tuple(dict.fromkeys(n for weights in self.weights.values() for n, weight in weights.items() if weight))

    def settings(self) -> dict[str, Any]:
        """What a run says of it: the weights by profile, and each trial of a tuning: round, signal, weight, metric."""
        weights = {
            profile: {name: round(float(weight), 4) for name, weight in each.items()}
            for profile, each in self.weights.items()
        }
        traces = {
            profile: [[t.round, t.signal, round(t.weight, 4), round(t.metric, 4)] for t in trace]
            for profile, trace in self.traces.items()
        }
        return {"weights": weights, "traces": traces}

    def without(self, *signals: str, every: bool = False) -> Refrain:
        """The same system on the same fold, nothing tuned again: some signals off, or every song scored."""
        other = Refrain(self.name, without=signals, every=every)
        other.weights = self.weights
        other.fit(self.fold)
        other.tuning = self.tuning
        return other

    def rank(self, seeds: Rows, k: int) -> Rows:
        index = self.fold.index
        query = Query(index, seeds=tuple(Seed.of_row(index, int(row)) for row in seeds))
        weights = self.weights[profile_of(len(seeds))]
        return ranked(query, self._pool(query, weights, k), weights, k).ranking.rows

    def search(self, text: str, k: int) -> Rows:
        words = text.replace('"', " ")  # quotes would ask for an exact phrase
        if not words.strip():
            return NOTHING
        query = Query(self.fold.index, text=words)
        candidates = self._pool(query, SEARCH_WEIGHTS, k)
        return ranked(query, candidates, search_weights(query, candidates), k).ranking.rows

    def _pool(self, query: Query, weights: dict[str, float], k: int) -> Pool:
        found = pool(query, weights, MOST_SONGS if self.every_song else k, self.mask)
        if not self.every_song:
            return found
        seeds = np.array(sorted(query.rows), np.int64)
        return found.of_rows(np.setdiff1d(self.fold.candidates, seeds))

    def _tune(self) -> None:
        playlists = list(_saved(self.fold))
        try:
            reports = tune_on_playlists(self.engine.index, self.engine.weights, playlists)
        except CatalogueError as error:
            self.tuning = f"none possible: {error}"
            return
        said = []
        self.engine.use(accepted_weights(self.engine.weights, reports))
        for profile, report in reports.items():
            self.traces[profile] = report.tuned.trace
            verdict = "accepted" if report.accepted else "rejected"
            said.append(
                f"{report.metric} in {len(report.tuned.trace)} evaluations, {verdict} on the other half "
                f"(p = {report.check.p_value:.4f})"
            )
        self.tuning = f"golden section on half of {len(playlists)} held-out playlists: {'; '.join(said)}"


def _saved(fold: Fold) -> Iterator[SavedPlaylist]:
    """The playlists to tune on as the engine takes them. It splits them by id, and a fold tells none: any will do
    that lies among the held-out."""
    held_out = fold.index.config.held_out
    ids = (name for n in count() if place_of(name := f"tune {n}") < held_out)
    for rows in fold.tune:
        yield SavedPlaylist(next(ids), "", song_ids=tuple(fold.index.songs.song_ids[row] for row in rows.tolist()))


VARIANTS = {
    "refrain": Refrain,
    "refrain-tuned": lambda: Refrain("refrain-tuned", tuned=True),
}
