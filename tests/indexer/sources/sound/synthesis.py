"""A small synthesiser: clicks, drums and chords whose tempo and key are known because the test chose them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 22050
Wave = npt.NDArray[np.float32]

# Steps of a bar of four beats, an eighth each: kick, snare, hat.
PATTERNS: dict[str, tuple[str, str, str]] = {
    "rock": ("x...x...", "..x...x.", "xxxxxxxx"),
    "four on the floor": ("x.x.x.x.", "..x...x.", ".x.x.x.x"),
    "pop": ("x..xx...", "..x...x.", "xxxxxxxx"),
    "soft": ("x...x...", "..x...x.", "x.x.x.x."),
    "funk": ("x..x.x..", "..x...xx", "xxxxxxxx"),
}
LOOPS = {
    1: [(0, 3, 4, 0), (0, 5, 3, 4), (0, 3, 0, 4), (0, 5, 1, 4)],
    0: [(0, 3, 4, 0), (0, 5, 3, 4), (0, 6, 5, 4)],
}  # degrees of the chords of four bars, by mode
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def noise(seconds: float, seed: int = 0) -> Wave:
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)


def decay(seconds: float, half_life: float) -> Wave:
    return (0.5 ** (np.arange(round(seconds * RATE)) / RATE / half_life)).astype(np.float32)


def kick() -> Wave:
    t = np.arange(round(0.25 * RATE)) / RATE
    frequency = 50 + 70 * np.exp(-t * 30)
    return (np.sin(2 * np.pi * np.cumsum(frequency) / RATE) * decay(0.25, 0.05)).astype(np.float32)


def snare() -> Wave:
    t = np.arange(round(0.2 * RATE)) / RATE
    return ((0.5 * noise(0.2, 1) + 0.5 * np.sin(2 * np.pi * 190 * t)) * decay(0.2, 0.03)).astype(np.float32)


def hat() -> Wave:
    return (0.25 * np.diff(noise(0.06, 2), append=0) * decay(0.06, 0.01)).astype(np.float32)


def click(kind: str = "noise") -> Wave:
    t = np.arange(round(0.03 * RATE)) / RATE
    if kind == "noise":
        return (0.5 * noise(0.03, 3) * decay(0.03, 0.004)).astype(np.float32)
    return (np.sin(2 * np.pi * 1000 * t) * decay(0.03, 0.01)).astype(np.float32)


def placed(sounds: Sequence[tuple[float, Wave]], seconds: float) -> Wave:
    """Each sound from its second on, added up."""
    out = np.zeros(round(seconds * RATE), np.float32)
    for start, wave in sounds:
        at = round(start * RATE)
        part = wave[: max(0, len(out) - at)]
        out[at : at + len(part)] += part
    return out


def clicks(bpm: float, seconds: float = 30, kind: str = "noise") -> Wave:
    return placed([(beat * 60 / bpm, click(kind)) for beat in range(int(seconds * bpm / 60) + 1)], seconds)


def drums(bpm: float, pattern: str = "rock", seconds: float = 30, loose_ms: float = 0, seed: int = 0) -> Wave:
    """A pattern over and over; `loose_ms` is the standard deviation of the player's timing."""
    rng = np.random.default_rng(seed)
    step = 30 / bpm
    sounds = []
    for i in range(int(seconds / step) + 1):
        for line, drum in zip(PATTERNS[pattern], (kick(), snare(), hat()), strict=True):
            if line[i % 8] == "x":
                when = i * step + rng.normal(0, loose_ms / 1000) if loose_ms else i * step
                sounds.append((max(0.0, when), drum * np.float32(rng.uniform(0.85, 1))))
    return 0.5 * placed(sounds, seconds)


def organ(frequency: float, seconds: float) -> Wave:
    return _harmonics(frequency, seconds, [1, 0.5, 0.25, 0.2, 0, 0.1, 0, 0.1]) * _swell(seconds)


def strings(frequency: float, seconds: float) -> Wave:
    """A sawtooth: every harmonic."""
    return _harmonics(frequency, seconds, [1 / k for k in range(1, 25)]) * _swell(seconds)


def plucked(frequency: float, seconds: float) -> Wave:
    """A string that is struck: higher harmonics fade sooner."""
    t = np.arange(round(seconds * RATE)) / RATE
    waves = [
        np.sin(2 * np.pi * k * frequency * t) / k * 0.5 ** (t * k / 0.4)
        for k in range(1, 16)
        if k * frequency < RATE / 2
    ]
    return (0.5 * np.sum(waves, axis=0)).astype(np.float32)


TIMBRES: dict[str, Callable[[float, float], Wave]] = {"organ": organ, "strings": strings, "plucked": plucked}


def _harmonics(frequency: float, seconds: float, strengths: Sequence[float]) -> Wave:
    t = np.arange(round(seconds * RATE)) / RATE
    waves = [
        strength * np.sin(2 * np.pi * k * frequency * t + k)
        for k, strength in enumerate(strengths, 1)
        if k * frequency < RATE / 2
    ]
    return (0.4 * np.sum(waves, axis=0)).astype(np.float32)


def _swell(seconds: float) -> Wave:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.clip(np.minimum(t / 0.03, (seconds - t) / 0.05), 0, 1).astype(np.float32)


def pitch(semitones_from_c4: float, tuning_cents: float = 0) -> float:
    return float(440 * 2 ** ((semitones_from_c4 - 9 + tuning_cents / 100) / 12))


def progression(
    key: int, mode: int, timbre: str = "strings", seconds: float = 30, *, tuning_cents: float = 0, seed: int = 0
) -> Wave:
    """Chords of a key with bass and a melody over them: begins and ends on the tonic, a cadence every fourth bar.

    mode 1 is major, 0 is minor (natural, its dominant major as is usual).
    """
    rng = np.random.default_rng(seed)
    scale = MAJOR if mode else MINOR
    loops = LOOPS[mode]
    chord_s, play, sounds = 1.0, lru_cache(TIMBRES[timbre]), []

    def note(degree: int, sharp_seventh: bool) -> int:
        octave, step = divmod(degree, 7)
        return key + 12 * octave + scale[step] + (1 if sharp_seventh and not mode and step == 6 else 0)

    bars = int(seconds / chord_s)
    for bar in range(bars):
        degree = 0 if bar >= bars - 1 else loops[bar // 4 % len(loops)][bar % 4]
        dominant = degree == 4
        for part in (0, 2, 4):
            wave = play(pitch(note(degree + part, dominant), tuning_cents), chord_s)
            sounds.append((bar * chord_s, 0.25 * wave))
        sounds.append((bar * chord_s, 0.3 * play(pitch(note(degree, dominant) - 24, tuning_cents), chord_s)))
        for half in range(2):
            step = degree + int(rng.choice([0, 2, 4, 1, 7])) + 7
            wave = play(pitch(note(step, dominant), tuning_cents), chord_s / 2)
            sounds.append(((bar + half / 2) * chord_s, 0.2 * wave))
    return placed(sounds, bars * chord_s)
