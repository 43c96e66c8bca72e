"""Origins: two scales of one truth become one; what only one origin has, and what is in units, stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.errors import IndexFormatError
from indexer.models.audio_origins import ESTIMATES, LEAST_SONGS, OriginScales
from indexer.records import AUDIO_NAMES

COLUMNS = [AUDIO_NAMES.index(name) for name in ESTIMATES]


def two_origins(songs: int, seed: int = 0):
    """(features, measured, truth): every second song is measured, on scales that bend the truth each in its own way."""
    rng = np.random.default_rng(seed)
    table = np.full((songs, len(AUDIO_NAMES)), np.nan, np.float32)
    truth = np.repeat(rng.uniform(0.02, 0.98, (songs // 2, len(AUDIO_NAMES))), 2, axis=0)  # each truth in both origins
    measured = np.arange(songs) % 2 == 1
    for place, column in enumerate(COLUMNS):
        table[:, column] = truth[:, column]
        table[measured, column] = 0.3 + 0.4 * truth[measured, column] ** (place + 1)
    table[:, AUDIO_NAMES.index("tempo")] = 60 + 100 * truth[:, AUDIO_NAMES.index("tempo")]
    return table, measured, truth


def test_two_scales_of_one_truth_become_one() -> None:
    table, measured, truth = two_origins(2_000)
    out = OriginScales.fit(table, measured).transform(table, measured)
    np.testing.assert_allclose(out[:, COLUMNS], truth[:, COLUMNS], atol=0.01)
    np.testing.assert_array_equal(out[~measured], table[~measured])
    tempo = AUDIO_NAMES.index("tempo")
    np.testing.assert_array_equal(out[:, tempo], table[:, tempo])


def test_order_within_an_origin_stays() -> None:
    table, measured, _ = two_origins(400)
    out = OriginScales.fit(table, measured).transform(table, measured)
    for column in COLUMNS:
        order = np.argsort(table[measured, column], kind="stable")
        assert (np.diff(out[measured, column][order]) >= 0).all()


def test_a_value_that_many_share_is_the_middle_of_them() -> None:
    """Three of four measured songs are at 0: they stand where the middle of the lowest three quarters stands."""
    table = np.full((400, len(AUDIO_NAMES)), np.nan, np.float32)
    energy, measured = AUDIO_NAMES.index("energy"), np.arange(400) >= 200
    table[:200, energy] = np.linspace(0, 1, 200)
    table[200:, energy] = np.where(np.arange(200) < 150, 0.0, np.linspace(0, 1, 200))
    out = OriginScales.fit(table, measured).transform(table, measured)
    assert out[200, energy] == pytest.approx(0.375, abs=0.01)
    assert out[399, energy] == pytest.approx(1.0, abs=0.01)


def test_few_songs_of_an_origin_stay_as_they_are() -> None:
    table, measured, _ = two_origins(2 * LEAST_SONGS - 2)
    scales = OriginScales.fit(table, measured)
    assert not scales
    np.testing.assert_array_equal(scales.transform(table, measured), table)
    assert OriginScales.fit(*two_origins(2 * LEAST_SONGS)[:2])


def test_unknown_stays_unknown() -> None:
    table, measured, _ = two_origins(400)
    scales = OriginScales.fit(table, measured)
    table[1::4] = np.nan
    out = scales.transform(table, measured)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(table))


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    table, measured, _ = two_origins(400)
    scales = OriginScales.fit(table, measured)
    scales.save(tmp_path / "origins.json")
    assert OriginScales.load(tmp_path / "origins.json") == scales
    (tmp_path / "origins.json").write_text('{"measured": {"energy": [2]}, "others": {"energy": [2]}}', "utf-8")
    with pytest.raises(IndexFormatError, match="expected 201 ascending ones"):
        OriginScales.load(tmp_path / "origins.json")
