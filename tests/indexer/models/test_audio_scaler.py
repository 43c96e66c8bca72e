"""Audio features as a matrix: known values, scikit-learn's scalers as the oracle, laws for any table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from indexer.models.audio_scaler import CLIP, COLUMNS, AudioScaler, key_position, known_share
from indexer.records import AUDIO_NAMES, AUDIO_RANGES

LOW, HIGH = np.array(list(AUDIO_RANGES.values())).T


def songs(n: int, seed: int = 0, missing: float = 0.0) -> np.ndarray:
    """A table of n songs within the documented ranges; `missing` of its values are unknown."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(LOW, HIGH, (n, 12))
    table[:, AUDIO_NAMES.index("key")] = rng.integers(0, 12, n)
    table[:, AUDIO_NAMES.index("mode")] = rng.integers(0, 2, n)
    table[:, AUDIO_NAMES.index("duration_ms")] = np.exp(rng.normal(12.3, 0.3, n))
    table[rng.random((n, 12)) < missing] = np.nan
    return table.astype(np.float32)


def column(matrix: np.ndarray, name: str) -> np.ndarray:
    return matrix[:, COLUMNS.index(name)]


def test_scaled_columns_are_those_of_scikit_learn() -> None:
    table = songs(300)
    wide = table.astype(np.float64)
    wide[:, AUDIO_NAMES.index("duration_ms")] = np.log(wide[:, AUDIO_NAMES.index("duration_ms")])
    wide = np.delete(wide, AUDIO_NAMES.index("key"), axis=1)
    expected = StandardScaler().fit_transform(wide)
    found = AudioScaler.fit(table).transform(table)
    assert found.shape == (300, 14)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, :11], expected, atol=1e-5)


def test_statistics_are_of_the_songs_that_have_the_feature() -> None:
    table = songs(2000, missing=0.3)
    energy = table[:, AUDIO_NAMES.index("energy")].astype(np.float64)
    scaler = AudioScaler.fit(table)
    where = [name for name in AUDIO_NAMES if name != "key"].index("energy")
    assert scaler.means[where] == pytest.approx(np.nanmean(energy))
    assert 1 / scaler.gains[where] == pytest.approx(np.nanstd(energy))


def test_keys_a_fifth_apart_are_neighbours_and_relative_keys_fall_together() -> None:
    major = key_position(range(12), np.ones(12))
    apart = np.linalg.norm(major[:, None] - major[None], axis=2)
    for key in range(12):
        assert set(np.argsort(apart[key])[1:3]) == {(key + 7) % 12, (key - 7) % 12}
        np.testing.assert_allclose(key_position([key], [0]), key_position([(key + 3) % 12], [1]), atol=1e-12)
    assert apart[0].argmax() == 6, "the tritone is farthest"


def audio_row(**known: float) -> npt.NDArray[np.float64]:
    """A table of one song of which these features are known."""
    return np.array([[known.get(name, np.nan) for name in AUDIO_NAMES]])


def test_a_long_song_is_as_far_from_the_mean_as_one_that_is_as_many_times_shorter() -> None:
    table = songs(100)
    table[:, AUDIO_NAMES.index("duration_ms")] = np.geomspace(60_000, 960_000, 100)
    middle = float(np.sqrt(60_000 * 960_000))
    found = AudioScaler.fit(table).transform([audio_row(duration_ms=middle * f, tempo=120)[0] for f in (0.5, 1, 2)])
    short, even, long = column(found, "duration_ms")
    assert even == pytest.approx(0, abs=1e-5)
    assert long == pytest.approx(-short, rel=1e-4)
    assert long > 0.5


def test_an_unknown_value_is_the_mean_and_is_counted_as_unknown() -> None:
    table = songs(200)
    scaler = AudioScaler.fit(table)
    whole = table[:1].copy()
    without = whole.copy()
    without[0, AUDIO_NAMES.index("tempo")] = np.nan
    without[0, AUDIO_NAMES.index("key")] = np.nan
    full, part = scaler.transform(whole), scaler.transform(without)
    mean = column(scaler.transform(table), "tempo").mean()
    assert column(part, "tempo")[0] == pytest.approx(mean, abs=1e-5)
    assert column(full, "known")[0] - column(part, "known")[0] == pytest.approx(2 / 12)
    assert column(part, "key_x")[0] == column(part, "key_y")[0] == 0.0
    others = [c for c in range(14) if COLUMNS[c] not in ("tempo", "key_x", "key_y", "known")]
    assert np.array_equal(full[0, others], part[0, others])


