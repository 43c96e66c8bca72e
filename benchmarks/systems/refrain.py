"""Refrain as a system under test: the engine as users have it, given rows and asked for rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.systems.system import Fold, Rows
from engine.answer.answer import pool, ranked
from engine.bounds import MOST_SONGS
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.pool import Pool
from engine.score.search_policy import search_weights
from engine.score.weights import DEFAULT_WEIGHTS, SEARCH_WEIGHTS, Profile, profile_of
from engine.tune.golden import Trial
from engine.tune.playlists import LEAST_QUERIES, LEAST_SONGS, MOST_QUERIES, SEEDS, draw, tune_on_queries
from indexer.search.allowed import Allowed

NOTHING: Rows = np.zeros(0, np.int64)
DEFAULTS = (
    "nothing here: the program's default weights and settings, which were chosen on development playlists of the data "
    "set of the runs of record, in more trials than anybody counted"
)


class Refrain:
    """The engine on the fold's index.

    tuned     its weights are chosen on the fold's tuning playlists, from which the index has not learned
    without   signals whose weight is 0
    every     no candidate stage: all candidates of the fold are scored
    """

    def __init__(self, name: str = "refrain", *, tuned: bool = False, without: Sequence[str] = (), every: bool = False):
        self.name = name
        self.tuning = DEFAULTS
        self.tuned = tuned
        self.off = tuple(without)
        self.every_song = every
        self.weights: dict[Profile, dict[str, float]] = {name: dict(each) for name, each in DEFAULT_WEIGHTS.items()}
        self.traces: dict[Profile, tuple[Trial, ...]] = {}

    def fit(self, fold: Fold) -> None:
        self.fold = fold
        alive = fold.index.songs.alive
        mask = np.zeros(len(alive), bool)
        mask[fold.candidates] = True
        self.allowed = Allowed(mask)
        if self.tuned:
            self._tune()
        self.weights = {
            profile: {name: 0.0 if name in self.off else weight for name, weight in weights.items()}
            for profile, weights in self.weights.items()
        }

    @property
    def signals(self) -> tuple[str, ...]:
        """Those that have a weight for some query."""
        return tuple(dict.fromkeys(n for weights in self.weights.values() for n, weight in weights.items() if weight))

    def settings(self) -> Mapping[str, Any]:
        """The weights by profile, and each trial of a tuning: round, signal, weight, metric."""
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
        candidates = pool(query, weights, MOST_SONGS if self.every_song else k, self.allowed)
        if not self.every_song:
            return candidates
        return candidates.of_rows(np.setdiff1d(self.fold.candidates, query.own_rows))

    def _tune(self) -> None:
        """Golden section on every other tuning playlist; the others decide whether the weights are any better."""
        verdicts = []
        for profile, seeds in SEEDS.items():
            lists = [rows for rows in self.fold.tune if len(rows) >= max(LEAST_SONGS, seeds + 1)]
            queries = [draw(rows, seeds, number) for number, rows in enumerate(lists)]
            tune, decide = queries[::2][:MOST_QUERIES], queries[1::2][:MOST_QUERIES]
            if len(decide) < LEAST_QUERIES:
                self.tuning = (
                    f"{len(lists)} tuning playlists of {LEAST_SONGS} songs or more, too few to choose by "
                    f"({2 * LEAST_QUERIES} expected); {DEFAULTS}"
                )
                return
            report = tune_on_queries(self.fold.index, self.weights[profile], tune, decide)
            self.weights[profile] = self.weights[profile] | dict(report.weights)
            self.traces[profile] = report.tuned.trace
            verdicts.append(
                f"{report.metric} in {len(report.tuned.trace)} trials on {len(tune)} tuning playlists, "
                f"{'accepted' if report.accepted else 'rejected'} by {len(decide)} others "
                f"(p = {report.check.p_value:.4f})"
            )
        self.tuning = f"the weights of signals by golden section: {'; '.join(verdicts)}; before that, {DEFAULTS}"


VARIANTS = {
    "refrain": Refrain,
    "refrain-tuned": lambda: Refrain("refrain-tuned", tuned=True),
}
