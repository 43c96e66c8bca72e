"""The peers that compare songs by what they are: sentence vectors, audio features, and both with words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.systems.content.words import Bm25s
from benchmarks.systems.scoring import NO_ROWS, Floats, Scored, best, unit
from benchmarks.systems.system import Fold, Rows
from engine.score.fusion import normalise

FloatMatrix = npt.NDArray[np.float32]


class Cosine:
    """Cosine of candidates with the mean direction of some seeds.

    vectors   float (rows, d), of every row of an index; zero where nothing is known
    """

    def __init__(self, vectors: npt.NDArray[np.floating], candidates: Rows):
        self._vectors = vectors
        self._candidates = unit(vectors[candidates])
        self.unknown = np.asarray(~self._candidates.any(axis=1))

    def to_rows(self, seeds: Rows) -> Floats:
        return self.to_vector(unit(self._vectors[seeds]).sum(axis=0))

    def to_vector(self, vector: FloatMatrix) -> Floats:
        """(candidates,), NaN where a candidate has no vector."""
        return np.where(self.unknown, np.nan, self._candidates @ unit(vector))


class MiniLM(Scored):
    """Cosine of the lyrics' sentence vectors; words are encoded by the model that encoded the lyrics."""

    name = "minilm"

    def learn(self, fold: Fold) -> None:
        self.candidates = fold.candidates
        self._index = fold.index
        self._cosine = Cosine(fold.index.sentence, fold.candidates)

    def score(self, seeds: Rows) -> Floats:
        return self._cosine.to_rows(seeds)

    def search(self, text: str, k: int) -> Rows:
        if not text.strip():
            return NO_ROWS
        return best(self._cosine.to_vector(self._index.encoder.encode([text])[0]), self.candidates, k)


class Audio(Scored):
    """Cosine of audio features, z-scored over all songs of the index that have any."""

    name = "audio"

    def learn(self, fold: Fold) -> None:
        self.candidates = fold.candidates
        table = np.asarray(fold.index.audio, np.float32)
        known = table.any(axis=1)
        scaled = np.zeros_like(table)
        scaled[known] = normalise(table[known])
        self._cosine = Cosine(scaled, fold.candidates)

    def score(self, seeds: Rows) -> Floats:
        return self._cosine.to_rows(seeds)


class ContentMix(Scored):
    """Sentence vectors, audio features and BM25 in equal parts: the sum of their z-scores over the candidates."""

    name = "content-mix"

    def __init__(self) -> None:
        self._parts = (MiniLM(), Audio(), Bm25s())

    def learn(self, fold: Fold) -> None:
        self.candidates = fold.candidates
        for part in self._parts:
            part.learn(fold)

    def score(self, seeds: Rows) -> Floats:
        return np.asarray(normalise(np.column_stack([part.score(seeds) for part in self._parts])).sum(axis=1))
