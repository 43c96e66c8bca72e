"""Areas against scikit-learn, errors and discoveries against what is drawn by chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from indexer.models.moods.significance import auc_and_error, chance_of, discoveries


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_is_scikit_learns(ties: bool) -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 5, 300) if ties else rng.normal(size=300)
    positive = rng.uniform(size=300) < 0.3
    assert auc_and_error(scores, positive, np.arange(300))[0] == pytest.approx(roc_auc_score(positive, scores))


@pytest.mark.parametrize("songs_of_an_artist", [1, 10])
def test_without_signal_one_in_twenty_is_below_five_percent(songs_of_an_artist: int) -> None:
    """Also where an artist's songs have one score and one label: they are one observation, not ten."""
    rng = np.random.default_rng(0)
    below = 0
    for _ in range(400):
        scores = np.repeat(rng.normal(size=100), songs_of_an_artist)
        positive = np.repeat(rng.uniform(size=100) < 0.3, songs_of_an_artist)
        area, error = auc_and_error(scores, positive, np.repeat(np.arange(100), songs_of_an_artist))
        below += bool(chance_of(np.array([area]), np.array([error]))[0] < 0.05)
    assert below / 400 < 0.09


def test_without_a_positive_nothing_is_known() -> None:
    assert auc_and_error(np.ones(3), np.zeros(3, bool), np.arange(3)) == (0.5, np.inf)


def test_discoveries_among_noise_are_few_and_signal_is_found() -> None:
    rng = np.random.default_rng(0)
    believed = [discoveries(rng.uniform(size=50), 0.05).sum() for _ in range(200)]
    assert np.count_nonzero(believed) / 200 < 0.1
    assert discoveries(np.concatenate([np.full(10, 1e-6), rng.uniform(size=50)]), 0.05)[:10].all()
    assert discoveries(np.zeros(0), 0.05).shape == (0,)
