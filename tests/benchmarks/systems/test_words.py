"""The word peers against their formulas, and against each other."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from benchmarks.systems.content.words import KEYWORDS, Bm25s, RankBm25, SeedWords, Tfidf, Words
from benchmarks.systems.system import Fold
from indexer.text.tokens import tokenise


@pytest.fixture(scope="module")
def documents(fold: Fold) -> list[Counter[str]]:
    songs = fold.index.songs
    return [Counter(tokenise(f"{songs.titles[r]} {songs.artists[r]} {songs.lyrics[r]}")) for r in fold.candidates]


def fitted(make: type[Words], fold: Fold) -> Words:
    peer = make()
    peer.fit(fold)
    return peer


def frequencies(documents: list[Counter[str]]) -> Counter[str]:
    return Counter(word for document in documents for word in document)


@pytest.mark.parametrize("make", [RankBm25, Bm25s])
def test_bm25_is_the_formula(make: type[Words], fold: Fold, documents: list[Counter[str]]) -> None:
    peer = fitted(make, fold)
    df, n = frequencies(documents), len(documents)
    mean = sum(d.total() for d in documents) / n
    words = [word for word, songs in df.most_common(200)[60:] if songs < n / 4][:12] * 2
    assert len(words) == 24

    def idf(word: str) -> float:
        odds = (n - df[word] + 0.5) / (df[word] + 0.5)
        return math.log(odds) if make is RankBm25 else math.log(1 + odds)

    def saturated(document: Counter[str], word: str) -> float:
        tf = document[word] / (document[word] + 1.5 * (0.25 + 0.75 * document.total() / mean))
        return 2.5 * tf if make is RankBm25 else tf

    expected = [sum(idf(w) * saturated(d, w) for w in words) for d in documents]
    np.testing.assert_allclose(peer.score_words(words), expected, rtol=1e-4, atol=1e-5)


def test_the_two_bm25_agree(fold: Fold, documents: list[Counter[str]]) -> None:
    """On one word exactly; on many all but, for one says ln((N - n + 0.5) / (n + 0.5)), the other ln(1 + that)."""
    one, other = fitted(RankBm25, fold), fitted(Bm25s, fold)
    df = frequencies(documents)
    for word in [word for word, songs in df.items() if 4 <= songs < len(documents) / 3][:30]:
        np.testing.assert_allclose(
            one.score_words([word]) / one.score_words([word]).max(),
            other.score_words([word]) / other.score_words([word]).max(),
            rtol=1e-4, atol=1e-6,
        )  # fmt: skip
    shared = [
        len(set(one.rank(p[:5], 20).tolist()) & set(other.rank(p[:5], 20).tolist())) / 20 for p in fold.train[:10]
    ]
    assert np.mean(shared) > 0.9


def test_tfidf_is_a_cosine(fold: Fold, documents: list[Counter[str]]) -> None:
    peer = fitted(Tfidf, fold)
    df, n = frequencies(documents), len(documents)

    def vector(words: Counter[str]) -> dict[str, float]:
        weighed = {w: (1 + math.log(t)) * (math.log((1 + n) / (1 + df[w])) + 1) for w, t in words.items() if df[w]}
        length = math.sqrt(sum(x * x for x in weighed.values()))
        return {w: x / length for w, x in weighed.items()}

    words = Counter(["river", "river", "road", "light", "zzzq"])
    query = vector(words)
    expected = [sum(query[w] * x for w, x in vector(d).items() if w in query) for d in documents]
    np.testing.assert_allclose(peer.score_words(list(words.elements())), expected, atol=1e-9)


def test_a_seed_is_asked_for_by_its_keywords(fold: Fold) -> None:
    seeds = fold.train[0][:2]
    words = SeedWords(fold.index)
    both = words.of(seeds)
    assert both == words.of(seeds[:1]) + words.of(seeds[1:])
    assert len(both) <= 2 * KEYWORDS
    assert words.of(seeds[:1]) == fold.index.keywords[int(seeds[0])].split()


def test_a_title_finds_its_song(fold: Fold) -> None:
    row = int(fold.candidates[5])
    name = f"{fold.index.songs.titles[row]} {fold.index.songs.artists[row]}"
    for make in (RankBm25, Bm25s, Tfidf):
        assert row in fitted(make, fold).search(name, 5).tolist()
