"""The peers that know playlists song by song: item-item cosine and EASE."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.systems.playlists.counts import playlist_matrix, song_counts
from benchmarks.systems.scoring import Floats, best
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import Choice, TunedPeer, grid

LARGEST = 12_000  # a square matrix of doubles is then 1.2 GB


class ByPlaylists(TunedPeer):
    """A tuned peer that knows nothing but playlists: songs that it cannot tell apart stand in the charts' order."""

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        self.candidates = fold.candidates
        self._counts = song_counts(fold.train, len(fold.index.songs))[fold.candidates]

    def rank(self, seeds: Rows, k: int) -> Rows:
        return best(self.score(seeds), self.candidates, k, without=seeds, ties=self._counts)


class ItemItem(ByPlaylists):
    """score(c) = sum over seeds s of G(s, c) / (sqrt(G(s, s) G(c, c)) + shrinkage).

    G(a, b) is the sum over the playlists that hold both of length ** -power, divided by its mean over playlists: the
    shrinkage counts playlists of average weight.
    """

    name = "item-item"
    choices = grid(shrinkage=[5, 0, 1, 2, 10, 20, 50], power=[0.5, 0, 1])
    choice = "shrinkage, and weight of a playlist (1, 1 / sqrt(length), 1 / length)"

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        super().learn(fold)
        chosen = setting or self.choices[0]
        self._shrinkage = chosen["shrinkage"]
        matrix = playlist_matrix(fold.train, len(fold.index.songs))
        weights = np.maximum(matrix.sum(axis=1), 1.0) ** -chosen["power"]
        weights /= weights.mean() if len(weights) else 1.0
        self._weighted = (matrix.T * weights).tocsr()
        self._lengths = np.sqrt(self._weighted.sum(axis=1))
        self._holds = matrix[:, self.candidates]

    def score(self, seeds: Rows) -> Floats:
        together = (self._weighted[seeds] @ self._holds).toarray()
        bound = self._lengths[seeds, None] * self._lengths[self.candidates] + self._shrinkage
        near = np.divide(together, bound, out=np.zeros_like(together), where=together > 0)
        return np.asarray(near.sum(axis=0))


class Ease(ByPlaylists):
    """EASE (Steck 2019): the linear map B with zero diagonal that minimises |X - XB|^2 + strength |B|^2.

    With P = (X'X + strength)^-1: B(s, c) = -P(s, c) / P(c, c). Where there are fewer playlists than songs, P follows
    from the playlists' own products C = (XX' + strength)^-1, exactly and for all songs at once:
    B(s, c) = x_s' C x_c / (1 - x_c' C x_c), x the column of a song.

    largest   of playlists and songs, the fewer may be this many; above, only the songs of most playlists are learned
    """

    name = "ease"
    choices = grid(strength=[1000, 200, 500, 2000, 5000, 10_000])
    choice = "lambda"

    def __init__(self, largest: int = LARGEST):
        self._largest = largest
        self._left_out = 0

    def fit(self, fold: Fold) -> None:
        super().fit(fold)
        if self._left_out:
            self.tuning += f"; {self._left_out} candidates in too few playlists left out, for the matrix to fit"

    def learn(self, fold: Fold, setting: Choice | None = None) -> None:
        super().learn(fold)
        strength = (setting or self.choices[0])["strength"]
        songs = len(fold.index.songs)
        counts = song_counts(fold.train, songs)
        least = 1
        while (counts >= least).sum() > self._largest:
            least += 1
        self._left_out = 0
        if len(fold.train) <= min(self._largest, int((counts > 0).sum())):
            self._learn_by_playlists(fold, strength)
        else:
            self._learn_by_songs(fold, strength, np.flatnonzero(counts >= least))

    def _learn_by_playlists(self, fold: Fold, strength: float) -> None:
        matrix = playlist_matrix(fold.train, len(fold.index.songs))
        inverse = np.linalg.inv((matrix @ matrix.T).toarray() + strength * np.eye(len(fold.train)))
        of_candidates = matrix[:, self.candidates]
        by_song = of_candidates.T.tocsr()
        leverage = np.zeros(len(self.candidates))
        for first in range(0, len(leverage), LARGEST // 4):
            block = by_song[first : first + LARGEST // 4]
            leverage[first : first + LARGEST // 4] = block.multiply(block @ inverse).sum(axis=1)
        self._seeds, self._map, self._candidates = matrix.T.tocsr(), inverse, of_candidates
        self._scale: npt.NDArray[np.float64] = 1.0 / (1.0 - leverage)

    def _learn_by_songs(self, fold: Fold, strength: float, songs_learned: Rows) -> None:
        from scipy.sparse import csr_array

        songs = len(fold.index.songs)
        matrix = playlist_matrix(fold.train, songs)[:, songs_learned]
        inverse = np.linalg.inv((matrix.T @ matrix).toarray() + strength * np.eye(len(songs_learned)))
        places = np.arange(len(songs_learned))
        pick = csr_array((np.ones(len(songs_learned)), (songs_learned, places)), shape=(songs, len(songs_learned)))
        # -P(s, c) for s != c; a seed's own score is never read
        self._seeds, self._map, self._candidates = pick, -inverse, pick[self.candidates].T.tocsr()
        diagonal = self._candidates.T @ np.diagonal(inverse)
        self._left_out = int((diagonal == 0).sum())
        self._scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)

    def score(self, seeds: Rows) -> Floats:
        asked = np.asarray(self._seeds[seeds].sum(axis=0)).ravel()
        return np.asarray((asked @ self._map) @ self._candidates * self._scale)