def test_a_song_without_any_feature_is_a_zero_row() -> None:
    table = songs(50)
    table[7] = np.nan
    found = AudioScaler.fit(table).transform(table)
    assert not found[7].any()
    assert np.flatnonzero(~found.any(axis=1)).tolist() == [7]


def test_songs_without_features_do_not_change_the_fit() -> None:
    table = songs(50, missing=0.1)
    padded = np.concatenate([table, np.full((30, 12), np.nan, np.float32)])
    with_silent, without = AudioScaler.fit(padded), AudioScaler.fit(table)
    assert with_silent.known == without.known
    np.testing.assert_allclose(with_silent.transform(table), without.transform(table), atol=1e-6)


def test_a_feature_that_no_song_has_or_all_share_is_zero_for_every_query() -> None:
    table = songs(40)
    table[:, AUDIO_NAMES.index("energy")] = np.nan
    table[:, AUDIO_NAMES.index("valence")] = 0.25
    found = AudioScaler.fit(table).transform(songs(20, seed=1))
    assert not column(found, "energy").any()
    assert not column(found, "valence").any()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("rows", [0, 1])
def test_tiny_catalogues(rows: int) -> None:
    scaler = AudioScaler.fit(songs(rows))
    found = scaler.transform(songs(5, missing=0.5))
    assert found.shape == (5, 14)
    assert np.isfinite(found).all()


@given(
    table=arrays(np.float64, st.tuples(st.integers(0, 8), st.just(12)), elements=st.floats(0, 1)).map(
        lambda shares: (LOW + shares * (HIGH - LOW)).astype(np.float32)
    ),
    hidden=st.integers(0, 2**32 - 1),
    fitted=st.integers(0, 5),
)
def test_any_table_gives_bounded_rows_that_do_not_depend_on_each_other(
    table: np.ndarray, hidden: int, fitted: int
) -> None:
    table[np.random.default_rng(hidden).random(table.shape) < 0.3] = np.nan
    scaler = AudioScaler.fit(songs(20, seed=fitted, missing=0.2))
    found = scaler.transform(table)
    assert np.isfinite(found).all()
    assert (np.abs(found) <= CLIP + 1e-6).all()
    assert np.array_equal(found.any(axis=1), known_share(table) > 0)
    for row in range(len(table)):
        assert np.array_equal(scaler.transform(table[row : row + 1])[0], found[row])


def test_a_saved_scaler_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    scaler = AudioScaler.fit(songs(30, missing=0.1))
    scaler.save(tmp_path / "scaler.json")
    assert AudioScaler.load(tmp_path / "scaler.json") == scaler


def test_a_catalogue_whose_only_feature_is_alike_in_all_songs_is_known() -> None:
    table = np.full((40, 12), np.nan, np.float32)
    table[:30, AUDIO_NAMES.index("energy")] = 0.5
    found = AudioScaler.fit(table).transform(table)
    assert found.any(axis=1).tolist() == [True] * 30 + [False] * 10


def test_wrong_tables_are_named() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 3\), expected \(songs, 12\)"):
        AudioScaler.fit(np.zeros((2, 3)))
    table = songs(3)
    table[2, AUDIO_NAMES.index("energy")] = 7.5
    with pytest.raises(ValueError, match=r"energy of row 2 is 7\.5, expected 0\.\.1"):
        AudioScaler.fit(table)
    with pytest.raises(ValueError, match="duration_ms of row 0 is 0"):
        AudioScaler.fit(songs(5)).transform(audio_row(duration_ms=0.0))
    with pytest.raises(ValueError, match="loudness of row 0 is inf"):
        AudioScaler.fit(songs(5)).transform(audio_row(loudness=np.inf))


def test_a_duration_alone_says_nothing_of_the_sound() -> None:
    found = AudioScaler.fit(songs(100)).transform([audio_row(duration_ms=200_000)[0], audio_row(tempo=120)[0]])
    assert not found[0].any()
    assert found[1].any()
