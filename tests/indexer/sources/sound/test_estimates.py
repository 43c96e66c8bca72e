"""Estimates: what more of a trait does, and the order of sounds that leave no doubt."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources.sound.estimates import Estimates, Traits, estimated, estimates
from indexer.sources.sound.key import chroma
from indexer.sources.sound.tempo import onset_strength, tempo
from tests.indexer.sources.sound.files import spectra
from tests.indexer.sources.sound.synthesis import RATE, Wave, clicks, drums, noise, placed, progression, strings

SHARES = st.floats(0, 1)
TRAITS = st.builds(
    Traits,
    busy=st.floats(0, 0.3),
    noisy=SHARES,
    bright=st.floats(-5, 0),
    pauses=SHARES,
    syllables=SHARES,
    moving=st.floats(0, 2),
    beat=SHARES,
    low_beat=SHARES,
    off_dance=st.floats(0, 0.5),
)
RISING = {
    "energy": {"busy", "noisy", "bright"},
    "danceability": {"beat", "low_beat"},
    "acousticness": set(),
    "speechiness": {"syllables", "moving", "pauses"},
}
FALLING = {
    "energy": set(),
    "danceability": {"off_dance"},
    "acousticness": {"busy", "noisy", "bright"},
    "speechiness": {"beat"},
}


def estimates_of(wave: Wave, lufs: float | None = -16) -> Estimates:
    piece = spectra(wave)
    return estimates([piece], [chroma(piece.pitch)], tempo([onset_strength(piece.mel)]), lufs)


def babble(seconds: float) -> Wave:
    """Syllables of gliding pitch, five a second, in phrases with pauses: what speech is to these traits."""
    rng, sounds, when = np.random.default_rng(0), [], 0.0
    while when < seconds:
        for _ in range(rng.integers(5, 12)):
            length = rng.uniform(0.12, 0.26)
            t = np.arange(round(length * RATE)) / RATE
            glide = rng.uniform(90, 160) * (1 + 0.5 * np.sin(np.pi * t / length) * rng.uniform(-1, 1))
            phase = 2 * np.pi * np.cumsum(glide) / RATE
            vowel = sum(np.sin(k * phase) / (1 + abs(k - rng.uniform(3, 9))) for k in range(1, 20))
            sounds.append((when, (vowel * np.hanning(len(t))).astype(np.float32)))
            when += length
        when += rng.uniform(0.3, 0.7)
    return placed(sounds, seconds)


@given(
    of=TRAITS, lufs=st.none() | st.floats(-70, 10), name=st.sampled_from([f.name for f in fields(Traits)]), by=SHARES
)
def test_more_of_a_trait_never_turns_the_direction(of: Traits, lufs: float | None, name: str, by: float) -> None:
    before, after = estimated(of, lufs), estimated(replace(of, **{name: getattr(of, name) + by}), lufs)
    for estimate in RISING:
        first, second = getattr(before, estimate), getattr(after, estimate)
        assert 0 <= first <= 1
        if name in RISING[estimate]:
            assert second >= first
        elif name in FALLING[estimate]:
            assert second <= first
        else:
            assert second == first


@given(of=TRAITS, lufs=st.floats(-70, 0))
def test_louder_is_more_energetic_and_less_acoustic(of: Traits, lufs: float) -> None:
    quiet, loud = estimated(of, lufs), estimated(of, lufs + 6)
    assert loud.energy >= quiet.energy
    assert loud.acousticness <= quiet.acousticness


def test_an_order_that_leaves_no_doubt() -> None:
    beat, pads = estimates_of(drums(118, "four on the floor", 20)), estimates_of(progression(0, 1, "organ", 20))
    band = estimates_of(drums(118, seconds=20) + 0.2 * progression(0, 1, "strings", 20) + 0.05 * noise(20))
    speech = estimates_of(babble(20))
    assert pads.energy < band.energy
    assert pads.acousticness > max(beat.acousticness, band.acousticness)
    assert min(beat.danceability, band.danceability) > speech.danceability
    assert speech.speechiness > 0.5 > max(beat.speechiness, pads.speechiness, band.speechiness)


def test_a_voice_is_known_of_speech_alone() -> None:
    assert estimates_of(babble(20)).instrumentalness < 0.5
    assert estimates_of(drums(118, seconds=20)).instrumentalness is None


def test_without_a_beat_it_is_no_dance() -> None:
    assert estimates_of(noise(20)).danceability < 0.2
    assert estimates_of(strings(220, 20)).danceability < 0.2


def test_a_few_seconds_are_a_guess() -> None:
    assert estimates_of(drums(118, seconds=4)) == Estimates()


def test_unknown_loudness_is_the_middle() -> None:
    unknown, loud, quiet = (estimates_of(clicks(118, 8), lufs).energy for lufs in (None, -6, -30))
    assert quiet < unknown < loud
    assert estimates_of(clicks(118, 8), -16).energy == pytest.approx(unknown)
