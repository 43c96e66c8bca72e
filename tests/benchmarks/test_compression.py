"""Compression: neighbours preserved, counted by brute force, and the task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.data.dataset import Place
from benchmarks.judge.metrics import means
from benchmarks.tasks import compression
from benchmarks.tasks.compression import METHODS, shares_preserved
from benchmarks.tasks.running import Job
from indexer.progress import quiet


def test_shares_are_what_counting_gives() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.standard_normal((80, 9)), rng.standard_normal((80, 3))

    def nearest(matrix: np.ndarray) -> list[set[int]]:
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        return [set(np.argsort(-np.where(np.arange(80) == i, -9, unit @ unit[i]))[:5].tolist()) for i in range(80)]

    expected = [len(a & b) / 5 for a, b in zip(nearest(before), nearest(after), strict=True)]
    assert shares_preserved(before, after, 5).tolist() == pytest.approx(expected)
    assert shares_preserved(before, 3 * before, 5).tolist() == [1.0] * 80
    assert shares_preserved(before, before, 5, sample=7, rows=range(20)).tolist() == [1.0] * 7
    with pytest.raises(ValueError, match="k is 80"):
        shares_preserved(before, after, 80)


def test_every_method_is_measured_on_songs_that_training_did_not_see(
    warm: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "LATENTS", (16,))
    train = compression.train_autoencoder
    monkeypatch.setattr(compression, "train_autoencoder", lambda rows, config: train(rows, replace(config, epochs=3)))
    runs = list(compression.measure_compression(Job("compression", warm, None, 30, "test"), METHODS, quiet))
    assert [run.system for run in runs] == list(METHODS)
    for run in runs:
        assert list(run.settings) == ["16, new songs", "16, new among new"]
        for result in run.settings.values():
            assert 0.2 < means(result.scores)["preserved"] <= 1
            assert result.facts["held_out"] == round(0.2 * result.facts["songs"])
