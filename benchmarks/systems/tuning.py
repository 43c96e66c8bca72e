"""The tuning budget, the same for every peer that chooses: each setting once, on the tuning playlists, by NDCG@500."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.judge.metrics import Question
from benchmarks.systems.scoring import Scored
from benchmarks.systems.system import Fold, Rows
from engine.tune.golden import ndcg_at

MOST = 200  # tuning playlists that are asked
SEEDS = (1, 5)  # random ones, of every other playlist: what is best for many seeds is not what is best for one
COLD_SEEDS = 5
METRIC_K = 500
COLD_SHARE = 0.15  # of the songs, where settings are chosen for songs that no playlist holds
_DRAW = 5

Choice = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TuningFold:
    """What settings are tried on: a fold to learn from without its tuning playlists, and queries made of these."""

    fold: Fold
    queries: tuple[Question, ...]

    @classmethod
    def of(cls, fold: Fold) -> TuningFold:
        """Where candidates are cold, in no playlist, other songs are made cold likewise: else no setting fits them."""
        queries = _queries(fold)
        if not queries and fold.tune:
            fold = _with_others_cold(fold)
            queries = _queries(fold)
        return cls(replace(fold, tune=()), queries)

    @property
    def described(self) -> str:
        """What the queries are, in words."""
        counts = sorted({len(query.seeds) for query in self.queries})
        return f"{len(self.queries)} tuning playlists, {' or '.join(map(str, counts))} random seeds each"

    def metric(self, rank: Callable[[Rows, int], Rows]) -> float:
        """Mean NDCG@500 over the queries."""
        found = [
            ndcg_at(np.isin(rank(query.seeds, METRIC_K), query.relevant), METRIC_K, len(query.relevant))
            for query in self.queries
        ]
        return float(np.mean(found))


def _with_others_cold(fold: Fold) -> Fold:
    """The fold with songs that playlists do hold as its candidates, taken out of every training playlist.

    They are songs of the same kinds as the candidates: with lyrics or without, with audio features or without.
    """
    songs = fold.index.songs
    kind = 2 * songs.has_lyrics + songs.has_audio
    held = np.unique(np.concatenate([*fold.train, *fold.tune]))
    held = held[np.isin(kind[held], kind[fold.candidates])]
    drawn = np.random.default_rng(_DRAW).permutation(held)
    cold = np.sort(drawn[: math.ceil(COLD_SHARE * len(held))])
    train = tuple(playlist[~np.isin(playlist, cold)] for playlist in fold.train)
    return replace(fold, train=train, candidates=cold)


def _queries(fold: Fold) -> tuple[Question, ...]:
    held = np.unique(np.concatenate([*fold.train, np.zeros(0, np.int64)]))
    warm = bool(np.isin(fold.candidates, held).any())
    rng = np.random.default_rng(_DRAW)
    found: list[Question] = []
    for i in rng.permutation(len(fold.tune)):
        playlist = np.unique(fold.tune[i])
        ranked = np.isin(playlist, fold.candidates)
        count = SEEDS[len(found) % len(SEEDS)] if warm else COLD_SEEDS
        seeds = rng.permutation(playlist[ranked == warm])[:count]
        relevant = np.setdiff1d(playlist[ranked], seeds)
        if len(seeds) == count and len(relevant):
            found.append(Question(seeds, relevant))
        if len(found) == MOST:
            break
    return tuple(found)


def grid(**values: Sequence[float]) -> tuple[Choice, ...]:
    """Every combination, the first of each list first.

    >>> grid(a=[1, 2], b=[0.5])
    ({'a': 1, 'b': 0.5}, {'a': 2, 'b': 0.5})
    """
    return tuple(dict(zip(values, each, strict=True)) for each in itertools.product(*values.values()))


def learned_from(fold: Fold) -> Fold:
    """The fold when all is chosen: the tuning playlists are learned from, too."""
    return replace(fold, train=(*fold.train, *fold.tune), tune=())


def described(setting: Choice) -> str:
    """A setting in words.

    >>> described({"shrinkage": 5, "power": 0.5})
    'shrinkage 5, power 0.5'
    """
    return ", ".join(f"{name} {value:g}" for name, value in setting.items())


def stated(choice: str, trials: int, trial: TuningFold, setting: Choice) -> str:
    """The tuning budget in a sentence.

    >>> trial = TuningFold(None, ())
    >>> stated("lambda", 6, trial, {"lambda": 200})
    'lambda: the first of 6 settings (lambda 200), for want of tuning playlists'
    """
    chosen = described(setting)
    if not trial.queries:
        return f"{choice}: the first of {trials} settings ({chosen}), for want of tuning playlists"
    return (
        f"{choice}: the best of {trials} settings ({chosen}) by NDCG@{METRIC_K} on {trial.described}; then learned "
        "again from training and tuning playlists"
    )


class TunedPeer(Scored):
    """A peer with settings: each is tried once, the best is learned with again from all playlists of the fold.

    choices    the first is taken where there are no tuning playlists; of equally good ones the first
    choice     what is chosen, for the sentence in `tuning`
    """

    choices: tuple[Choice, ...]
    choice: str

    def fit(self, fold: Fold) -> None:
        trial = TuningFold.of(fold)
        setting = self.choose(trial)
        self.learn(learned_from(fold), setting)
        self.tuning = stated(self.choice, len(self.choices), trial, setting)

    def choose(self, trial: TuningFold) -> Choice:
        """The best setting on a trial."""
        chosen, highest = self.choices[0], -np.inf
        for setting in self.choices if trial.queries else ():
            self.learn(trial.fold, setting)
            metric = trial.metric(self.rank)
            if metric > highest:
                chosen, highest = setting, metric
        return chosen

    @abstractmethod
    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        """As Scored.learn, with this setting; without one, the first."""
