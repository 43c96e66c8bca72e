"""Entailment: fine-tuned and published heads on small real transformers, whose answers are known by construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.papers.entailment import EntailmentConfig, Pairs, by_similarity, fine_tuned, published
from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import ConfigError, EncoderError

pytestmark = pytest.mark.papers

SENTENCES = ("This is a sad song.", "This song makes you dance.")


def pairs(rng: np.random.Generator, count: int = 64) -> tuple[Pairs, np.ndarray]:
    """Lyrics of one word each: "tears" entails the first sentence, "floor" the second; acoustics say nothing."""
    words = rng.integers(0, 2, count)
    lyrics = [("tears tears tears", "floor floor floor")[word] for word in words]
    songs, moods = np.arange(count).repeat(2), np.tile([0, 1], count)
    acoustics = np.zeros((count, 3), np.float32)
    labels = np.where(words[songs] == moods, 1, -1).astype(np.int8)
    return Pairs(lyrics, acoustics, SENTENCES, songs, moods), labels


QUICK = EntailmentConfig(layers=2, max_length=48, epochs=20, batch=32, learning_rate=3e-3, head_rate=3e-3)


@pytest.fixture(scope="module")
def encoder(tiny_encoder: Path) -> SentenceEncoder:
    return SentenceEncoder(str(tiny_encoder), precision="float32", window=64)


@pytest.mark.parametrize("neutral", [False, True])
def test_fine_tuning_learns_which_word_entails_which_sentence(encoder: SentenceEncoder, neutral: bool) -> None:
    rng = np.random.default_rng(0)
    seen, labels = pairs(rng)
    if neutral:
        labels = np.where(rng.uniform(size=len(labels)) < 0.1, 0, labels).astype(np.int8)
    entails = fine_tuned(encoder, seen, labels, np.zeros(len(seen), bool), replace(QUICK, neutral=neutral))
    unseen, truth = pairs(np.random.default_rng(1), 20)
    chances = entails(unseen)
    assert ((chances > 0.5) == (truth > 0)).mean() > 0.9
    assert ((chances >= 0) & (chances <= 1)).all()


def test_the_hybrid_reads_acoustics(encoder: SentenceEncoder) -> None:
    """All lyrics alike; a song's first acoustic column decides."""
    rng = np.random.default_rng(0)
    acoustics = rng.normal(size=(80, 3)).astype(np.float32)
    asked = Pairs(["la la"] * 80, acoustics, SENTENCES[:1], np.arange(80), np.zeros(80, np.int64))
    labels = np.where(acoustics[:, 0] > 0, 1, -1).astype(np.int8)
    held_out = np.arange(80) >= 60
    hybrid = fine_tuned(encoder, asked, labels, held_out, replace(QUICK, acoustics=8))
    deaf = fine_tuned(encoder, asked, labels, held_out, QUICK)
    right = [((each(asked) > 0.5) == (labels > 0))[held_out].mean() for each in (hybrid, deaf)]
    assert right[0] > 0.9
    assert right[1] < 0.8


def test_labels_of_one_kind_teach_nothing(encoder: SentenceEncoder) -> None:
    seen, labels = pairs(np.random.default_rng(0), 4)
    with pytest.raises(ValueError, match="have one label, expected entailments and contradictions"):
        fine_tuned(encoder, seen, np.abs(labels), np.zeros(len(seen), bool), QUICK)


def test_a_published_nli_head_is_read_by_its_labels(small_bert: Callable[..., Path]) -> None:
    """The probabilities are those of the model itself, neutral left out, whatever the order of its labels."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = small_bert("nli", {"contradiction": 0, "neutral": 1, "ENTAILMENT": 2})
    asked, _ = pairs(np.random.default_rng(0), 3)
    found = published(str(folder), "nli")(asked)
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    for pair in range(len(asked)):
        tokens = tokenizer(asked.lyrics[asked.songs[pair]], SENTENCES[asked.moods[pair]], return_tensors="pt")
        with torch.inference_mode():
            logits = model(**tokens).logits[0]
        assert found[pair] == pytest.approx(float(logits[[2, 0]].softmax(0)[0]), abs=1e-5)


def test_a_published_nsp_head_is_read(small_bert: Callable[..., Path]) -> None:
    asked, _ = pairs(np.random.default_rng(0), 3)
    found = published(str(small_bert("nsp")), "nsp")(asked)
    assert found.shape == (6,)
    assert ((found > 0) & (found < 1)).all()


def test_a_model_that_tells_other_things_is_refused(small_bert: Callable[..., Path]) -> None:
    folder = small_bert("nli", {"one star": 0, "five stars": 1})
    with pytest.raises(EncoderError, match="tells five stars, one star apart, expected entailment and contradiction"):
        published(str(folder), "nli")


def test_a_model_that_cannot_be_had_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="is neither a folder with a nli model nor available from the hub"):
        published(str(tmp_path / "nowhere"), "nli")
    with pytest.raises(ValueError, match="the task is 'guess', expected one of nli, nsp"):
        published(str(tmp_path), "guess")  # type: ignore[arg-type]


def test_similarity_is_the_cosine_less_the_moods_mean() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(9, 4)), rng.normal(size=(2, 4))
    lyrics, sentences = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in drawn)
    found = by_similarity(lyrics.astype(np.float32), sentences.astype(np.float32))
    assert np.abs(found.mean(axis=0)).max() < 1e-6
    assert found[3, 1] - found[5, 1] == pytest.approx(float((lyrics[3] - lyrics[5]) @ sentences[1]), abs=1e-5)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_length is 8, expected 16 or more"):
        EntailmentConfig(max_length=8)
