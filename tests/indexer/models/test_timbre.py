"""The timbre model: groups stay groups, whatever the units; few songs and dull numbers are no failure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.models.autoencoder import TIMBRE
from indexer.models.timbre import LEAST_TRAINED, TimbreModel
from tests.indexer.timbres import grouped

SMALL = replace(TIMBRE, latent=8, widths=(16,), epochs=3, batch=64)


@pytest.mark.parametrize("each", [2, 10, 80])
def test_neighbours_are_of_the_group(each: int) -> None:
    timbres = grouped(5, each)
    model = TimbreModel.fit(timbres, SMALL)
    assert model.trained == (5 * each >= LEAST_TRAINED)
    latents = model.encode(timbres)
    np.testing.assert_allclose(np.linalg.norm(latents, axis=1), 1.0, atol=1e-5)
    likeness = latents @ latents.T
    np.fill_diagonal(likeness, -2.0)
    assert (likeness.argmax(axis=1) % 5 == np.arange(5 * each) % 5).all()


def test_units_do_not_count() -> None:
    timbres = grouped(4, 10)
    other = timbres * np.exp2(np.arange(66) % 7).astype(np.float32)
    one, two = (TimbreModel.fit(each, SMALL).encode(each) for each in (timbres, other))
    np.testing.assert_allclose(one @ one.T, two @ two.T, atol=1e-3)


def test_a_number_that_is_alike_in_all_says_nothing() -> None:
    timbres = grouped(4, 10)
    timbres[:, 7] = 3.0
    model = TimbreModel.fit(timbres, SMALL)
    other = timbres.copy()
    other[:, 7] = 400.0
    np.testing.assert_array_equal(model.encode(timbres), model.encode(other))


def test_one_song_teaches_nothing_and_twins_are_unknown() -> None:
    with pytest.raises(ValueError, match="1 timbres, expected at least 2"):
        TimbreModel.fit(grouped(1, 1), SMALL)
    twins = np.repeat(grouped(1, 1), 2, axis=0)
    assert not TimbreModel.fit(twins, SMALL).encode(twins).any()


@pytest.mark.parametrize("each", [4, 50])
def test_what_was_saved_is_read(each: int, tmp_path: Path) -> None:
    timbres = grouped(5, each)
    model = TimbreModel.fit(timbres, SMALL)
    model.save(tmp_path)
    read = TimbreModel.load(tmp_path)
    assert read.trained == model.trained
    np.testing.assert_array_equal(read.encode(timbres), model.encode(timbres))
