"""Topics: planted ones are found, numpy agrees with scikit-learn, unknown stays unknown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.decomposition import LatentDirichletAllocation

from indexer.models.topics import TopicModel, fit_topics, load_topics
from indexer.text.stopwords import ALL as STOP_WORDS
from indexer.text.tokens import tokenise

SCENES = {
    "rain": "rain grey window slow cloud thunder puddle umbrella",
    "neon": "neon city night bass club taxi glitter street",
    "porch": "porch banjo river dust wagon hound gravel fiddle",
}


def lyrics(n: int, seed: int = 0) -> list[str]:
    """n songs, song i of scene i % 3: 40 words of the scene and the stop words that every song has."""
    rng = np.random.default_rng(seed)
    scenes = [scene.split() for scene in SCENES.values()]
    return [" ".join(["the", "and", "you", "que", "und", *rng.choice(scenes[i % 3], 40)]) for i in range(n)]


@pytest.fixture(scope="module")
def model() -> TopicModel:
    found = fit_topics(lyrics(300), topics=3)
    assert found is not None
    return found


def test_planted_topics_are_found(model: TopicModel) -> None:
    top = [set(words) for words in model.top_words(8)]
    assert sorted(map(sorted, top)) == sorted(sorted(scene.split()) for scene in SCENES.values())
    mixture = model.infer(lyrics(90, seed=1))
    best = mixture.argmax(axis=1)
    assert (mixture.max(axis=1) > 0.9).all()
    assert len({(i % 3, topic) for i, topic in enumerate(best)}) == 3, "one topic for each scene"


def test_numpy_infers_what_scikit_learn_infers(model: TopicModel) -> None:
    rng = np.random.default_rng(3)
    words = [*model.vocabulary, "unheard"]
    texts = [" ".join(rng.choice(words, rng.integers(1, 60))) for _ in range(200)]
    column_of = {word: i for i, word in enumerate(model.vocabulary)}
    counts = np.zeros((len(texts), len(model.vocabulary)))
    for row, text in enumerate(texts):
        for token in tokenise(text):
            if token in column_of:
                counts[row, column_of[token]] += 1
    oracle = LatentDirichletAllocation(3).fit(csr_matrix(counts[:3]))
    oracle.components_ = model.components.astype(np.float64)
    from scipy.special import digamma

    weights = oracle.components_
    oracle.exp_dirichlet_component_ = np.exp(digamma(weights) - digamma(weights.sum(axis=1))[:, None])
    known = counts.any(axis=1)
    found = model.infer(texts)
    np.testing.assert_allclose(found[known], oracle.transform(csr_matrix(counts[known])), atol=1e-4)
    assert not found[~known].any()


def test_a_song_does_not_depend_on_its_batch(model: TopicModel) -> None:
    texts = lyrics(2100, seed=5)  # more than two batches
    together = model.infer(texts)
    for row in (0, 1023, 1024, 2099):
        np.testing.assert_allclose(model.infer([texts[row]])[0], together[row], atol=1e-6)


def test_without_known_words_a_song_is_a_zero_row(model: TopicModel) -> None:
    found = model.infer(["", "   ", "the and you", "zzz qqq", "rain rain rain"])
    assert found.dtype == np.float32
    assert found.shape == (5, 3)
    assert not found[:4].any()
    assert found[4].sum() == pytest.approx(1, abs=1e-5)
    assert model.infer([]).shape == (0, 3)


@settings(max_examples=50)
@given(st.lists(st.lists(st.sampled_from([*" ".join(SCENES.values()).split(), "zzz", "the"]), max_size=30), max_size=6))
def test_rows_sum_to_one_or_nothing_and_word_order_does_not_count(model: TopicModel, songs: list[list[str]]) -> None:
    found = model.infer([" ".join(song) for song in songs])
    expected = [float(any(word in model.vocabulary for word in song)) for song in songs]
    np.testing.assert_allclose(found.sum(axis=1), expected, atol=1e-5)
    assert (found >= 0).all()
    np.testing.assert_allclose(model.infer([" ".join(song[::-1]) for song in songs]), found, atol=1e-6)


def test_the_vocabulary_is_sorted_without_stop_words_and_rare_words() -> None:
    model = fit_topics([*lyrics(60), "rain once"], topics=2)
    assert model is not None
    assert list(model.vocabulary) == sorted(model.vocabulary)
    assert not STOP_WORDS & set(model.vocabulary)
    assert "once" not in model.vocabulary
    assert {"the", "que", "und", "это"} <= STOP_WORDS


def test_the_same_seed_gives_the_same_topics_and_a_sample_bounds_the_work() -> None:
    texts = lyrics(120)
    a, b, c = (fit_topics(texts, topics=3, sample=60, seed=seed) for seed in (1, 1, 2))
    assert a is not None
    assert b is not None
    assert c is not None
    assert a.vocabulary == b.vocabulary
    assert np.array_equal(a.components, b.components)
    assert not np.array_equal(a.components, c.components)


@pytest.mark.parametrize("texts", [[], ["", "  "], ["one single song about rain"], ["the and you", "the and you"]])
def test_too_few_words_are_no_topics(texts: list[str]) -> None:
    assert fit_topics(texts) is None


def test_a_saved_model_infers_the_same_and_loads_without_scikit_learn(model: TopicModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = load_topics(tmp_path)
    assert loaded.vocabulary == model.vocabulary
    assert np.array_equal(loaded.components, model.components)
    script = (
        "import sys; from pathlib import Path; from indexer.models.topics import load_topics; "
        f"row = load_topics(Path({str(tmp_path)!r})).infer(['rain grey window'])[0]; "
        "assert 'sklearn' not in sys.modules, 'scikit-learn was loaded'; print(row.tolist())"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    np.testing.assert_allclose(json.loads(printed), model.infer(["rain grey window"])[0], atol=1e-6)


def test_the_language_of_a_song_decides_what_its_stop_words_are() -> None:
    texts = lyrics(60)
    english = [f"{text} die die war" for text in texts]
    model = fit_topics(english, languages=["en"] * 60, topics=2)
    union = fit_topics(english, topics=2)
    assert model is not None
    assert union is not None
    assert not {"die", "war"} & set(union.vocabulary)
    half = fit_topics([*english[:20], *texts[20:]], languages=["en"] * 20 + ["de"] * 40, topics=2)
    assert half is not None
    assert {"die", "war"} <= set(half.vocabulary)
    assert half.infer(["die war"], languages=["en"]).any()
    assert not half.infer(["die war"], languages=["de"]).any()
    with pytest.raises(ValueError, match="1 languages and 2 lyrics"):
        half.infer(["die", "war"], languages=["en"])


def test_wrong_arguments_are_named(model: TopicModel) -> None:
    with pytest.raises(ValueError, match=r"topics is 31, expected 2\.\.30"):
        fit_topics(lyrics(9), topics=31)
    with pytest.raises(ValueError, match="sample is 0"):
        fit_topics(lyrics(9), sample=0)
    with pytest.raises(ValueError, match="k is 0"):
        model.top_words(0)
    with pytest.raises(ValueError, match="sorted"):
        TopicModel(np.ones((2, 2), np.float32), ("b", "a"))
