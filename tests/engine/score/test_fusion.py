"""Fusion: z-scores, contributions and reciprocal ranks against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.score.fusion import contributions, normalise, scores

NAN = float("nan")

known = st.integers(-1000, 1000).map(lambda v: v / 8)
matrices = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.one_of(known, st.just(NAN))
)


def test_a_column_is_its_z_score_over_the_known_values():
    column = np.array([1.0, 4.0, NAN, 10.0])
    expected = (column - np.nanmean(column)) / np.nanstd(column)
    expected[2] = 0.0
    found = normalise(column[:, None])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, 3e38, -7.3])
def test_a_constant_column_gives_zero_and_nothing_else(value):
    """0.1 ten times has a mean that differs from 0.1 in the last bit: no reason for a z-score."""
    assert (normalise(np.full((10, 1), value)) == 0).all()
    assert (normalise([[value], [NAN], [value]]) == 0).all()


def test_a_column_of_unknowns_is_neutral_and_an_empty_matrix_stays_empty():
    assert normalise([[NAN, 1.0], [NAN, 2.0]])[:, 0].tolist() == [0.0, 0.0]
    assert normalise(np.zeros((0, 3))).shape == (0, 3)
    assert scores(contributions(normalise(np.zeros((0, 3))), [1, 1, 1])).shape == (0,)


@given(matrices)
@settings(max_examples=100)
def test_unknown_is_the_mean_and_the_known_have_mean_zero_and_spread_one(signals):
    z = normalise(signals)
    assert z.shape == signals.shape
    assert (z[np.isnan(signals)] == 0).all()
    for column, values in zip(z.T, signals.T, strict=True):
        there = column[~np.isnan(values)]
        if len(set(values[~np.isnan(values)])) > 1:
            assert abs(there.mean()) < 1e-5
            assert abs(there.std() - 1) < 1e-5
        else:
            assert (column == 0).all()


@given(matrices, st.sampled_from([0.125, 0.5, 3.0, 64.0]), st.integers(-500, 500))
@settings(max_examples=100)
def test_rescaling_a_column_changes_nothing(signals, factor, shift):
    np.testing.assert_allclose(normalise(signals * factor + shift), normalise(signals), atol=1e-5)


@given(matrices, st.data())
@settings(max_examples=100)
def test_contributions_add_up_to_the_score(signals, data):
    weights = data.draw(st.lists(st.floats(-4, 4, width=32), min_size=signals.shape[1], max_size=signals.shape[1]))
    z = normalise(signals)
    shares = contributions(z, weights)
    assert shares.shape == signals.shape
    assert (scores(shares) == shares.sum(axis=1)).all(), "the score is exactly the sum of its shares"
    np.testing.assert_allclose(scores(shares), z.astype(np.float64) @ np.array(weights), atol=1e-4)


def test_a_weight_of_zero_silences_a_signal():
    signals = normalise([[1.0, 9.0], [2.0, 1.0], [3.0, 5.0]])
    assert np.argsort(scores(contributions(signals, [1.0, 0.0]))).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("normalised", "weights"),
    [([[1.0, 2.0]], [1.0]), ([[1.0]], [NAN]), ([[NAN]], [1.0]), ([1.0], [1.0]), ([[1.0]], [float("inf")])],
)
def test_what_cannot_be_weighed_is_refused(normalised, weights):
    with pytest.raises(ValueError):
        contributions(normalised, weights)


def test_signals_that_are_no_matrix_or_infinite_are_refused():
    with pytest.raises(ValueError, match="shape"):
        normalise([1.0, 2.0])
    with pytest.raises(ValueError, match="signal 1"):
        normalise([[0.0, float("inf")], [1.0, 2.0]])
