"""The peers that compare words: rank_bm25, bm25s and scikit-learn's TF-IDF, each as its users would set it up.

All three read the words of title, artist and lyrics, and are asked for a seed by its 25 best TF-IDF keywords.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cache
from typing import Any

import numpy as np

from benchmarks.systems.scoring import Floats, Scored, best
from benchmarks.systems.system import Fold, Rows
from engine.index import OpenIndex
from indexer.models.keywords import tfidf_keywords
from indexer.text.tokens import tokenise

KEYWORDS = 25  # of a seed


class SeedWords:
    """The keywords that a song is asked for by; frequencies are those of the whole index."""

    def __init__(self, index: OpenIndex):
        self._lyrics = index.songs.lyrics
        self._with_lyrics = int((index.songs.alive & index.songs.has_lyrics).sum())
        self._frequency = cache(index.lexical.document_frequency)

    def of(self, seeds: Rows) -> list[str]:
        """The keywords of every seed, one after the other; a word of two seeds stands there twice."""
        return [
            word
            for seed in seeds.tolist()
            for word in tfidf_keywords(tokenise(self._lyrics[seed]), self._frequency, self._with_lyrics, KEYWORDS)
        ]


class Words(Scored):
    """A peer that scores candidates for words.

    As a seed's keywords are sung, candidates without lyrics have no score; words that somebody types are looked for
    in titles and artists, too.
    """

    def learn(self, fold: Fold) -> None:
        songs = fold.index.songs
        self.candidates = fold.candidates
        self._seed_words = SeedWords(fold.index)
        self._silent = ~songs.has_lyrics[fold.candidates]
        self.index([tokenise(f"{songs.titles[r]} {songs.artists[r]} {songs.lyrics[r]}") for r in fold.candidates])

    def score(self, seeds: Rows) -> Floats:
        scores = self.score_words(self._seed_words.of(seeds))
        return np.where(self._silent, np.nan, scores)

    def search(self, text: str, k: int) -> Rows:
        scores = self.score_words(tokenise(text))
        return best(np.where(scores > 0, scores, np.nan), self.candidates, k)

    @abstractmethod
    def index(self, documents: list[list[str]]) -> None:
        """Index the candidates' words."""

    @abstractmethod
    def score_words(self, words: list[str]) -> Floats:
        """(candidates,): 0 where a candidate has none of the words."""


class RankBm25(Words):
    """BM25Okapi with the library's defaults: k1 1.5, b 0.75, the idf of very common words at least a quarter."""

    name = "rank-bm25"
    tuning = "the library's defaults"

    def index(self, documents: list[list[str]]) -> None:
        from rank_bm25 import BM25Okapi

        self._bm25: Any = BM25Okapi(documents)

    def score_words(self, words: list[str]) -> Floats:
        return np.asarray(self._bm25.get_scores(words))


class Bm25s(Words):
    """bm25s with its defaults: Lucene's formula, k1 1.5, b 0.75."""

    name = "bm25s"
    tuning = "the library's defaults"

    def index(self, documents: list[list[str]]) -> None:
        import bm25s

        self._bm25: Any = bm25s.BM25()
        self._bm25.index(documents, show_progress=False)

    def score_words(self, words: list[str]) -> Floats:
        known = [word for word in words if word in self._bm25.vocab_dict]
        if not known:  # bm25s takes no empty list
            return np.zeros(len(self.candidates))
        return np.asarray(self._bm25.get_scores(known))


class Tfidf(Words):
    """Cosine of (1 + ln tf) x idf vectors, by scikit-learn."""

    name = "tfidf"
    tuning = "sublinear term frequency, else the library's defaults"

    def index(self, documents: list[list[str]]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectoriser: Any = TfidfVectorizer(analyzer=_as_they_are, sublinear_tf=True)
        self._matrix = self._vectoriser.fit_transform(documents)

    def score_words(self, words: list[str]) -> Floats:
        query = self._vectoriser.transform([words])
        return np.asarray((self._matrix @ query.T).toarray().ravel())


def _as_they_are(words: list[str]) -> list[str]:
    return words
