"""The lyrics classifier: it learns what lyrics tell, keeps it in a folder, and refuses what is no such folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.papers.lyrics_classifier import ClassifierConfig, LyricsClassifier, train_classifier
from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import ConfigError, IndexFormatError

pytestmark = pytest.mark.papers

NAMES = ("bright", "grey")
WORDS = (["sun", "gold", "joy", "jazz"], ["rain", "mud", "hum", "dim"])
CONFIG = ClassifierConfig(layers=2, max_length=32, epochs=8, batch=8, learning_rate=1e-3, head_rate=1e-2)


def scene(songs: int = 96) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Lyrics of two classes, told apart by their words; every fourth song is held out."""
    rng = np.random.default_rng(0)
    classes = np.arange(songs) % 2
    lyrics = [" ".join(rng.choice(WORDS[each], 6)) for each in classes]
    return lyrics, classes, np.arange(songs) // 2 % 4 == 3


@pytest.fixture(scope="module")
def encoder(tiny_encoder: Path) -> SentenceEncoder:
    return SentenceEncoder(str(tiny_encoder), precision="float32", window=64)


@pytest.fixture(scope="module")
def trained(encoder: SentenceEncoder) -> LyricsClassifier:
    lyrics, classes, held_out = scene()
    return train_classifier(encoder, lyrics, classes, NAMES, held_out, CONFIG)


def test_what_the_words_tell_is_learnt(trained: LyricsClassifier) -> None:
    lyrics, classes, held_out = scene()
    unseen = np.flatnonzero(held_out)
    predicted = [trained.predict(lyrics[i]) for i in unseen.tolist()]
    assert np.mean([name == NAMES[classes[i]] for name, i in zip(predicted, unseen, strict=True)]) > 0.9
    assert len(trained.history) == CONFIG.epochs
    assert trained.history[-1][0] < trained.history[0][0]


def test_probabilities_sum_to_one_and_nothing_to_read_is_zero(trained: LyricsClassifier) -> None:
    lyrics = [scene()[0][0], "", "  \n", scene()[0][1]]
    chances = trained.probabilities(lyrics)
    assert chances.shape == (4, 2)
    assert chances.sum(axis=1).tolist() == pytest.approx([1, 0, 0, 1], abs=1e-6)
    assert [trained.predict(text) for text in lyrics] == [NAMES[row.argmax()] if row.any() else None for row in chances]
    assert trained.probabilities([]).shape == (0, 2)
    alone = np.concatenate([trained.probabilities([text]) for text in lyrics])
    assert np.allclose(alone, chances, atol=1e-5), "a song does not depend on those asked with it"


def test_only_the_beginning_is_read(trained: LyricsClassifier) -> None:
    beginning = "sun " * CONFIG.max_length
    ends = trained.probabilities([beginning + "rain", beginning + "gold"])
    assert np.allclose(ends[0], ends[1], atol=1e-5)


