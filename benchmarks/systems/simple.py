"""The peers without a model: chance, the charts, and more of the same artist."""

from __future__ import annotations

import numpy as np

from benchmarks.systems.playlists.counts import song_counts
from benchmarks.systems.scoring import Floats, Scored, best
from benchmarks.systems.system import Fold, Rows


class Random(Scored):
    """Another order for every set of seeds, the same each time."""

    name = "random"

    def learn(self, fold: Fold) -> None:
        self.candidates = fold.candidates

    def score(self, seeds: Rows) -> Floats:
        return np.random.default_rng(np.sort(seeds)).random(len(self.candidates))


class _Counted(Scored):
    """counts   int64 (candidates,): how many playlists hold each; tuning playlists count, nothing is chosen on them"""

    def learn(self, fold: Fold) -> None:
        self.candidates = fold.candidates
        self.counts = song_counts((*fold.train, *fold.tune), len(fold.index.songs))[fold.candidates]


class Popularity(_Counted):
    """How many playlists hold the song."""

    name = "popularity"

    def score(self, seeds: Rows) -> Floats:
        return self.counts.astype(np.float64)

    def search(self, text: str, k: int) -> Rows:
        """The same songs whatever the words are."""
        return best(self.counts, self.candidates, k)


class SameArtist(_Counted):
    """The songs of the seeds' artists, the most popular first, then all others in the same way."""

    name = "same-artist"

    def learn(self, fold: Fold) -> None:
        super().learn(fold)
        self.artists = fold.index.songs.single("artist_key")

    def score(self, seeds: Rows) -> Floats:
        ahead = (self.share_of_seeds(seeds) > 0) * (1.0 + self.counts.max(initial=0))
        return np.asarray(self.counts + ahead)

    def share_of_seeds(self, seeds: Rows) -> Floats:
        """The share of the seeds that are by each candidate's artist, (candidates,)."""
        names, times = np.unique(self.artists[seeds], return_counts=True)
        of_artist = np.zeros(int(self.artists.max(initial=0)) + 1)
        of_artist[names[names >= 0]] = times[names >= 0] / max(len(seeds), 1)
        mine = self.artists[self.candidates]
        return np.where(mine >= 0, of_artist[mine], 0.0)
