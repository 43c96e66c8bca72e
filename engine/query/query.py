"""Queries: seeds, songs to avoid, words and targets, turned into the vectors and terms that retrieval needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.query.seeds import Seed, Vector, encode_text
from indexer.errors import EmptyQueryError
from indexer.lazy import lazy
from indexer.records import AUDIO_NAMES
from indexer.search.lexical import split_quotes

Rows = npt.NDArray[np.int64]

# Rocchio's weights as Manning, Raghavan & Schuetze give them (Introduction to Information Retrieval, 9.1.1):
# what is liked counts 0.75, what is disliked 0.15, so 0.2 of a seed.
AVOID = 0.2


@dataclass(frozen=True, eq=False)
class Query:
    """What is looked for. Seeds are averaged part by part, songs to avoid are subtracted, words are one more seed.

    text      words that were typed, or ""; what stands in quotation marks must be sung word for word
    target    values of audio features and moods that pull the ranking without excluding anything
    exclude   rows of other songs that must not come back
    moods     the moods that the filters require: they exclude songs elsewhere, and are named in the reasons
    """

    index: OpenIndex
    seeds: tuple[Seed, ...] = ()
    avoid: tuple[Seed, ...] = ()
    text: str = ""
    target: tuple[tuple[str, float], ...] = ()
    exclude: Collection[int] = frozenset()
    moods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.seeds and not self.has_text and not self.target:
            raise EmptyQueryError("the query is empty; expected a seed song, words or target values")

    @lazy
    def moments(self) -> dict[str, tuple[float, float] | None]:
        """What was computed so far of the signals' means and deviations over the catalogue, by name."""
        return {}

    @lazy
    def own_rows(self) -> Rows:
        """int64, ascending: the rows of the seeds and of the songs to avoid."""
        rows = {seed.row for seed in (*self.seeds, *self.avoid) if seed.row is not None}
        return np.array(sorted(rows), np.int64)

    @lazy
    def excluded_rows(self) -> Rows:
        """int64: `exclude` as an array."""
        rows = self.exclude if isinstance(self.exclude, np.ndarray) else list(self.exclude)
        return np.asarray(rows, np.int64)

    @lazy
    def rows(self) -> frozenset[int]:
        """The rows that never come back: seeds, songs to avoid, songs excluded; other versions of them may."""
        return frozenset([*self.own_rows.tolist(), *self.excluded_rows.tolist()])

    @lazy
    def _split(self) -> tuple[list[str], str]:
        return split_quotes(self.text)

    @property
    def has_text(self) -> bool:
        """Whether anything was typed beside spaces and quotation marks."""
        return bool(self.text) and any(self._split)

    @property
    def quoted(self) -> bool:
        """Whether some of the words typed stand in quotation marks."""
        return bool(self._split[0])

    @property
    def only_quoted(self) -> bool:
        """Whether every word typed stands in quotation marks."""
        return self.quoted and not self._split[1]

    @lazy
    def words(self) -> str:
        """What was typed, without quotation marks."""
        quoted, rest = self._split
        return " ".join([*quoted, rest]).strip()

    @lazy
    def _text_vectors(self) -> tuple[Vector, Vector]:
        return encode_text(self.index, self.words)

    @lazy
    def sentence(self) -> Vector:
        """float32 (d,) unit, or zero where nothing is known of the lyrics looked for."""
        return self._mean(lambda seed: seed.sentence, self._text_vectors[0] if self.has_text else None)

    @lazy
    def audio(self) -> Vector:
        """float32 (14,), or zero."""
        return self._mean(lambda seed: seed.audio, unit=False)

    @lazy
    def sound(self) -> dict[str, float]:
        """Mean of each audio feature that a seed has, in its own unit and on the scale on which songs are compared."""
        table = self.index.comparable_audio([seed.song for seed in self.seeds])
        means = {}
        for name, column in zip(AUDIO_NAMES, table.T, strict=True):
            known = column[~np.isnan(column)]
            if len(known):
                means[name] = float(known.mean(dtype=np.float64))
        return means

    @lazy
    def topics(self) -> Vector:
        return self._mean(lambda seed: seed.topics)

    @lazy
    def tbert(self) -> Vector:
        return self._mean(lambda seed: seed.tbert)

    @lazy
    def cooccurrence(self) -> tuple[Rows, Vector]:
        """The neighbours of any seed by shared playlists, rows ascending, and their mean value to all seeds."""
        return self.index.cooccurrence.mean([seed.row for seed in self.seeds if seed.row is not None])

    @lazy
    def listener_factors(self) -> Vector:
        """float32 (size,): the factors of a playlist that holds the seeds; zero where no seed has a history."""
        liked, disliked = (self._fold_in(songs) for songs in (self.seeds, self.avoid))
        return liked - np.float32(AVOID) * disliked if liked.any() else liked

    def _fold_in(self, songs: Sequence[Seed]) -> Vector:
        factors = self.index.factors[[seed.row for seed in songs if seed.row is not None]].astype(np.float32)
        known = factors[factors.any(axis=1)]
        if not len(known):
            return np.zeros(factors.shape[1], np.float32)
        return self.index.fold_in(known)

    @lazy
    def closeness(self) -> Vector:
        """float32 (rows,): how near each song of the index is to the target values; NaN where nothing is known."""
        return self.index.closeness(self.target)

    @lazy
    def parts(self) -> dict[str, Vector]:
        """What FAISS compares, by name: unit or zero."""
        words = self.parts_of_words

        def mean(name: str) -> Vector:
            return self._mean(lambda seed: seed.parts[name], words.get(name))

        return {name: mean(name) for name in self.index.parts}

    @lazy
    def parts_of_words(self) -> dict[str, Vector]:
        """The parts that words have: their meaning, and where playlists are that are called so. Zero is unknown."""
        if not self.has_text:
            return {}
        parts = {"lyrics": self._text_vectors[1]}
        if self.index.taste_model is not None:
            parts["taste"] = self.index.taste_model.place_words(self.words)
        return parts

    def _mean(self, vector_of: Callable[[Seed], Vector], words: Vector | None = None, *, unit: bool = True) -> Vector:
        """unit(unit(mean of the seeds' known vectors - AVOID x mean of those to avoid) + words / number of seeds).

        A zero vector is unknown. Where no seed is known the words stand for themselves; without either, zero. So the
        words count as one more seed: with the names of development playlists of shared/data NDCG@500 rises by 0.012
        beside one seed and by 0.001 beside five, and does not change beside ten, where more of the words would harm.
        """
        liked = [v for v in map(vector_of, self.seeds) if v.any()]
        if not liked and words is not None:
            liked, words = [words], None
        if not liked:
            like = self.seeds[0] if self.seeds else None
            return np.zeros(1, np.float32) if like is None else np.zeros_like(vector_of(like))
        mean: Vector = liked[0] if len(liked) == 1 else np.mean(liked, axis=0, dtype=np.float32)
        if disliked := [v for v in map(vector_of, self.avoid) if v.any()]:
            mean = mean - np.float32(AVOID) * np.mean(disliked, axis=0, dtype=np.float32)
        if not unit:
            return mean
        mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
        if words is None or not words.any():
            return mean
        mean = mean + words / np.float32(len(liked))
        return mean / max(float(np.linalg.norm(mean)), 1e-12)

    @lazy
    def terms(self) -> dict[str, float]:
        """Keywords of the seeds with weights: each song's are counted by their place, 1 falling to 1/2."""
        weights: dict[str, float] = {}
        for seed in self.seeds:
            for place, word in enumerate(seed.keywords):
                gain = 1.0 - 0.5 * place / max(1, len(seed.keywords))
                weights[word] = weights.get(word, 0.0) + gain / len(self.seeds)
        best = sorted(weights, key=lambda word: (-weights[word], word))[: self.index.config.keywords]
        return {word: weights[word] for word in best}
