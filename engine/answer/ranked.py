"""Answers as values: the songs of a query, ranked, and what each signal gave to their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.answer.hits import Hits
from engine.query.query import Query
from engine.retrieve.ranking import Ranking


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The songs of a query, ranked.

    weights   signal -> weight, in the order of the columns of `shares`
    shares    float32 (songs, signals): what each signal gave to each score
    """

    query: Query
    ranking: Ranking
    weights: Mapping[str, float]
    shares: npt.NDArray[np.float32]

    def top(self, k: int) -> Answer:
        """The first k songs."""
        return Answer(self.query, self.ranking.top(k), self.weights, self.shares[:k])

    def hits(self, rows: Sequence[int] | None = None) -> Hits:
        """Hits in the order of the ranking, or of `rows`; a row that is not ranked (a seed) has score 0."""
        if rows is None:
            return Hits(self.query, self.ranking.rows, self.ranking.scores, self.weights, self.shares)
        place = {row: i for i, row in enumerate(self.ranking.rows.tolist())}
        places = np.array([place.get(row, -1) for row in rows], np.int64)
        ranked = places >= 0
        points, shares = np.zeros(len(rows), np.float32), np.zeros((len(rows), len(self.weights)), np.float32)
        points[ranked], shares[ranked] = self.ranking.scores[places[ranked]], self.shares[places[ranked]]
        return Hits(self.query, np.array(rows, np.int64), points, self.weights, shares)
