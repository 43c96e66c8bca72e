"""What reads the lyrics: the transformer with its search, TF-IDF, and sentence vectors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.papers.lyrics_classifier import ClassifierConfig, LyricsClassifier, train_classifier
from benchmarks.papers.quadrants.songs import QuadrantSongs, Rows
from benchmarks.papers.steps import Steps
from benchmarks.tasks.moods import only, scored, taste

NAMES = ("Q1 A+V+", "Q2 A+V-", "Q3 A-V-", "Q4 A-V+")

# The paper's four jobs: batch size, epochs, learning rate, tokens, and the loss on its validation songs.
JOBS = (
    (64, 4, 5.3e-5, 128, 1.271),
    (64, 4, 9.1e-5, 64, 1.303),
    (32, 2, 2.1e-5, 128, 1.355),
    (64, 4, 2.5e-5, 128, 1.267),
)
MORE_TRIALS = 3  # that the search chooses itself
SEARCH_SONGS, SEARCH_HELD_OUT = 400, 150  # of the training and the validation songs, in the search alone
QUICK_TRIALS, QUICK_EPOCHS, QUICK_LENGTH = 2, 2, 32
PENALTIES = (0.01, 0.1, 1.0, 10.0)  # C of logistic regression, by validation loss


def search(steps: Steps, songs: QuadrantSongs) -> list[dict[str, Any]]:
    """The paper's four jobs, then as many trials as MORE_TRIALS by tree-structured Parzen estimators; each a step.

    A trial whose loss is above the median of the earlier ones after as many epochs is pruned. Trials that an earlier
    run has done are given to the study again, so that it goes on as it would have.
    """
    import optuna

    shown = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would announce the study on stderr
    try:
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=len(JOBS)),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=len(JOBS)),
        )
    finally:
        optuna.logging.set_verbosity(shown)
    for batch, epochs, rate, length, _ in JOBS:
        study.enqueue_trial({"batch": batch, "epochs": epochs, "learning_rate": rate, "max_length": length})
    found = []
    for number in range(1, 1 + (QUICK_TRIALS if steps.quick else len(JOBS) + MORE_TRIALS)):
        trial = study.ask()
        params = {
            "batch": trial.suggest_categorical("batch", [32, 64]),
            "epochs": trial.suggest_int("epochs", 2, 4),
            "learning_rate": trial.suggest_float("learning_rate", 2e-5, 1e-4, log=True),
            "max_length": trial.suggest_categorical("max_length", [64, 128]),
        }
        losses: list[float] = []
        config = _config(steps, params, raw=False)
        kept = steps.done(f"trial-{number}", partial(_trial, steps, songs, config, trial, losses))
        for epoch, loss in list(enumerate(kept["losses"], 1))[len(losses) :]:
            trial.report(loss, epoch)
        pruned = optuna.trial.TrialState.PRUNED if kept["pruned"] else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if kept["pruned"] else min(kept["losses"]), state=pruned)
        found.append(kept)
    return found


def _trial(
    steps: Steps, songs: QuadrantSongs, config: ClassifierConfig, trial: Any, losses: list[float]
) -> dict[str, Any]:
    """Train on some of the songs; the losses on validation songs go to `trial` and `losses` as they come."""
    import optuna

    def watch(epoch: int, validation_loss: float) -> None:
        losses.append(validation_loss)
        trial.report(validation_loss, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    train, validation = np.flatnonzero(songs.train), np.flatnonzero(songs.validation)
    pruned = False
    try:
        _trained(steps, songs, np.concatenate([train[:SEARCH_SONGS], validation[:SEARCH_HELD_OUT]]), config, watch)
    except optuna.TrialPruned:
        pruned = True
    return {"params": {name: getattr(config, name) for name in trial.params}, "losses": losses, "pruned": pruned}


def _config(steps: Steps, params: Mapping[str, Any], *, raw: bool) -> ClassifierConfig:
    config = ClassifierConfig(**params, preprocessed=not raw)
    if steps.quick:
        epochs, length = min(config.epochs, QUICK_EPOCHS), min(config.max_length, QUICK_LENGTH)
        config = replace(config, epochs=epochs, max_length=length)
    return config


def _trained(
    steps: Steps,
    songs: QuadrantSongs,
    chosen: Rows,
    config: ClassifierConfig,
    watch: Callable[[int, float], None] = lambda epoch, held: None,
) -> LyricsClassifier:
    lyrics = [songs.raw[i] for i in chosen.tolist()]
    held_out = songs.validation[chosen]
    encoder = steps.dataset.index.encoder
    return train_classifier(
        encoder, lyrics, songs.classes[chosen], NAMES, held_out, config, watch=watch, track=steps.track
    )


def fine_tuned(steps: Steps, songs: QuadrantSongs, params: Mapping[str, Any], step: str, raw: bool) -> dict[str, Any]:
    """Train on all, save, load, and ask what was loaded for each test song as a service would."""
    trained = _trained(steps, songs, np.flatnonzero(~songs.test), _config(steps, params, raw=raw))
    folder = steps.folder / step
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was cut while it saved
    trained.save(folder)
    served = LyricsClassifier.load(folder)
    asked = [songs.raw[i] for i in np.flatnonzero(songs.test).tolist()]
    predicted, ms = [], []
    for lyrics in steps.track(asked, "predict", len(asked)):
        start = time.perf_counter()
        quadrant = served.predict(lyrics)
        ms.append(1000 * (time.perf_counter() - start))
        predicted.append(NAMES.index(quadrant) if quadrant else -1)
    return {"predicted": predicted, "history": trained.history, "ms": round(float(np.median(ms)), 1)}


def by_words(songs: QuadrantSongs, raw: bool) -> list[int]:
    """TF-IDF of the words of training songs."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = songs.raw if raw else songs.prepared
    words = TfidfVectorizer(sublinear_tf=True, min_df=2)
    words.fit([texts[i] for i in np.flatnonzero(songs.train).tolist()])
    return _regressed(words.transform(texts), songs)


