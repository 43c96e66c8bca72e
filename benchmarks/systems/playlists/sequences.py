"""VSKNN: the playlists most like the seeds, the last seeds counting most. The peer that reads the order of seeds."""

from __future__ import annotations

import numpy as np

from benchmarks.systems.playlists.counts import playlist_matrix
from benchmarks.systems.playlists.neighbours import ByPlaylists
from benchmarks.systems.scoring import Floats
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import Choice, grid


class Vsknn(ByPlaylists):
    """Vector multiplication session nearest neighbours (Ludewig, Jannach 2018), playlists in the place of sessions.

    The i-th of n seeds counts i / n. A playlist's likeness is the sum over the seeds that it holds, over the root of
    its length; a candidate's score is the sum of likeness over the nearest playlists that hold it, times
    ln(playlists / playlists of the candidate) ** idf.
    """

    name = "vsknn"
    choices = grid(neighbours=[500, 100, 2000], idf=[0, 0.5, 1])
    choice = "neighbours and idf, by seeds in random order"

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        super().learn(fold)
        chosen = setting or self.choices[0]
        matrix = playlist_matrix(fold.train, len(fold.index.songs))
        lengths = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
        of_song = np.maximum(np.asarray(matrix.sum(axis=0)).ravel()[self.candidates], 1.0)
        self._neighbours = int(chosen["neighbours"])
        self._of_seed = matrix.T.tocsr().multiply(lengths**-0.5).tocsr()
        rarity = np.log(max(len(fold.train), 2) / of_song + 1e-12).clip(0) ** chosen["idf"]
        self._of_candidate = matrix[:, self.candidates].multiply(rarity).tocsr()

    def score(self, seeds: Rows) -> Floats:
        positions = np.arange(1, len(seeds) + 1) / max(len(seeds), 1)
        likeness = np.asarray(self._of_seed[seeds].T @ positions)
        if len(likeness) > self._neighbours:
            nearest = np.argsort(-likeness, kind="stable")[: self._neighbours]
            likeness = np.where(np.isin(np.arange(len(likeness)), nearest), likeness, 0.0)
        return np.asarray(self._of_candidate.T @ likeness)
