"""Tempo: how fast the beat goes, with its octave chosen, from the onsets in a few bands.

1. Onset strength: the half-wave rectified rise of the log power in each mel band (Böck and Widmer 2013 without its
   maximum filter), less its mean over a second.
2. A tempo is good where the music repeats after one beat, two and four (autocorrelation), and where its own pulse is
   strong (Fourier transform): of half the tempo the second does not hold, of its double the first (Peeters 2007).
   A broad log-normal preference for walking tempo decides the rest (Parncutt 1994; Ellis 2007).
3. The chosen tempo is made exact by the autocorrelation after up to eight beats, whose peaks can be read to a small
   part of a frame.
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
STEADY = 0.01  # a sound whose level changes less has no onsets
NO_BEAT = 0.06  # noise repeats by chance as well as this
_GRID = np.geomspace(SLOWEST_BPM, FASTEST_BPM, 249)  # steps of 0.5 %
_MULTIPLES = {1: 1.0, 2: 0.5, 4: 0.5}  # beats, and what a repetition after so many counts
_LAGS = round(FRAMES_PER_S * 60 / SLOWEST_BPM * max(_MULTIPLES)) + 2
PULSE_S = 12.0  # within so much a player keeps time


@dataclass(frozen=True, slots=True)
class Tempo:
    """bpm within SLOWEST_BPM..FASTEST_BPM; confidence 0..1: how well the music repeats after a beat."""

    bpm: float
    confidence: float


def onset_strength(mel: Matrix) -> Array:
    """float64 (frames,): how much louder the bands become at each frame, mean 0, spread 1; all 0 for a steady sound.

    mel   (frames, the lowest bands); the higher a band the less it counts, so that drums lead and not cymbals
    """
    level = np.log1p(COMPRESSION * mel)
    weights = np.linspace(2, 0, MEL_BANDS, dtype=np.float32)[: mel.shape[1]]
    rise = (np.maximum(0, level[2:] - level[:-2]) @ (weights / MEL_BANDS)).astype(np.float64)
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
    pieces = _with_onsets(onsets)
    if not pieces:
        return None
    repeats = _repeats(pieces)
    pulse = np.mean([_pulse(piece) for piece in pieces], axis=0)
    bpm = _refined(repeats, float(_GRID[np.argmax(_scores(repeats, pulse))]))
    confidence = repetition(pieces, bpm)
    return Tempo(bpm, confidence) if confidence >= NO_BEAT else None


def repetition(onsets: Sequence[Array], bpm: float) -> float:
    """0..1: how well the onsets of pieces of one recording repeat after a beat."""
    pieces = _with_onsets(onsets)
    if not pieces:
        return 0.0
    return float(np.clip(_at(_repeats(pieces), np.array([60 * FRAMES_PER_S / bpm]))[0], 0, 1))


def _with_onsets(onsets: Sequence[Array]) -> list[Array]:
    return [piece for piece in onsets if piece.any() and len(piece) > _LAGS]


def _repeats(pieces: Sequence[Array]) -> Array:
    return np.asarray(np.mean([_autocorrelation(piece, _LAGS) for piece in pieces], axis=0))


def _scores(repeats: Array, pulse: Array) -> Array:
    """How good each tempo of _GRID is: repeats after one, two and four beats, times the strength of its own pulse."""
    beat = 60 * FRAMES_PER_S / _GRID
    multiples = sum(w * np.maximum(0, _at(repeats, beat * m)) for m, w in _MULTIPLES.items())
    preference = np.exp(-0.5 * (np.log2(_GRID / PREFERRED_BPM) / PREFERENCE_OCTAVES) ** 2)
    return np.asarray(multiples**2 * pulse * preference)


def _pulse(piece: Array) -> Array:
    """float64 (len(_GRID),): the mean magnitude of the Fourier transforms of windows of the piece at each tempo."""
    from scipy.fft import next_fast_len, rfft

    length = min(len(piece), round(PULSE_S * FRAMES_PER_S))
    windows = np.lib.stride_tricks.sliding_window_view(piece, length)[:: max(1, length // 2)]
    size = next_fast_len(8 * length)
    magnitudes = np.abs(rfft(windows * np.hanning(length), size, axis=1)).mean(0) / length
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


def _refined(repeats: Array, bpm: float) -> float:
    """`bpm` made exact by the peaks of the autocorrelation after one, two, four and eight beats, one after another.

    What lies far apart is not compared: a tempo that drifts or a break that shifts the beat does little harm.
    """
    beat = 60 * FRAMES_PER_S / bpm
    for count in (1, 2, 4, 8):
        reach = max(2, round(0.02 * beat * count)) if count == 1 else 2
        centre = round(beat * count)
        around = repeats[centre - reach : centre + reach + 1]
        if len(around) < 2 * reach + 1:
            break
        top = int(np.argmax(around))
        if not 0 < top < 2 * reach or around[top] < 0.05:
            continue
        left, middle, right = around[top - 1 : top + 2]
        shift = 0.5 * (left - right) / (left - 2 * middle + right)
        beat = (centre - reach + top + shift) / count
    return float(60 * FRAMES_PER_S / beat)
