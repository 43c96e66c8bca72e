"""Columns: the moods of an index's songs as filters, targets and tables read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.errors import FilterError
from indexer.models.moods.vocabulary import mood_named

FloatVector = npt.NDArray[np.float32]
_LEAST = 1e-5  # odds are read of no smaller chance


@dataclass(frozen=True, slots=True)
class MoodColumns:
    """The moods that were learned, a column each.

    names       sorted
    probabilities  float16 (rows, moods): probability that listeners call the song so; NaN where nothing is known
    listener_labels  int8 (rows, moods): 1 they clearly do, -1 they clearly do not, 0 nobody knows
    base_rates  float32 (moods,): share of the songs learned from that are called so
    thresholds  float32 (moods,): the probability from which on a song is called so here, which as many songs reach as
                listeners call so
    words, neighbours  the other words of the vocabulary, and float32 (words, moods): what each mood counts for them
    """

    names: tuple[str, ...]
    probabilities: npt.NDArray[np.float16]
    listener_labels: npt.NDArray[np.int8]
    base_rates: FloatVector
    thresholds: FloatVector
    words: tuple[str, ...]
    neighbours: npt.NDArray[np.float32]

    def learned_neighbours(self, word: str) -> dict[str, float]:
        """The learned moods that tell a mood (of any form), and what each counts; a learned one is told by itself.

        FilterError where no mood was learned at all.
        """
        mood = mood_named(word).name
        if mood in self.names:
            return {mood: 1.0}
        if not self.names:
            raise FilterError(f"no mood was learned here, so none tells {mood}; import playlists or tags and rebuild")
        counts = self.neighbours[self.words.index(mood)]
        return {self.names[i]: float(counts[i]) for i in np.argsort(-counts, kind="stable") if counts[i]}

    def has(self, word: str) -> npt.NDArray[np.bool_]:
        """bool (rows,): the songs that reach the mood's threshold; not those of which nothing is known.

        A word that was not learned has as many songs as its kin have.
        """
        told = self.learned_neighbours(word)
        columns = [self.names.index(name) for name in told]
        if len(told) == 1:
            return np.asarray(self.probabilities[:, columns[0]].astype(np.float32) >= self.thresholds[columns[0]])
        share = self.base_rates[columns] @ np.array([*told.values()], np.float32)
        return self.rank(word) >= 1 - share

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """bool (rows,): the songs with lyrics or sound."""
        return (
            np.asarray(~np.isnan(self.probabilities[:, 0])) if self.names else np.zeros(len(self.probabilities), bool)
        )

    def rank(self, word: str) -> FloatVector:
        """float32 (rows,): the share of songs that a song is more of a mood than, 0..1; NaN where nothing is known."""
        known = np.flatnonzero(self.known)
        value = np.zeros(len(known), np.float32)
        for name, counts in self.learned_neighbours(word).items():
            chances = np.clip(self.probabilities[known, self.names.index(name)].astype(np.float32), _LEAST, 1 - _LEAST)
            odds = np.log(chances / (1 - chances))
            value += counts * (odds - odds.mean()) / (odds.std() + 1e-9)
        out = np.full(len(self.probabilities), np.nan, np.float32)
        out[known[np.argsort(value, kind="stable")]] = np.arange(len(known), dtype=np.float32) / max(len(known) - 1, 1)
        return out


def thresholds(probabilities: npt.NDArray[np.floating], usual: FloatVector) -> FloatVector:
    """float32 (moods,): for each mood the probability that a share `usual` of the songs reaches.

    >>> import numpy as np
    >>> thresholds(np.array([[0.1], [0.2], [0.3], [0.9]]), np.array([0.25], np.float32)).tolist()
    [0.8999999761581421]
    """
    known = probabilities[~np.isnan(probabilities).any(axis=1)].astype(np.float32)
    if not len(known):
        return np.ones(len(usual), np.float32)
    wanted = np.clip(np.ceil(usual * len(known)).astype(np.int64), 1, len(known))
    ordered = np.sort(known, axis=0)
    return np.asarray(ordered[len(known) - wanted, np.arange(len(usual))], np.float32)
