"""Tempo against beats that the test made."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.sources.sound.tempo import FASTEST_BPM, SLOWEST_BPM, Tempo, onset_strength, tempo
from tests.indexer.sources.sound.files import spectra
from tests.indexer.sources.sound.synthesis import PATTERNS, RATE, Wave, clicks, drums, noise, progression

PLAIN = [pattern for pattern in PATTERNS if pattern != "funk"]  # whose beat another listener may count twice as fast


def tempo_of(*waves: Wave) -> Tempo | None:
    return tempo([onset_strength(spectra(wave).mel) for wave in waves])


def right(wave: Wave, bpm: float) -> bool:
    answer = tempo_of(wave)
    return answer is not None and abs(answer.bpm / bpm - 1) < 0.01


@pytest.mark.parametrize("bpm", [60, 92.5, 128, 180])
def test_clicks_and_drums(bpm: float) -> None:
    for kind in ("noise", "sine"):
        assert right(clicks(bpm, 20, kind), bpm)
    assert right(drums(bpm, "rock", 20), bpm)


@pytest.mark.slow
def test_the_whole_range() -> None:
    answers = []
    for bpm in np.linspace(60, 180, 41):
        answers += [right(clicks(bpm, 30, kind), bpm) for kind in ("noise", "sine")]
        answers += [right(drums(bpm, pattern, 30), bpm) for pattern in PLAIN]
        answers += [right(drums(bpm, pattern, 30, loose_ms=8), bpm) for pattern in PLAIN]
    assert np.mean(answers) >= 0.95, f"{np.mean(answers):.1%} of {len(answers)}"


def test_the_level_does_not_count() -> None:
    loud = drums(110, seconds=12)
    quiet_answer, answer = tempo_of(0.01 * loud), tempo_of(loud)
    assert quiet_answer is not None
    assert answer is not None
    assert quiet_answer.bpm == pytest.approx(answer.bpm, rel=1e-4)
    assert quiet_answer.confidence == pytest.approx(answer.confidence, abs=1e-3)


def test_a_break_that_shifts_the_beat_does_not_change_the_tempo() -> None:
    part = drums(100, seconds=8.2)  # the next part begins within a beat
    assert right(np.concatenate([part, part, part]), 100)


def test_pieces_share_one_tempo() -> None:
    answer = tempo_of(drums(124, seconds=10), drums(124, "pop", 10), np.zeros(RATE, np.float32) + 1)
    assert answer is not None
    assert answer.bpm == pytest.approx(124, rel=0.01)


def test_confidence_falls_with_the_beat() -> None:
    beat = drums(100, seconds=20)
    clear, drowned = tempo_of(beat), tempo_of(beat + 0.3 * noise(20))
    assert clear is not None
    assert drowned is not None
    assert drowned.bpm == pytest.approx(100, rel=0.01)
    assert drowned.confidence < 0.7 < clear.confidence, (drowned, clear)


def test_where_there_is_no_beat_there_is_no_tempo() -> None:
    assert tempo_of(noise(30)) is None
    assert tempo_of(np.sin(np.arange(20 * RATE) * 0.1).astype(np.float32)) is None
    assert tempo_of(drums(100, seconds=3)) is None  # too short to hear it come back
    assert tempo([]) is None
    assert tempo([onset_strength(np.zeros((2000, 40), np.float32))]) is None


@pytest.mark.parametrize("bpm", [220, 300])
def test_what_is_faster_is_folded_by_octaves(bpm: float) -> None:
    answer = tempo_of(clicks(bpm, 30))
    assert answer is not None
    assert SLOWEST_BPM <= answer.bpm <= FASTEST_BPM
    octaves = np.log2(answer.bpm / bpm)
    assert octaves == pytest.approx(round(octaves), abs=np.log2(1.01))


def test_chords_alone_have_the_tempo_of_their_changes() -> None:
    answer = tempo_of(progression(0, 1, "plucked", 20))  # a chord a second
    assert answer is not None
    assert answer.bpm in (pytest.approx(60, rel=0.01), pytest.approx(120, rel=0.01))
