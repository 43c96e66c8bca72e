"""Timbre: what a recording sounds like, whatever it plays, as one vector of fixed length.

66 numbers, none of them scaled yet: a model that compresses them learns their means and spreads.

0..18    means of the mel cepstral coefficients (MFCC) 1 to 19; coefficient 0 is the level and left out
19..38   standard deviations of coefficients 0 to 19: dynamics and variety
39..58   standard deviations of their changes within 23 ms: attacks
59..64   mean magnitudes of the Fourier coefficients 1 to 6 of the chroma's shares: how clustered the pitch classes are
         in semitones, ... fifths (coefficient 5), whole tones (6), whatever the key
65       mean change of the chroma's shares from one long window to the next, 0..2
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.spectra import Matrix

Array = npt.NDArray[np.float64]

COEFFICIENTS = 20
DIMENSIONS = 3 * COEFFICIENTS - 1 + 7
RANGE_DB = 60.0  # of 50 to 100, this tells recordings apart best: halves of one find each other


def cepstrum(mel: Matrix) -> Array:
    """float64 (frames, COEFFICIENTS): MFCC of the mel bands in dB, at most RANGE_DB below the loudest."""
    from scipy.fft import dct

    decibels = 10 * np.log10(np.maximum(mel, 1e-12).astype(np.float64))
    decibels = np.maximum(decibels, decibels.max() - RANGE_DB)
    return np.asarray(dct(decibels, type=2, norm="ortho", axis=1)[:, :COEFFICIENTS])


def timbre(cepstra: Sequence[Array], chromas: Sequence[Array]) -> npt.NDArray[np.float32]:
    """float32 (DIMENSIONS,) of pieces of one recording, each its `cepstrum` and its chroma."""
    frames = np.concatenate(list(cepstra))
    changes = np.concatenate([np.zeros((1, COEFFICIENTS)), *(piece[2:] - piece[:-2] for piece in cepstra)])
    tones = np.concatenate(list(chromas))
    shares = tones / np.maximum(tones.sum(1, keepdims=True), 1e-12)
    circles = np.abs(np.fft.rfft(shares, axis=1))[:, 1:].mean(0)
    turning = np.abs(np.diff(shares, axis=0)).sum(1).mean() if len(shares) > 1 else 0.0
    return np.concatenate([frames.mean(0)[1:], frames.std(0), changes.std(0), circles, [turning]]).astype(np.float32)
