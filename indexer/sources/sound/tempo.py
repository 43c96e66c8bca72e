"""Tempo: how fast the beat goes, with its octave chosen, from the onsets in a few bands.

1. Onset strength: the half-wave rectified rise of the log power in each mel band (Böck and Widmer 2013 without its
   maximum filter), less its mean over a second.
2. A tempo is good where the music repeats after one beat, two and four (autocorrelation), and where its own pulse is
   strong (Fourier transform): of half the tempo the second does not hold, of its double the first (Peeters 2007).
   A broad log-normal preference for walking tempo decides the rest (Parncutt 1994; Ellis 2007).
3. The chosen tempo is made exact by the Fourier transform around it: the peak of a 30 s piece can be read to a
   hundredth of a beat per minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.spectra import FRAMES_PER_S, MEL_BANDS, Matrix

Array = npt.NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 55.0, 190.0  # every tempo is folded into this range
PREFERRED_BPM, PREFERENCE_OCTAVES = 115.0, 1.0
COMPRESSION = 1e4
_BAND_WEIGHTS = np.linspace(2, 0, MEL_BANDS, dtype=np.float32) / MEL_BANDS  # drums rather than cymbals
STEADY = 0.01  # a sound whose level changes less has no onsets
NO_BEAT = 0.06  # noise repeats by chance as well as this
_GRID = np.geomspace(SLOWEST_BPM, FASTEST_BPM, 249)  # steps of 0.5 %
_MULTIPLES = {1: 1.0, 2: 0.5, 4: 0.5}  # beats, and what a repetition after so many counts


@dataclass(frozen=True, slots=True)
class Tempo:
    """bpm within SLOWEST_BPM..FASTEST_BPM; confidence 0..1: how well the music repeats after a beat."""

    bpm: float
    confidence: float


def onset_strength(mel: Matrix) -> Array:
    """float64 (frames,): how much louder the bands become at each frame, local mean 0, spread 1; all 0 for silence."""
    level = np.log1p(COMPRESSION * mel)
    rise = (np.maximum(0, level[2:] - level[:-2]) @ _BAND_WEIGHTS).astype(np.float64)
    rise = np.concatenate([[0.0], rise, [0.0]])
    width = round(FRAMES_PER_S)
    if len(rise) > width:
        kernel = np.ones(width) / width
        rise = rise - np.convolve(np.pad(rise, width // 2, mode="edge"), kernel, mode="same")[width // 2 :][: len(rise)]
    rise = np.maximum(rise, 0)
    rise -= rise.mean()
    spread = float(rise.std())
    return rise / spread if spread > STEADY else np.zeros_like(rise)


def tempo(onsets: Sequence[Array]) -> Tempo | None:
    """The tempo of pieces of one recording, each its `onset_strength`; None where there is no beat to speak of."""
    lags = round(FRAMES_PER_S * 60 / SLOWEST_BPM * max(_MULTIPLES)) + 2
    pieces = [piece for piece in onsets if piece.any() and len(piece) > lags]
    if not pieces:
        return None
    repeats = np.mean([_autocorrelation(piece, lags) for piece in pieces], axis=0)
    pulse = np.mean([_pulse(piece) for piece in pieces], axis=0)
    bpm = _refined(pieces, float(_GRID[np.argmax(_scores(repeats, pulse))]))
    confidence = float(np.clip(_at(repeats, np.array([60 * FRAMES_PER_S / bpm]))[0], 0, 1))
    return Tempo(bpm, confidence) if confidence >= NO_BEAT else None


def _scores(repeats: Array, pulse: Array) -> Array:
    """How good each tempo of _GRID is: repeats after one, two and four beats, times the strength of its own pulse."""
    beat = 60 * FRAMES_PER_S / _GRID
    multiples = sum(w * np.maximum(0, _at(repeats, beat * m)) for m, w in _MULTIPLES.items())
    preference = np.exp(-0.5 * (np.log2(_GRID / PREFERRED_BPM) / PREFERENCE_OCTAVES) ** 2)
    return np.asarray(multiples**2 * pulse * preference)


def _pulse(piece: Array) -> Array:
    """float64 (len(_GRID),): the magnitude of the piece's Fourier transform at each tempo."""
    from scipy.fft import next_fast_len, rfft

    size = next_fast_len(4 * len(piece))
    magnitudes = np.abs(rfft(piece * np.hanning(len(piece)), size)) / len(piece)
    return np.asarray(np.interp(_GRID / 60 / FRAMES_PER_S * size, np.arange(len(magnitudes)), magnitudes))


def _autocorrelation(piece: Array, lags: int) -> Array:
    """float64 (lags,), 1 at lag 0: the mean product of the piece with itself so many frames later."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(len(piece) + lags)
    products = irfft(np.abs(rfft(piece, size)) ** 2, size)[:lags] / (len(piece) - np.arange(lags))
    return np.asarray(products / products[0])


def _at(repeats: Array, lag: Array) -> Array:
    """The autocorrelation at lags between frames, the highest within a frame: players are not that exact."""
    around = [np.interp(lag + shift, np.arange(len(repeats)), repeats) for shift in (-1, -0.5, 0, 0.5, 1)]
    return np.asarray(np.max(around, axis=0))


def _refined(pieces: Sequence[Array], bpm: float) -> float:
    """The tempo within 4 % of `bpm` at which the Fourier transform of the onsets is strongest."""
    grid = bpm * np.arange(0.96, 1.04, 0.0005)
    strength = np.zeros(len(grid))
    for piece in pieces:
        window = np.hanning(len(piece))
        turns = np.exp(-2j * np.pi * np.outer(grid / 60 / FRAMES_PER_S, np.arange(len(piece))))
        harmonic = turns
        for _ in range(2):
            strength += np.abs(harmonic @ (piece * window)) ** 2
            harmonic = harmonic * harmonic
    best = int(np.argmax(strength))
    if 0 < best < len(grid) - 1:
        left, middle, right = np.log(strength[best - 1 : best + 2])
        shift = 0.5 * (left - right) / (left - 2 * middle + right) if left + right < 2 * middle else 0.0
        return float(grid[best] + shift * (grid[1] - grid[0]))
    return float(grid[best])
