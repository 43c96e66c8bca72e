"""Spectra: one short and one long Fourier transform of a piece of sound, which all measurements share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.decode import Samples

RATE = 22050  # all analysis happens at this rate: up to 11 kHz, where melody, rhythm and most of timbre lie
WINDOW, HOP = 1024, 256  # 46 ms every 11.6 ms: short enough for beats
FRAMES_PER_S = RATE / HOP
PITCH_WINDOW, PITCH_HOP = 8192, 4096  # 0.37 s: neighbouring semitones are apart from 65 Hz on
MEL_BANDS = 40

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spectra:
    """What the measurements read of one piece of sound, its peak scaled to 1.

    mono    float32 (n,)                         at RATE
    power   float32 (frames, WINDOW // 2 + 1)    power spectrum, every HOP samples
    mel     float32 (frames, MEL_BANDS)          the same in mel bands
    pitch   float32 (m, PITCH_WINDOW // 2 + 1)   magnitudes of the long windows
    """

    mono: Samples
    power: Matrix
    mel: Matrix
    pitch: Matrix

    @classmethod
    def of(cls, mono: Samples) -> Spectra:
        short = _magnitudes(mono, WINDOW, HOP)
        power = short * short
        mel = np.asarray(power @ mel_filters().T, np.float32)
        return cls(mono, power, mel, _magnitudes(mono, PITCH_WINDOW, PITCH_HOP))


def _magnitudes(mono: Samples, window: int, hop: int) -> Matrix:
    """float32 (frames, window // 2 + 1); a piece shorter than a window is padded with silence."""
    from scipy.fft import rfft

    if len(mono) < window:
        mono = np.pad(mono, (0, window - len(mono)))
    weights = np.hanning(window + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(mono, window)[::hop]
    out = np.empty((len(frames), window // 2 + 1), np.float32)
    for start in range(0, len(frames), 512):  # blocks stay in the processor's cache
        out[start : start + 512] = np.abs(rfft(frames[start : start + 512] * weights))
    out /= np.float32(weights.sum() / 2)
    return out


@cache
def mel_filters() -> Matrix:
    """float32 (MEL_BANDS, WINDOW // 2 + 1): triangles of equal area from 30 Hz to RATE / 2, even on the mel scale.

    mel = 2595 log10(1 + Hz / 700), O'Shaughnessy 1987.
    """
    bottom, top = (2595 * np.log10(1 + hertz / 700) for hertz in (30, RATE / 2))
    edges = 700 * (10 ** (np.linspace(bottom, top, MEL_BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    rising = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles / np.maximum(triangles.sum(1, keepdims=True), 1e-9), np.float32)
