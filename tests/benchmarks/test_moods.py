"""The moods task: scores by construction, folds by artist, and the labels of others where they are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import moods
from benchmarks.datasets import Dataset, Place
from benchmarks.moods import HAPPY, Labelled, classified, digest_of, macro_f1, majority, refrain, silent
from benchmarks.running import Job
from indexer.progress import quiet


def test_macro_f1_is_the_mean_over_classes() -> None:
    assert macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])) == pytest.approx((2 / 3 + 0) / 2)


def test_evidence_of_silent_songs_says_what_it_is_told() -> None:
    happy = np.array([1, -1, 0], np.int8)
    evidence = silent(np.arange(3), happy=happy)
    assert evidence.moods == ()
    assert evidence.happy is happy
    assert np.isnan(evidence.affect).all()
    assert (evidence.named == -1).all()


def songs(dataset: Dataset, count: int = 200) -> tuple[Labelled, np.ndarray]:
    """Songs whose class is the sign of their vector's first column."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, dataset.index.sentence.shape[1])).astype(np.float32)
    vectors[:, 0] *= 5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = (vectors[:, 0] > 0).astype(np.int64)
    return Labelled([str(i) for i in range(count)], ["la"] * count, wanted, np.arange(count) // 2), vectors


def test_what_vectors_tell_is_found_on_unseen_artists(warm_dataset: Dataset) -> None:
    labelled, vectors = songs(warm_dataset)
    found = classified(refrain, warm_dataset, labelled, vectors)
    assert np.mean(found.scores["accuracy"]) > 0.9
    assert found.facts["macro F1"] > 0.9
    assert found.asked == digest_of(labelled.ids)
    plain = classified(majority, warm_dataset, labelled, vectors)
    assert np.mean(plain.scores["accuracy"]) < 0.65


@pytest.mark.realdata
def test_the_labels_of_others_are_beaten_better_than_by_the_majority(
    real_data: Path, warm: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFRAIN_DATA", str(real_data))
    job = Job("moods", warm, None, 120, "test")
    runs = {run.system: run for run in moods.measure(job, ("refrain", "majority"), quiet)}
    setting = f"{HAPPY}, lyrics"
    assert runs["refrain"].settings[setting].queries == 120
    assert runs["majority"].settings[setting].asked == runs["refrain"].settings[setting].asked
