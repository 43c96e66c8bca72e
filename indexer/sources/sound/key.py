"""Key: tonic and mode, from how strongly each pitch class sounds.

1. The peaks of the long spectra, put in semitones of the recording's own tuning.
2. What of them is overtones is taken off: the notes that, each with overtones that halve in strength, add up to the
   peaks best (non-negative least squares by multiplicative updates, Lee and Seung 2001; after Mauch and Dixon 2010).
   A minor chord of bright strings is full of major thirds otherwise.
3. The twelve sums are compared with what each of 24 keys sounds like on the average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.spectra import PITCH_WINDOW, RATE, Matrix

Array = npt.NDArray[np.float64]

LOWEST_HZ, HIGHEST_HZ = 45.0, 3500.0
OVERTONES, OVERTONE_DECAY, UPDATES = 8, 0.5, 30
CENTRE_HZ, CENTRE_OCTAVES = 250.0, 1.3  # where chords lie: notes further up and down count less
LEAST_WINDOWS = 6  # 1.3 s
NO_KEY = 0.05  # relative spread of the pitch classes; noise has 0.03

# How much each pitch class of a key sounds, from the tonic on: major, minor.
_SOURCES = (
    (  # Krumhansl and Kessler 1982, listeners' ratings
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    (  # Sha'ath 2011, the same adapted to popular and electronic music (KeyFinder)
        (6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4),
        (6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2),
    ),
    (  # Albrecht and Shanahan 2013, counted in 982 pieces
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the catalogue counts it.

    tonic        0..11, 0 = C
    mode         1 major, 0 minor
    confidence   0..1: how far the next best key is behind
    """

    tonic: int
    mode: int
    confidence: float


def chroma(pitch: Matrix) -> Array:
    """float64 (frames, 12): how strongly each pitch class sounds in each long window, from C on."""
    hertz = np.fft.rfftfreq(PITCH_WINDOW, 1 / RATE)
    first, last = np.searchsorted(hertz, [LOWEST_HZ, HIGHEST_HZ])
    magnitudes = pitch[:, first:last].astype(np.float64)
    midi = 69 + 12 * np.log2(hertz[first:last] / 440)
    higher = np.pad(np.diff(magnitudes, axis=1) > 0, ((0, 0), (1, 1)), constant_values=((0, 0), (True, False)))
    peaks = magnitudes * (higher[:, :-1] & ~higher[:, 1:])
    tuning = np.angle((peaks**2 @ np.exp(2j * np.pi * midi)).sum()) / (2 * np.pi)
    notes = np.round(midi - tuning).astype(int)
    places = np.arange(notes.min(), notes.max() + 1)
    sounding = _without_overtones(np.sqrt(peaks @ (notes[:, None] == places)))
    octaves_off = (places - 69 - 12 * np.log2(CENTRE_HZ / 440)) / 12
    weights = np.exp(-0.5 * (octaves_off / CENTRE_OCTAVES) ** 2)
    return np.asarray(sounding @ (weights[:, None] * (places[:, None] % 12 == np.arange(12))))


def key(chromas: Sequence[Array]) -> Key | None:
    """The key of pieces of one recording, each its `chroma`; None where no pitch stands out or there is too little."""
    frames = np.concatenate([np.zeros((0, 12)), *chromas])
    strengths = frames.sum(1)
    frames, strengths = frames[strengths > 0], strengths[strengths > 0]
    if len(frames) < LEAST_WINDOWS:
        return None
    profile = (frames / np.sqrt(strengths)[:, None]).mean(
        0
    )  # loud passages count more, but not as much as they are loud
    if profile.std() < NO_KEY * profile.mean():
        return None
    matches = _profiles() @ ((profile - profile.mean()) / profile.std()) / 12
    best = int(np.argmax(matches))
    second = np.partition(matches, -2)[-2]
    return Key(best % 12, 1 - best // 12, float(np.clip((matches[best] - second) / 0.5, 0, 1)))


def _profiles() -> Array:
    """float64 (24, 12): each key's profile, mean 0 and spread 1; C major to B major, then the minor keys."""
    rows = []
    for mode in (0, 1):
        shapes = np.array([source[mode] for source in _SOURCES])
        shape = ((shapes - shapes.mean(1, keepdims=True)) / shapes.std(1, keepdims=True)).mean(0)
        rows += [np.roll(shape, tonic) for tonic in range(12)]
    return np.array(rows)


def _without_overtones(sounding: Array) -> Array:
    """float64, the shape of `sounding` (frames, semitones): how strongly each note is played."""
    count = sounding.shape[1]
    notes = np.zeros((count, count))
    for overtone in range(1, OVERTONES + 1):
        distance = round(12 * np.log2(overtone))
        at = np.arange(max(0, count - distance))
        notes[at, at + distance] += OVERTONE_DECAY ** (overtone - 1)
    notes /= np.linalg.norm(notes, axis=1, keepdims=True)
    aims, overlaps = sounding @ notes.T, notes @ notes.T
    played = np.full(sounding.shape, sounding.mean() + 1e-12)
    for _ in range(UPDATES):
        played *= aims / (played @ overlaps + 1e-12)
    return played
