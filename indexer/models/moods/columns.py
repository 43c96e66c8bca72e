"""Columns: the moods of an index's songs as filters, targets and tables read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from indexer.errors import FilterError
from indexer.models.moods.vocabulary import mood_named

FloatVector = npt.NDArray[np.float32]
RANKED = 32  # words; each keeps 4 bytes a song
_LEAST = 1e-5  # no smaller probability is turned into odds


@dataclass(frozen=True)
class MoodColumns:
    """The moods that were learned, a column each.

    names             sorted
    probabilities     float16 (rows, moods): that listeners call the song so; NaN where nothing is known of it
    listener_labels   int8 (rows, moods): 1 they clearly do, -1 they clearly do not, 0 unknown
    base_rates        float32 (moods,): share of the songs learned from that are called so
    thresholds        float32 (moods,): a song has the mood from this probability on; a share `base_rates` of the songs
                      reaches it
    words, neighbours   the other words of the vocabulary, and float32 (words, moods): what each mood counts for them

    Ranks of the last RANKED words are remembered.
    """

    names: tuple[str, ...]
    probabilities: npt.NDArray[np.float16]
    listener_labels: npt.NDArray[np.int8]
    base_rates: FloatVector
    thresholds: FloatVector
    words: tuple[str, ...]
    neighbours: npt.NDArray[np.float32]

    def learned_neighbours(self, word: str) -> dict[str, float]:
        """The learned moods that stand for a mood (of any form), and what each counts; a learned one for itself.

        FilterError where no mood was learned at all.
        """
        mood = mood_named(word).name
        if mood in self.names:
            return {mood: 1.0}
        if not self.names:
            raise FilterError(
                f"no mood was learned here, so none stands for {mood}; import playlists or tags and rebuild"
            )
        counts = self.neighbours[self.words.index(mood)]
        return {self.names[i]: float(counts[i]) for i in np.argsort(-counts, kind="stable") if counts[i]}

    def has(self, word: str) -> npt.NDArray[np.bool_]:
        """bool (rows,): the songs that reach the mood's threshold; not those of which nothing is known.

        A word that was not learned has as many songs as its neighbours have on average.
        """
        neighbours = self.learned_neighbours(word)
        columns = [self.names.index(name) for name in neighbours]
        if len(neighbours) == 1:
            return np.asarray(self.probabilities[:, columns[0]].astype(np.float32) >= self.thresholds[columns[0]])
        share = self.base_rates[columns] @ np.array([*neighbours.values()], np.float32)
        return self.rank(word) >= 1 - share

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """bool (rows,): the songs with lyrics or sound."""
        return (
            np.asarray(~np.isnan(self.probabilities[:, 0])) if self.names else np.zeros(len(self.probabilities), bool)
        )

    def rank(self, word: str) -> FloatVector:
        """float32 (rows,): the share of songs that a song is more of a mood than, 0..1; NaN where nothing is known."""
        mood = mood_named(word).name
        ranks = self._ranks.pop(mood, None)
        if ranks is None:
            ranks = self._ranked(mood)
            ranks.setflags(write=False)  # one array is handed to every caller
        self._ranks[mood] = ranks
        while len(self._ranks) > RANKED:
            self._ranks.pop(next(iter(self._ranks)), None)
        return ranks

    @cached_property
    def _ranks(self) -> dict[str, FloatVector]:
        return {}

    def _ranked(self, mood: str) -> FloatVector:
        known = np.flatnonzero(self.known)
        value = np.zeros(len(known), np.float32)
        for name, counts in self.learned_neighbours(mood).items():
            probabilities = self.probabilities[known, self.names.index(name)].astype(np.float32)
            probabilities = np.clip(probabilities, _LEAST, 1 - _LEAST)
            odds = np.log(probabilities / (1 - probabilities))
            value += counts * (odds - odds.mean()) / (odds.std() + 1e-9)
        out = np.full(len(self.probabilities), np.nan, np.float32)
        out[known[np.argsort(value, kind="stable")]] = np.arange(len(known), dtype=np.float32) / max(len(known) - 1, 1)
        return out


def thresholds(probabilities: npt.NDArray[np.floating], base_rates: FloatVector) -> FloatVector:
    """float32 (moods,): for each mood the probability that a share `base_rates` of the known songs reaches.

    >>> import numpy as np
    >>> thresholds(np.array([[0.1], [0.2], [0.3], [0.9]]), np.array([0.25], np.float32)).tolist()
    [0.8999999761581421]
    """
    known = np.flatnonzero(~np.isnan(probabilities).any(axis=1))
    out = np.ones(len(base_rates), np.float32)
    if not len(known):
        return out
    wanted = np.clip(np.ceil(base_rates * len(known)).astype(np.int64), 1, len(known))
    for column, count in enumerate(wanted.tolist()):  # one column at a time: a million songs have 300 moods
        out[column] = np.sort(probabilities[known, column].astype(np.float32))[len(known) - count]
    return out