def test_a_loaded_classifier_gives_the_same_answers(trained: LyricsClassifier, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    loaded = LyricsClassifier.load(tmp_path / "model")
    lyrics = [*scene()[0][:20], ""]
    assert np.array_equal(loaded.probabilities(lyrics), trained.probabilities(lyrics))
    assert [loaded.predict(text) for text in lyrics] == [trained.predict(text) for text in lyrics]
    assert (loaded.names, loaded.config, loaded.history) == (trained.names, trained.config, trained.history)
    kinds = {path.suffix for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert kinds <= {".json", ".safetensors", ".txt"}, "nothing that runs code"


def test_preprocessed_lyrics_are_preprocessed_where_they_are_asked(encoder: SentenceEncoder) -> None:
    """Capitals, stop words and marks change nothing; what is too short then has no class."""
    lyrics, classes, held_out = scene()
    long = [f"{text} {text} {text}" for text in lyrics]
    config = replace(CONFIG, preprocessed=True, epochs=1)
    found = train_classifier(encoder, long, classes, NAMES, held_out, config)
    dressed = " and the ".join(long[0].upper().split()) + "!?"
    assert np.array_equal(found.probabilities([long[0]]), found.probabilities([dressed]))
    assert found.predict("sun gold joy") is None


def test_songs_with_too_little_to_read_change_nothing(encoder: SentenceEncoder) -> None:
    lyrics, classes, held_out = scene(32)
    config = replace(CONFIG, epochs=2)
    plain = train_classifier(encoder, lyrics, classes, NAMES, held_out, config)
    more = train_classifier(
        encoder, [*lyrics, "", " "], np.append(classes, [1, 0]), NAMES, np.append(held_out, [False, True]), config
    )
    assert np.array_equal(plain.kernel, more.kernel)
    assert plain.history == more.history


def test_the_same_seed_gives_the_same_weights_and_the_encoder_stays(encoder: SentenceEncoder) -> None:
    lyrics, classes, held_out = scene(32)
    before = encoder.encode(lyrics)
    config = replace(CONFIG, epochs=2)
    first, second, other = (
        train_classifier(encoder, lyrics, classes, NAMES, held_out, replace(config, seed=seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.kernel, second.kernel)
    assert first.history == second.history
    assert not np.array_equal(first.kernel, other.kernel)
    assert np.array_equal(encoder.encode(lyrics), before)


def test_the_weights_are_those_of_the_best_epoch(encoder: SentenceEncoder) -> None:
    """The held-out songs' classes are swapped: the more is learnt, the worse they are told."""
    lyrics, classes, held_out = scene(48)
    wrong = np.where(held_out, 1 - classes, classes)
    found = train_classifier(encoder, lyrics, wrong, NAMES, held_out, replace(CONFIG, epochs=5))
    held = [loss for _, loss in found.history]
    unseen = np.flatnonzero(held_out)
    chances = found.probabilities([lyrics[i] for i in unseen.tolist()])
    loss = -np.log(chances[np.arange(len(unseen)), wrong[unseen]]).mean()
    assert loss == pytest.approx(min(held), rel=1e-3)
    assert min(held) < 0.9 * held[-1]


def test_watching_sees_every_epoch_and_can_end_it(encoder: SentenceEncoder) -> None:
    lyrics, classes, held_out = scene(32)
    seen: list[tuple[int, float]] = []

    def watch(epoch: int, held: float) -> None:
        seen.append((epoch, held))
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_classifier(encoder, lyrics, classes, NAMES, held_out, replace(CONFIG, epochs=4), watch=watch)
    assert [epoch for epoch, _ in seen] == [1, 2]
    assert all(np.isfinite(held) for _, held in seen)


def test_what_cannot_be_learnt_is_said(encoder: SentenceEncoder) -> None:
    lyrics, classes, held_out = scene(16)
    with pytest.raises(ValueError, match="15 classes"):
        train_classifier(encoder, lyrics, classes[:-1], NAMES, held_out, CONFIG)
    with pytest.raises(ValueError, match="classes go from 0 to 1, expected 0 to 0"):
        train_classifier(encoder, lyrics, classes, NAMES[:1], held_out, CONFIG)
    with pytest.raises(ValueError, match="all of one class"):
        train_classifier(encoder, lyrics, np.zeros(16, np.int64), NAMES, held_out, CONFIG)
    for change in ({"epochs": 0}, {"max_length": 4}, {"dropout": 1.0}, {"learning_rate": 0.0}, {"layers": 0}):
        with pytest.raises(ConfigError, match=next(iter(change))):
            replace(CONFIG, **change)


def without_head(folder: Path) -> None:
    (folder / "head.safetensors").unlink()


def with_broken_head(folder: Path) -> None:
    (folder / "head.safetensors").write_bytes(b"nothing")


def with_another_class(folder: Path) -> None:
    facts = json.loads((folder / "classifier.json").read_text("utf-8"))
    (folder / "classifier.json").write_text(json.dumps(facts | {"names": ["a", "b", "c"]}), "utf-8")


def with_unknown_setting(folder: Path) -> None:
    facts = json.loads((folder / "classifier.json").read_text("utf-8"))
    facts["config"]["unheard_of"] = 1
    (folder / "classifier.json").write_text(json.dumps(facts), "utf-8")


def with_pickle(folder: Path) -> None:
    (folder / "transformer" / "pytorch_model.bin").write_bytes(b"code")


@pytest.mark.parametrize(
    "damage", [without_head, with_broken_head, with_another_class, with_unknown_setting, with_pickle]
)
def test_a_damaged_folder_is_one_named_error(
    trained: LyricsClassifier, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    trained.save(tmp_path / "model")
    damage(tmp_path / "model")
    with pytest.raises(IndexFormatError, match="model"):
        LyricsClassifier.load(tmp_path / "model")
