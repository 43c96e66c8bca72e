"""Loudness against BS.1770's own figures and against the meter on the whole."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.sources.sound.loudness import block_loudness, integrated
from tests.indexer.sources.sound.synthesis import RATE, Wave, drums, noise

pyloudnorm = pytest.importorskip("pyloudnorm", reason="needs the extra audio")


def sine(decibels: float, seconds: float, rate: int = 48000) -> Wave:
    """997 Hz; its peak is so many dB from full scale."""
    t = np.arange(round(seconds * rate)) / rate
    return (10 ** (decibels / 20) * np.sin(2 * np.pi * 997 * t)).astype(np.float32)


def loudness(samples: Wave, rate: int = 48000) -> float | None:
    return integrated([block_loudness(samples.reshape(len(samples), -1), rate)])


def test_the_reference_tone() -> None:
    tone = sine(-20, 12)
    assert loudness(tone) == pytest.approx(-23.01, abs=0.1)  # 0 dB in one channel is -3.01 LUFS
    assert loudness(np.stack([tone, tone], 1)) == pytest.approx(-20, abs=0.1)
    assert loudness(np.stack([tone, 0 * tone], 1)) == pytest.approx(-23.01, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_the_sample_rate_does_not_count(rate: int) -> None:
    assert loudness(sine(-20, 5, rate), rate) == pytest.approx(-23.01, abs=0.25)


def test_surround_channels_weigh_more_and_the_low_one_nothing() -> None:
    tone, silent = sine(-20, 5), sine(-200, 5)
    alone = [np.stack([tone if place == channel else silent for place in range(6)], 1) for channel in range(6)]
    left, right, centre, low, *surround = map(loudness, alone)
    assert left == right == centre == pytest.approx(-23.01, abs=0.1)
    assert low is None
    assert surround == [pytest.approx(-23.01 + 1.49, abs=0.1)] * 2


def test_pieces_and_chunks_give_what_the_meter_gives_on_the_whole() -> None:
    swelling = (drums(120, seconds=33) * np.linspace(0.05, 1, 33 * RATE)).astype(np.float32)
    whole = pyloudnorm.Meter(RATE).integrated_loudness(swelling)
    pieces = [swelling[start : start + 11 * RATE, None] for start in range(0, 33 * RATE, 11 * RATE)]
    assert integrated(block_loudness(piece, RATE) for piece in pieces) == pytest.approx(whole, abs=0.1)


def test_pauses_do_not_count() -> None:
    tone = sine(-20, 8)
    with_pause = np.concatenate([tone, 0 * tone, sine(-50, 8)])
    assert loudness(with_pause) == pytest.approx(loudness(tone), abs=0.2)


def test_twice_the_amplitude_is_six_decibels() -> None:
    quiet, loud = loudness(0.1 * noise(5)), loudness(0.2 * noise(5))
    assert quiet is not None
    assert loud == pytest.approx(quiet + 20 * np.log10(2), abs=0.01)


def test_silence_and_other_units_have_no_loudness() -> None:
    assert loudness(np.zeros(96000, np.float32)) is None
    assert loudness(sine(-20, 0.3)) is None  # shorter than a block
    assert loudness(32768 * sine(-6, 5)) is None
    assert loudness(np.float32(1e30) * sine(-6, 5)) is None
    assert integrated([]) is None
