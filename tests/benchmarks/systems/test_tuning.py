"""What settings are tried on, and that the best one is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.systems.mix import Mix
from benchmarks.systems.playlists.neighbours import ItemItem
from benchmarks.systems.scoring import Floats
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import MOST, SEEDS, Choice, TunedPeer, TuningFold, grid


class Threshold(TunedPeer):
    """Ranks as many songs of the tuning playlist's kind first as its setting says; 7 is best."""

    name = "threshold"
    choices = grid(first=[1, 3, 7, 5])
    choice = "how many"

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        self.candidates = fold.candidates
        self.learned = len(fold.train)
        self.first = (setting or self.choices[0])["first"]

    def score(self, seeds: Rows) -> Floats:
        liked = np.flatnonzero(self.candidates % 2 == seeds[0] % 2)
        scores = np.zeros(len(self.candidates))
        scores[liked[: 3 * int(self.first)]] = 1
        return scores


def test_queries_split_playlists(fold: Fold) -> None:
    trial = TuningFold.of(fold)
    assert trial.fold.tune == ()
    assert trial.fold.train == fold.train
    assert 0 < len(trial.queries) <= min(MOST, len(fold.tune))
    for query in trial.queries:
        whole = {*query.seeds.tolist(), *query.relevant.tolist()}
        assert len(query.seeds) in SEEDS
        assert len(whole) == len(query.seeds) + len(query.relevant)
        assert whole <= set(fold.candidates.tolist())
        assert any(whole <= set(playlist.tolist()) for playlist in fold.tune)
    again = TuningFold.of(fold)
    assert [q.seeds.tolist() for q in again.queries] == [q.seeds.tolist() for q in trial.queries]


def test_the_best_setting_is_taken_and_all_is_learned(bare: Any) -> None:
    evens, odds = list(range(0, 40, 2)), list(range(1, 40, 2))
    peer = Threshold()
    peer.fit(bare([evens, odds], 60, tune=[evens, odds, evens]))
    assert peer.first == 7
    assert peer.learned == 5
    assert peer.tuning.startswith("how many: the best of 4 settings (first 7) by NDCG@500 on 3 tuning playlists")


def test_without_tuning_playlists_the_first(bare: Any) -> None:
    peer = Threshold()
    peer.fit(bare([[0, 1]], 5))
    assert peer.first == 1
    assert "for want of tuning playlists" in peer.tuning


def test_for_cold_candidates_other_songs_are_made_cold(fold: Fold) -> None:
    held = np.unique(np.concatenate([*fold.train, *fold.tune]))
    cold = held[::6]
    stripped = tuple(p[~np.isin(p, cold)] for p in fold.train), tuple(p[~np.isin(p, cold)] for p in fold.tune)
    hidden = replace(fold, train=stripped[0], tune=stripped[1], candidates=cold)
    trial = TuningFold.of(hidden)
    assert trial.queries
    assert not np.isin(trial.fold.candidates, cold).any()
    for playlist in trial.fold.train:
        assert not np.isin(playlist, trial.fold.candidates).any()
    for query in trial.queries:
        assert np.isin(query.relevant, trial.fold.candidates).all()
        assert not np.isin(query.seeds, trial.fold.candidates).any()
    peer = Mix()
    peer.fit(hidden)
    assert set(peer.rank(fold.train[0][:5], 50).tolist()) <= set(cold.tolist())


def test_the_mix_is_no_worse_than_its_parts_where_it_is_tuned(fold: Fold) -> None:
    """Item-item alone is the setting with all weights 0, up to ties among z-scores."""
    trial = TuningFold.of(fold)
    alone = ItemItem()
    alone.learn(trial.fold, alone.choose(trial))
    mix = Mix()
    mix.fit(fold)
    mix._learn(trial.fold, alone.choose(trial))
    assert trial.metric(mix.rank) >= trial.metric(alone.rank) - 1e-3
