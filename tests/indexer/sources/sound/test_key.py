"""Key against chords that the test made."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.sources.sound.key import Key, chroma, key
from tests.indexer.sources.sound.files import spectra
from tests.indexer.sources.sound.synthesis import (
    MAJOR,
    MINOR,
    TIMBRES,
    Wave,
    drums,
    noise,
    organ,
    pitch,
    placed,
    progression,
)


def key_of(*waves: Wave) -> Key | None:
    return key([chroma(spectra(wave).pitch) for wave in waves])


def named(answer: Key | None) -> tuple[int, int] | None:
    return None if answer is None else (answer.tonic, answer.mode)


@pytest.mark.parametrize("timbre", TIMBRES)
@pytest.mark.parametrize(("tonic", "mode"), [(0, 1), (7, 1), (9, 0), (3, 0)])
def test_chords_of_a_key(tonic: int, mode: int, timbre: str) -> None:
    assert named(key_of(progression(tonic, mode, timbre, 8))) == (tonic, mode)


@pytest.mark.slow
def test_every_key_in_every_timbre() -> None:
    answers = []
    for seed, cents in enumerate((-35, 0, 20)):
        for timbre in TIMBRES:
            for mode in (0, 1):
                for tonic in range(12):
                    wave = progression(tonic, mode, timbre, 16, tuning_cents=cents, seed=seed)
                    answers.append(named(key_of(wave)) == (tonic, mode))
    assert np.mean(answers) >= 0.95, f"{np.mean(answers):.1%} of {len(answers)}"


@pytest.mark.parametrize("cents", [-40, 30])
def test_an_instrument_that_is_out_of_tune(cents: float) -> None:
    assert named(key_of(progression(5, 1, "strings", 8, tuning_cents=cents))) == (5, 1)


def test_drums_and_noise_do_not_hide_the_key() -> None:
    chords = progression(2, 0, "strings", 12)
    beat = drums(100, seconds=12)
    assert named(key_of(chords / np.abs(chords).max() + beat / np.abs(beat).max())) == (2, 0)
    assert named(key_of(chords + 0.05 * noise(12))) == (2, 0)


@pytest.mark.parametrize("mode", [0, 1])
def test_a_scale_up_and_down(mode: int) -> None:
    steps = [*range(8), *range(6, -1, -1)] * 2
    scale = MAJOR if mode else MINOR
    notes = [(0.3 * i, organ(pitch(4 + scale[s % 7] + 12 * (s // 7)), 0.3)) for i, s in enumerate(steps)]
    assert named(key_of(placed(notes, 0.3 * len(notes)))) == (4, mode)


def test_confidence_is_higher_where_only_one_key_fits() -> None:
    clear = key_of(progression(0, 1, "organ", 12))
    blurred = key_of(progression(0, 1, "organ", 6) + progression(6, 1, "organ", 6))
    assert clear is not None
    assert blurred is not None
    assert blurred.confidence < clear.confidence


def test_where_no_pitch_stands_out_there_is_no_key() -> None:
    assert key_of(noise(20)) is None
    assert key_of(progression(0, 1, "organ", 1)) is None  # too short
    assert key([]) is None
    assert key([chroma(np.zeros((10, 4097), np.float32))]) is None
