"""Song factors: what is minimised, against direct solves; groups that playlists make; listeners of few seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import ConfigError
from indexer.models.factors import TRAINING_SEEDS, FactorsConfig, FoldIn, gram_of, learn_factors

SMALL = FactorsConfig(size=6, regularization=2.0, iterations=40)
Table = npt.NDArray[np.float64]
playlists = st.lists(st.lists(st.integers(0, 11), max_size=8).map(lambda r: np.array(r, np.int64)), max_size=12)


def held_by(lists: list[npt.NDArray[np.int64]], songs: int) -> Table:
    held = np.zeros((len(lists), songs))
    for i, rows in enumerate(lists):
        held[i, rows] = 1
    return held


def solved(others: Table, held: Table, config: FactorsConfig) -> Table:
    """The least squares of each row of `held` (1 in a playlist, window_weight in a window), one dense solve a row."""
    counts = (held > 0).sum(axis=1)
    penalty = config.regularization * (counts / counts.mean()) ** config.frequency
    weight = 1 + config.confidence * held
    return np.stack([
        np.linalg.solve((others.T * w) @ others + p * np.eye(others.shape[1]), others.T @ (w * (h > 0)))
        for w, p, h in zip(weight, penalty, held, strict=True)
    ])  # fmt: skip


def groups(seed: int = 0) -> list[npt.NDArray[np.int64]]:
    """40 playlists, each of six songs of 0..9 or of 10..19."""
    rng = np.random.default_rng(seed)
    return [10 * (i % 2) + rng.permutation(10)[:6] for i in range(40)]


def test_factors_are_where_alternating_direct_solves_stay() -> None:
    lists = groups()
    for window, runs in ((20, []), (3, [(i, at) for i in range(40) for at in range(5)])):  # three of six, and the last
        config = replace(SMALL, window=window)
        factors = learn_factors(lists, 20, config).astype(float)
        windows = config.window_weight * held_by([lists[i][at : at + 3] for i, at in runs], 20)
        held = np.vstack([held_by(lists, 20), windows])
        again = solved(solved(factors, held, config), held.T, config)
        products = factors @ factors.T
        np.testing.assert_allclose(again @ again.T, products, atol=0.01 * products.max())


def test_songs_of_the_same_playlists_are_likelier_beside_a_seed() -> None:
    factors = learn_factors(groups(), 21, SMALL)
    assert factors.dtype == np.float32
    assert factors.shape == (21, 6)
    assert not factors[20].any(), "no playlist holds it"
    for seeds in ([0], [0, 3, 5], [12, 19]):
        likely = factors[:20] @ FoldIn(gram_of(factors), SMALL)(factors[seeds])
        own = np.arange(20) // 10 == seeds[0] // 10
        assert likely[own].min() > likely[~own].max()


def test_a_listener_is_the_least_squares_of_its_seeds() -> None:
    factors = learn_factors(groups(), 20, SMALL)
    for seeds in ([3], [1, 2, 14], list(range(8))):
        held = held_by([np.array(seeds)], 20)
        penalty = SMALL.regularization * TRAINING_SEEDS / len(seeds)
        expected = solved(factors.astype(float), held, replace(SMALL, regularization=penalty))[0]
        np.testing.assert_allclose(FoldIn(gram_of(factors), SMALL)(factors[seeds]), expected, rtol=1e-3, atol=1e-5)


def test_the_same_seed_gives_the_same_factors() -> None:
    first, second = learn_factors(groups(), 20, SMALL), learn_factors(groups(), 20, SMALL)
    np.testing.assert_array_equal(first, second)


def test_an_update_goes_on_from_what_it_finds_and_places_new_songs() -> None:
    before = learn_factors(groups(), 20, SMALL)
    grown = [*groups(), *(np.array([1, 4, 7, 20]) for _ in range(4))]
    start = np.vstack([before, np.zeros((1, 6), np.float32)])
    after = learn_factors(grown, 21, SMALL, start=start)
    likely = after @ FoldIn(gram_of(after), SMALL)(after[[20]])
    assert likely[[1, 4, 7]].min() > likely[10:20].max()
    np.testing.assert_allclose(after[10:20] @ after[10:20].T, before[10:] @ before[10:].T, atol=0.2)


def test_a_changed_song_goes_on_from_the_factors_that_it_had() -> None:
    """Song 3 moves to row 20: it stands where it stood, which from zeros it would not after an update's iterations."""
    before = learn_factors(groups(), 20, SMALL)
    moved = [np.where(rows == 3, 20, rows) for rows in groups()]
    start = np.vstack([before, before[3]])
    start[3] = 0
    after = learn_factors(moved, 21, SMALL, start=start)
    cosine = after[20] @ before[3] / np.linalg.norm(after[20]) / np.linalg.norm(before[3])
    assert cosine > 0.999
    assert not after[3].any()


def test_each_iteration_changes_the_factors_less() -> None:
    changes: list[float] = []
    learn_factors(groups(), 20, SMALL, watch=lambda iteration, change: changes.append(change))
    assert len(changes) == SMALL.iterations
    assert changes[-1] < 0.01 < changes[0]


def test_factors_that_are_not_finite_are_no_factors() -> None:
    start = np.full((20, 6), np.nan, np.float32)
    with pytest.raises(ValueError, match=r"not finite after iteration 1; raise factors\.regularization"):
        learn_factors(groups(), 20, SMALL, start=start)


@given(playlists, st.integers(0, 3))
@settings(max_examples=50)
def test_any_playlists_give_finite_factors_zero_where_there_is_no_history(
    lists: list[npt.NDArray[np.int64]], seed: int
) -> None:
    factors = learn_factors(lists, 12, FactorsConfig(size=4, iterations=3, seed=seed))
    held = np.isin(np.arange(12), np.concatenate([*lists, np.zeros(0, np.int64)]))
    assert factors.shape == (12, 4)
    assert np.isfinite(factors).all()
    assert not factors[~held].any()


def test_the_order_of_playlists_and_repeated_songs_change_nothing() -> None:
    lists = groups()
    expected = learn_factors(lists, 20, SMALL)
    found = learn_factors([np.concatenate([rows, rows]) for rows in lists[::-1]], 20, SMALL)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "factors.size is 0"),
        ({"iterations": 0}, "factors.iterations is 0"),
        ({"window": 1}, "factors.window is 1, expected 2 or more"),
        ({"regularization": 0.0}, "factors.regularization is 0.0, expected more than 0"),
        ({"confidence": float("inf")}, "factors.confidence is inf"),
        ({"frequency": 1.5}, "factors.frequency is 1.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)  # type: ignore[arg-type]
