"""Keywords by TF-IDF and by meaning."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.models.keywords import choose_by_meaning, tfidf_keywords


def test_weights_are_those_of_the_formula() -> None:
    frequency = {"boat": 10, "harbour": 2, "rope": 2, "and": 9}
    tokens = ["boat"] * 4 + ["harbour"] + ["rope"] * 2 + ["and"] * 9
    by_hand = {w: (1 + math.log(tokens.count(w))) * math.log(101 / frequency[w]) for w in ("boat", "harbour", "rope")}
    assert tfidf_keywords(tokens, frequency.__getitem__, 100, 10) == sorted(by_hand, key=lambda w: -by_hand[w])


def test_words_of_one_song_or_of_every_fifth_say_nothing() -> None:
    frequency = {"hapax": 1, "love": 50, "ferry": 3}
    assert tfidf_keywords(["hapax", "love", "ferry"], frequency.__getitem__, 100, 10) == ["ferry"]


def greedy(song: np.ndarray, words: np.ndarray, k: int, diversity: float) -> list[int]:
    """Maximal marginal relevance of one song, word by word."""
    picked: list[int] = []
    while len(picked) < min(k, len(words)):
        best = max(
            (i for i in range(len(words)) if i not in picked),
            key=lambda i: (
                (1 - diversity) * (words[i] @ song)
                - diversity * max((words[i] @ words[j] for j in picked), default=0.0)
            ),
        )
        picked.append(best)
    return picked


def test_the_relevant_word_first_then_a_different_one() -> None:
    song = np.array([1, 0, 0], np.float32)
    words = np.array([[0.9, 0.436, 0], [0.9, 0.43589, 0.01], [0.6, -0.8, 0]], np.float32)
    everyone = [np.arange(3)]
    assert choose_by_meaning(song[None], words, everyone, 2, diversity=0.5) == [[0, 2]]
    assert choose_by_meaning(song[None], words, everyone, 2, diversity=0.0) == [[0, 1]]


def test_function_words_are_those_of_the_songs_own_language() -> None:
    words = ["die", "war", "sin", "man", "son", "hat", "the", "und", "ooh"]
    frequency = dict.fromkeys(words, 5)
    assert set(tfidf_keywords(words, frequency.__getitem__, 100, 10, language="en")) == set(words) - {"the", "ooh"}
    german = set(tfidf_keywords(words, frequency.__getitem__, 100, 10, language="de"))
    assert german == {"sin", "son"}
    assert tfidf_keywords(words, frequency.__getitem__, 100, 10) == []


@given(st.integers(0, 30), st.integers(0, 6), st.sampled_from([0.0, 0.3, 0.6]))
def test_many_songs_choose_as_each_alone(seed: int, k: int, diversity: float) -> None:
    rng = np.random.default_rng(seed)
    words = rng.standard_normal((12, 5)).astype(np.float32)
    songs = rng.standard_normal((4, 5)).astype(np.float32)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    candidates = [rng.permutation(12)[: rng.integers(0, 9)] for _ in songs]
    together = choose_by_meaning(songs, words, candidates, k, diversity=diversity)
    assert together == [greedy(s, words[c], k, diversity) for s, c in zip(songs, candidates, strict=True)]
