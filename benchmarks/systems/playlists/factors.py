"""The peers of the library `implicit`: ALS, BPR and item-item with BM25 weights. Its only home.

They run on one thread: BPR's steps are otherwise in another order every time.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from benchmarks.systems.playlists.counts import playlist_matrix
from benchmarks.systems.playlists.neighbours import ByPlaylists
from benchmarks.systems.scoring import Floats, library
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import Choice, grid

THREADS = 1
_SEED = 7


class _Implicit(ByPlaylists):
    def __init__(self) -> None:
        library("implicit")

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        from scipy.sparse import csr_matrix

        super().learn(fold)
        self._songs = len(fold.index.songs)
        played = csr_matrix(playlist_matrix(fold.train, self._songs).astype(np.float32))
        # implicit warns where BLAS has threads of its own, which fight with its threads
        with library("threadpoolctl").threadpool_limits(THREADS, "blas"):
            self._model = self.train(setting or self.choices[0], played)

    def score(self, seeds: Rows) -> Floats:
        from scipy.sparse import csr_matrix

        ones = np.ones(len(seeds), np.float32)
        listener = csr_matrix((ones, (np.zeros(len(seeds), np.int32), seeds)), shape=(1, self._songs))
        return self.score_listener(listener)

    @abstractmethod
    def train(self, setting: Choice, played: Any) -> Any:
        """The library's recommender, trained on a CSR matrix (playlists, songs)."""

    @abstractmethod
    def score_listener(self, listener: Any) -> Floats:
        """Scores of the candidates for a CSR matrix (1, songs) that holds a new playlist's seeds."""


class ImplicitAls(_Implicit):
    """Alternating least squares (Hu, Koren, Volinsky 2008); a new playlist's factors are solved for from its seeds."""

    name = "implicit-als"
    choices = grid(factors=[128], alpha=[10, 30, 60], regularization=[100, 200, 400])
    choice = "alpha and regularisation"

    def train(self, setting: Choice, played: Any) -> Any:
        model = library("implicit.cpu.als").AlternatingLeastSquares(
            factors=int(setting["factors"]), alpha=setting["alpha"], regularization=setting["regularization"],
            iterations=15, num_threads=THREADS, random_state=_SEED,
        )  # fmt: skip
        model.fit(played, show_progress=False)
        return model

    def score_listener(self, listener: Any) -> Floats:
        factors = self._model.recalculate_user(0, listener)
        return np.asarray(self._model.item_factors[self.candidates] @ factors)


class ImplicitBpr(_Implicit):
    """Bayesian personalised ranking (Rendle et al. 2009).

    A new playlist's factors are the mean of its seeds' factors, as long as a playlist's are on average: song factors
    are shorter, and the popularity that the songs' biases hold would drown them.
    """

    name = "implicit-bpr"
    choices = grid(factors=[64, 128], iterations=[100, 300], learning_rate=[0.05], regularization=[0.01])
    choice = "factors and iterations"

    def train(self, setting: Choice, played: Any) -> Any:
        model = library("implicit.cpu.bpr").BayesianPersonalizedRanking(
            factors=int(setting["factors"]), iterations=int(setting["iterations"]),
            learning_rate=setting["learning_rate"], regularization=setting["regularization"],
            num_threads=THREADS, random_state=_SEED,
        )  # fmt: skip
        model.fit(played, show_progress=False)
        # the last column of a song is its bias, that of a playlist is 1
        self._length = float(np.linalg.norm(model.user_factors[:, :-1], axis=1).mean())
        return model

    def score_listener(self, listener: Any) -> Floats:
        items = self._model.item_factors
        towards = items[listener.indices, :-1].sum(axis=0)
        towards *= self._length / max(float(np.linalg.norm(towards)), 1e-12)
        return np.asarray(items[self.candidates, :-1] @ towards + items[self.candidates, -1])


class ImplicitBm25(_Implicit):
    """Item-item by the products of BM25-weighted playlists; each song keeps its nearest."""

    name = "implicit-bm25"
    choices = grid(neighbours=[500], k1=[0.4, 0.1, 1.2], b=[0.25, 0, 0.75])
    choice = "k1 and b"

    def train(self, setting: Choice, played: Any) -> Any:
        # the library's BM25Recommender in its two steps: whole, it warns of the matrix that it makes itself
        nearest = library("implicit.nearest_neighbours")
        model = nearest.ItemItemRecommender(K=int(setting["neighbours"]), num_threads=THREADS)
        model.fit(nearest.bm25_weight(played.T, setting["k1"], setting["b"]).T.tocsr(), show_progress=False)
        return model

    def score_listener(self, listener: Any) -> Floats:
        return np.asarray((listener @ self._model.similarity).toarray()[0, self.candidates])
