"""RP3beta: three steps of a random walk between songs and playlists, what is popular held back."""

from __future__ import annotations

import numpy as np

from benchmarks.systems.playlists.counts import playlist_matrix
from benchmarks.systems.playlists.neighbours import ByPlaylists
from benchmarks.systems.scoring import Floats
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import Choice, grid


class Rp3Beta(ByPlaylists):
    """RP3beta (Paudel, Christoffel, Newell, Bernstein 2017), without a limit of neighbours a song.

    score(c) = sum over seeds s and playlists p that hold both of
    (playlists of s) ** -alpha x (songs of p) ** -alpha x (playlists of c) ** -beta

    With alpha 1 and beta 0 this is how likely a walk from a seed to one of its playlists ends at the song.
    """

    name = "rp3beta"
    choices = grid(alpha=[1, 0.8, 0.6], beta=[0.4, 0, 0.2, 0.6, 0.8])
    choice = "alpha and beta"

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        super().learn(fold)
        chosen = setting or self.choices[0]
        matrix = playlist_matrix(fold.train, len(fold.index.songs))
        of_song = np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1.0)
        of_playlist = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
        self._leave = matrix.T.tocsr().multiply(of_song[:, None] ** -chosen["alpha"]).tocsr()
        arrive = matrix[:, self.candidates].multiply(of_playlist[:, None] ** -chosen["alpha"])
        self._arrive = arrive.multiply(of_song[self.candidates] ** -chosen["beta"]).tocsr()

    def score(self, seeds: Rows) -> Floats:
        playlists = np.asarray(self._leave[seeds].sum(axis=0)).ravel()
        return np.asarray(self._arrive.T @ playlists)