def by_vectors(steps: Steps, songs: QuadrantSongs, raw: bool) -> list[int]:
    """Sentence vectors; of lyrics as sung, those of the index."""
    index = steps.dataset.index
    vectors = index.sentence[songs.rows] if raw else index.encoder.encode(songs.prepared, track=steps.track)
    return _regressed(np.sqrt(vectors.shape[1]) * np.asarray(vectors, np.float64), songs)


def by_product(steps: Steps, songs: QuadrantSongs, with_sound: bool) -> list[int]:
    """The product's mood model, trained on the classes of the songs that are not for the test.

    with_sound   whether it reads their sound, too
    """
    dataset = steps.dataset
    index = dataset.index
    named = np.where(songs.test, -1, songs.classes).astype(np.int8)
    sentence, audio = np.asarray(index.sentence[songs.rows], np.float32), index.audio[songs.rows]
    nowhere = np.zeros((len(named), taste(dataset).shape[1]), np.float32)
    artists = index.songs.single("artist_key")[songs.rows].astype(np.int64)
    shown = sentence, audio if with_sound else np.zeros_like(audio), nowhere
    scores = scored(dataset, (sentence, audio, nowhere), only(artists, named=named), shown)
    return [int(each) for each in scores.quadrants[songs.test].argmax(axis=1)]


def _regressed(inputs: Any, songs: QuadrantSongs) -> list[int]:
    """Logistic regression on the training songs, its penalty by the loss on validation songs; the test songs' class."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    train, validation, test = (np.flatnonzero(part) for part in (songs.train, songs.validation, songs.test))
    fits = []
    for penalty in PENALTIES:
        model = LogisticRegression(C=penalty, max_iter=2000).fit(inputs[train], songs.classes[train])
        known = np.isin(songs.classes[validation], model.classes_)
        chances = model.predict_proba(inputs[validation[known]])
        fits.append((log_loss(songs.classes[validation[known]], chances, labels=model.classes_), model))
    best = min(fits, key=lambda fit: fit[0])[1]
    return [int(each) for each in best.predict(inputs[test])]
