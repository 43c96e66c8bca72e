"""The paper's base classifier: four moods by a small Keras network, ReLU, logistic loss, Adam."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.papers import Findings
from benchmarks.papers.product import Sizes, join, keras_on_torch
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.song_bert.labelled import Labelled
from benchmarks.papers.song_bert.models import Inputs
from benchmarks.papers.steps import Steps

FloatMatrix = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]

WIDTH, RATE, EPOCHS, BATCH = 64, 1e-3, 30, 32  # the paper prints none of them; the rate is Keras's default
KERAS = "Keras: dense ReLU, softmax"
LEAST_SONGS = 60  # labelled songs


def base_classifier(steps: Steps, songs: Labelled) -> Findings:
    """Its table; nothing but a sentence where too few songs have one of the moods."""
    counts = ", ".join(f"{count:,} {name}" for name, count in songs.counts.items())
    if len(songs.rows) < LEAST_SONGS or min(songs.counts.values()) < 2 or not songs.test.any():
        return Findings([], [f"Four moods: {counts} songs with lyrics, too few to tell apart; left out."])
    predicted = {
        "majority class": [songs.positive] * int(songs.test.sum()),
        "logistic regression": steps.done("four-moods-regression", partial(_by_regression, steps, songs)),
        KERAS: steps.done("four-moods-keras", partial(_by_keras, steps, songs)),
    }
    truth = songs.classes[songs.test]
    lines = [Line(name, macro(truth, np.array(each), songs.names)) for name, each in predicted.items()]
    said = (
        f"Four moods, by tags or labels: {counts} songs. The paper names neither the moods nor what its base "
        "classifier reads, nor its accuracy: here it reads what the modified tBERT reads, with the index's vectors of "
        f"whole lyrics; {WIDTH} units, the number of epochs with the lowest loss on validation songs."
    )
    return Findings([Comparison(f"Four moods of {len(truth):,} songs, F1 by mood", lines)], [said])


def macro(truth: Classes, predicted: Classes, names: tuple[str, ...]) -> dict[str, float]:
    """Accuracy, the mean of the classes' F1, and each.

    >>> scores = macro(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), ("a", "b", "c"))
    >>> {name: round(score, 4) for name, score in scores.items()}
    {'accuracy': 0.5, 'macro F1': 0.3889, 'a': 0.6667, 'b': 0.5, 'c': 0.0}
    """
    found = {}
    for i, name in enumerate(names):
        hits = int(((truth == i) & (predicted == i)).sum())
        found[name] = 2 * hits / max(int((truth == i).sum() + (predicted == i).sum()), 1)
    return {"accuracy": float((truth == predicted).mean()), "macro F1": sum(found.values()) / len(names), **found}


def _rows(steps: Steps, songs: Labelled) -> FloatMatrix:
    inputs = Inputs(steps, songs)
    sizes = Sizes(inputs.whole.shape[1], inputs.topics.shape[1], inputs.audio.shape[1])
    return join(inputs.whole, inputs.topics, inputs.audio, sizes)


def _by_regression(steps: Steps, songs: Labelled) -> list[int]:
    from sklearn.linear_model import LogisticRegression

    rows = _rows(steps, songs)
    model = LogisticRegression(C=0.01, max_iter=2000).fit(rows[~songs.test], songs.classes[~songs.test])
    return [int(each) for each in model.predict(rows[songs.test])]


def _by_keras(steps: Steps, songs: Labelled) -> list[int]:
    rows = _rows(steps, songs)
    train, validation = np.flatnonzero(songs.train), np.flatnonzero(songs.validation)
    rng = np.random.default_rng(0)
    network = _network(rows.shape[1], len(songs.names))
    best, kept = math.inf, network.get_weights()
    for _ in steps.track(range(5 if steps.quick else EPOCHS), "train four moods"):
        order = rng.permutation(train)
        for batch in np.array_split(order, math.ceil(len(order) / BATCH)):
            network.train_on_batch(rows[batch], songs.classes[batch])
        network.reset_metrics()
        held = validation if len(validation) else train
        loss = float(network.test_on_batch(rows[held], songs.classes[held], return_dict=True)["loss"])
        network.reset_metrics()
        if loss < best:
            best, kept = loss, network.get_weights()
    network.set_weights(kept)
    return [int(each) for each in np.asarray(network.predict_on_batch(rows[songs.test])).argmax(axis=1)]


def _network(inputs: int, classes: int) -> Any:
    keras = keras_on_torch()
    network = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(WIDTH, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(seed=0)),
            keras.layers.Dense(
                classes, activation="softmax", kernel_initializer=keras.initializers.GlorotUniform(seed=1)
            ),
        ]
    )
    network.compile(keras.optimizers.Adam(RATE), loss="sparse_categorical_crossentropy", jit_compile=False)
    return network
