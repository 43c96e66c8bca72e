"""Transitions: the Camelot wheel as printed, tempo folded by octaves, unknown values neutral."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.playlist.transitions import camelot, camelot_distance, tempo_distance, transition_costs
from tests.engine.songs import songs

NAN = float("nan")

# The wheel as it is printed on mixedinkey.com, pitch class 0..11 from C.
MAJOR = ["8B", "3B", "10B", "5B", "12B", "7B", "2B", "9B", "4B", "11B", "6B", "1B"]
MINOR = ["5A", "12A", "7A", "2A", "9A", "4A", "11A", "6A", "1A", "8A", "3A", "10A"]


def test_every_key_is_where_the_wheel_has_it():
    assert [camelot(key, 1) for key in range(12)] == MAJOR
    assert [camelot(key, 0) for key in range(12)] == MINOR


@pytest.mark.parametrize(("key", "mode"), [(None, 1), (0, None), (NAN, 1), (0, NAN), (-1, 1), (12, 0), (3.5, 1)])
def test_a_key_that_is_unknown_or_none_has_no_code(key, mode):
    assert camelot(key, mode) is None


def test_an_averaged_mode_counts_as_the_nearer_one():
    assert camelot(0, 0.7) == "8B"
    assert camelot(9, 0.3) == "8A"


keys = st.tuples(st.integers(0, 11), st.integers(0, 1))


@given(keys, keys)
def test_distance_counts_the_steps_on_the_printed_wheel(a, b):
    one, other = ((MAJOR if mode else MINOR)[key] for key, mode in (a, b))
    around = abs(int(one[:-1]) - int(other[:-1]))
    assert camelot_distance(*a, *b) == min(around, 12 - around) + (one[-1] != other[-1])
    assert camelot_distance(*a, *b) == camelot_distance(*b, *a)


def test_compatible_keys_are_one_step_apart():
    """From 8A (A minor): 8A, 7A (D minor), 9A (E minor), 8B (C major)."""
    assert [float(camelot_distance(9, 0, *key)) for key in ((9, 0), (2, 0), (4, 0), (0, 1))] == [0, 1, 1, 1]


def test_an_unknown_key_is_at_an_unknown_distance():
    assert math.isnan(camelot_distance(0, 1, NAN, 1))


tempos = st.floats(40, 240)


@given(tempos, tempos)
def test_tempo_distance_is_symmetric_bounded_and_deaf_to_octaves(a, b):
    distance = float(tempo_distance(a, b))
    assert 0 <= distance <= 1
    assert distance == pytest.approx(float(tempo_distance(b, a)), abs=1e-9)
    assert distance == pytest.approx(float(tempo_distance(2 * a, b)), abs=1e-9)
    assert tempo_distance(a, a) == 0


def test_a_tempo_of_zero_is_a_mistake():
    with pytest.raises(ValueError, match="NaN where unknown"):
        tempo_distance(0, 120)


@given(songs(min_size=2, max_size=12))
def test_costs_are_a_symmetric_matrix_between_0_and_1(some):
    costs = transition_costs(some)
    assert costs.shape == (len(some), len(some))
    assert not np.isnan(costs).any()
    np.testing.assert_allclose(costs, costs.T)
    assert (np.diag(costs) == 0).all()
    assert (costs >= 0).all()
    assert (costs <= 1 + 1e-9).all()
