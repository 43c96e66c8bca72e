"""Kin against what is known by construction: sentences that point where they are told to."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.models.moods.neighbours import NEAREST, learned_neighbours
from indexer.models.moods.vocabulary import VOCABULARY


def sentences() -> np.ndarray:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(VOCABULARY), 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_every_other_word_is_told_by_a_few_that_count_one_in_all() -> None:
    names = ("angry", "calm", "happy", "sad", "party", "lonely", "dance", "sleepy", "love", "old")
    words, kin = learned_neighbours(names, sentences())
    assert words == tuple(name for name in VOCABULARY if name not in names)
    assert kin.shape == (len(words), len(names))
    assert kin.sum(axis=1) == pytest.approx(np.ones(len(words)), abs=1e-5)
    assert ((kin > 0).sum(axis=1) <= NEAREST).all()


def test_the_same_sentence_and_feeling_count_most() -> None:
    vectors = sentences()
    place = {name: i for i, name in enumerate(VOCABULARY)}
    vectors[place["gloomy"]] = vectors[place["sad"]]
    words, kin = learned_neighbours(("party", "sad", "happy"), vectors)
    assert kin[words.index("gloomy")].argmax() == 1


def test_opposite_feelings_lose_between_sentences_that_are_alike() -> None:
    alike = np.tile(np.eye(1, 16, dtype=np.float32), (len(VOCABULARY), 1))
    words, kin = learned_neighbours(("happy", "sad"), alike)
    assert kin[words.index("gloomy"), 1] > 0.9
    assert kin[words.index("joyful"), 0] > 0.9


def test_nothing_learned_tells_nothing() -> None:
    words, kin = learned_neighbours((), sentences())
    assert len(words) == len(VOCABULARY)
    assert kin.shape == (len(words), 0)
