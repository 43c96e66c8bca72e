"""Key: tonic and mode, from how strongly each pitch class sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.spectra import PITCH_WINDOW, RATE, Matrix

Array = npt.NDArray[np.float64]

LOWEST_MIDI, OCTAVES = 33, 6  # A1, 55 Hz, to 3.5 kHz
BINS = 36  # thirds of a semitone
# How much each pitch class of a key sounds, from the tonic on: Temperley 2001 after Kostka and Payne's corpus
MAJOR = np.array([0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400])
MINOR = np.array([0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330])


@dataclass(frozen=True, slots=True)
class Key:
    """tonic 0..11, 0 = C; mode 1 major, 0 minor; confidence 0..1: how far the next best key is behind."""

    tonic: int
    mode: int
    confidence: float


def chroma(pitch: Matrix) -> Array:
    """float64 (frames, 12): how strongly each pitch class sounds in each long window, from C on."""
    hertz = np.fft.rfftfreq(PITCH_WINDOW, 1 / RATE)[1:]
    midi = 69 + 12 * np.log2(hertz / 440)
    use = (midi >= LOWEST_MIDI) & (midi < LOWEST_MIDI + 12 * OCTAVES)
    magnitudes = pitch[:, 1:][:, use].astype(np.float64)
    midi = midi[use]
    peaks = magnitudes * (magnitudes >= np.roll(magnitudes, 1, 1)) * (magnitudes >= np.roll(magnitudes, -1, 1))
    deviation = np.exp(2j * np.pi * midi)
    tuning = np.angle((peaks**2 @ deviation).sum()) / (2 * np.pi)
    classes = np.round(midi - tuning).astype(int) % 12
    out = np.zeros((len(peaks), 12))
    for tone in range(12):
        out[:, tone] = (peaks[:, classes == tone]).sum(1)
    return out


def key(chromas: Sequence[Array]) -> Key | None:
    """The key of pieces of one recording, each its `chroma`; None where no pitch stands out."""
    frames = np.concatenate([np.zeros((0, 12)), *chromas])
    profile = np.sqrt(frames).mean(0) if len(frames) else np.zeros(12)
    if profile.std() < 1e-6 * max(profile.mean(), 1e-12):
        return None
    matches = np.array(
        [[np.corrcoef(np.roll(shape, tonic), profile)[0, 1] for tonic in range(12)] for shape in (MINOR, MAJOR)]
    )
    mode, tonic = np.unravel_index(np.argmax(matches), matches.shape)
    first, second = np.sort(matches.ravel())[:-3:-1]
    return Key(int(tonic), int(mode), float(np.clip((first - second) / 0.2, 0, 1)))
