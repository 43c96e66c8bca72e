"""Columns: the moods of an index's songs as filters, targets and tables read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.errors import FilterError
from indexer.moods.vocabulary import VOCABULARY, mood_named

FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MoodColumns:
    """The moods that were learned, a column each.

    names       sorted
    chances     float16 (rows, moods): probability that listeners call the song so; NaN where nothing is known
    said        int8 (rows, moods): 1 they clearly do, -1 they clearly do not, 0 nobody knows
    usual       float32 (moods,): share of the songs learned from that are called so
    thresholds  float32 (moods,): the probability from which on a song is called so here, which as many songs reach as
                listeners call so
    """

    names: tuple[str, ...]
    chances: npt.NDArray[np.float16]
    said: npt.NDArray[np.int8]
    usual: FloatVector
    thresholds: FloatVector

    def column(self, word: str) -> int:
        """The column of a mood, by any of its forms; FilterError names the nearest that were learned."""
        mood = mood_named(word)
        if mood.name in self.names:
            return self.names.index(mood.name)

        def far(name: str) -> float:
            other = VOCABULARY[name]
            return (other.valence - mood.valence) ** 2 + (other.arousal - mood.arousal) ** 2

        near = sorted(self.names, key=far)[:5]
        told = f"learned here and near to it: {', '.join(near)}" if near else "no mood was learned here"
        raise FilterError(f"too few songs of this catalogue are called {mood.name} to tell it; {told}")

    def has(self, word: str) -> npt.NDArray[np.bool_]:
        """bool (rows,): the songs that reach the mood's threshold; not those of which nothing is known."""
        at = self.column(word)
        return np.asarray(self.chances[:, at].astype(np.float32) >= self.thresholds[at])

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """bool (rows,): the songs with lyrics or sound."""
        return np.asarray(~np.isnan(self.chances[:, 0])) if self.names else np.zeros(len(self.chances), bool)

    def rank(self, word: str) -> FloatVector:
        """float32 (rows,): the share of songs that a song is more of a mood than, 0..1; NaN where nothing is known."""
        chances = self.chances[:, self.column(word)].astype(np.float32)
        known = np.flatnonzero(~np.isnan(chances))
        out = np.full(len(chances), np.nan, np.float32)
        order = np.argsort(chances[known], kind="stable")
        out[known[order]] = np.arange(len(known), dtype=np.float32) / max(len(known) - 1, 1)
        return out


def thresholds(chances: npt.NDArray[np.floating], usual: FloatVector) -> FloatVector:
    """float32 (moods,): for each mood the probability that a share `usual` of the songs reaches.

    >>> import numpy as np
    >>> thresholds(np.array([[0.1], [0.2], [0.3], [0.9]]), np.array([0.25], np.float32)).tolist()
    [0.8999999761581421]
    """
    known = chances[~np.isnan(chances).any(axis=1)].astype(np.float32)
    if not len(known):
        return np.ones(len(usual), np.float32)
    wanted = np.clip(np.ceil(usual * len(known)).astype(np.int64), 1, len(known))
    ordered = np.sort(known, axis=0)
    return np.asarray(ordered[len(known) - wanted, np.arange(len(usual))], np.float32)
