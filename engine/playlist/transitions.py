"""Transitions: how well one song follows another, by key, tempo, energy and valence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.playlist.tracks import Candidates

Matrix = npt.NDArray[np.float64]

# What listeners do: neighbours by different artists in 5,690 Million Playlist Dataset playlists (133,403
# pairs) against random pairs of the same playlists, logistic regression on these four terms: energy 0.51,
# valence 0.25, tempo 0.20, key 0.04. Key is raised to 0.2: listeners do not sort by it, but a clash is
# heard where songs are mixed into each other, which is what DJs use the wheel for.
KEY_WEIGHT = 0.2
TEMPO_WEIGHT = 0.2
ENERGY_WEIGHT = 0.4
VALENCE_WEIGHT = 0.2


def wheel_number(key: npt.ArrayLike, mode: npt.ArrayLike) -> Matrix:
    """Number 1..12 on the Camelot wheel; NaN where key or mode is unknown. One step is a fifth.

    A minor key has the number of its relative major, three semitones above:
    number = (7 x major + 7) mod 12 + 1.

    >>> wheel_number([0, 7, 9], [1, 1, 0]).tolist()  # C major, G major, A minor
    [8.0, 9.0, 8.0]
    """
    pitch, scale = np.asarray(key, dtype=np.float64), np.asarray(mode, dtype=np.float64)
    number = (7 * np.where(scale >= 0.5, pitch, pitch + 3) + 7) % 12 + 1
    known = (pitch >= 0) & (pitch <= 11) & (pitch == np.floor(pitch)) & ~np.isnan(scale)
    return np.where(known, number, np.nan)


def camelot(key: float | None, mode: float | None) -> str | None:
    """The Camelot code of a key: number and A (minor) or B (major); None where it is unknown.

    >>> camelot(0, 1), camelot(9, 0), camelot(6, 1), camelot(None, 1)
    ('8B', '8A', '2B', None)
    """
    if key is None or mode is None:
        return None
    number = float(wheel_number(key, mode))
    return None if np.isnan(number) else f"{number:.0f}{'B' if mode >= 0.5 else 'A'}"


def camelot_distance(
    key_a: npt.ArrayLike, mode_a: npt.ArrayLike, key_b: npt.ArrayLike, mode_b: npt.ArrayLike
) -> Matrix:
    """Steps on the Camelot wheel, 0..7: numbers apart around the circle, plus 1 between major and minor.

    0 or 1 mixes harmonically: the same key, a fifth away, or the relative major or minor (mixedinkey.com).

    >>> float(camelot_distance(0, 1, 9, 0)), float(camelot_distance(0, 1, 7, 1)), float(camelot_distance(0, 1, 6, 1))
    (1.0, 1.0, 6.0)
    """
    around = np.abs(wheel_number(key_a, mode_a) - wheel_number(key_b, mode_b))
    ring_a, ring_b = np.asarray(mode_a, dtype=np.float64) >= 0.5, np.asarray(mode_b, dtype=np.float64) >= 0.5
    return np.asarray(np.minimum(around, 12 - around) + (ring_a != ring_b), dtype=np.float64)


def key_clash(steps: npt.ArrayLike) -> Matrix:
    """0 for keys that mix (one step at most), 0.5 for two steps, 1 beyond; NaN stays.

    >>> key_clash([0, 1, 2, 3, 7]).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    return np.clip((np.asarray(steps, dtype=np.float64) - 1) / 2, 0.0, 1.0)


def tempo_distance(a: npt.ArrayLike, b: npt.ArrayLike) -> Matrix:
    """2 x |log2(a / b)| to the nearest whole octave, 0..1: half and double time are close.

    6 percent, what a deck's pitch fader usually bridges, is 0.17; a ratio of the root of 2 is 1.

    >>> tempo_distance([120, 120, 100, 100], [60, 120, 200 * 2**0.5, 106]).round(2).tolist()
    [0.0, 0.0, 1.0, 0.17]
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if (first <= 0).any() or (second <= 0).any():
        raise ValueError("a tempo is 0 or less, expected beats per minute, NaN where unknown")
    octaves = np.log2(first) - np.log2(second)
    return np.asarray(2 * np.abs(octaves - np.round(octaves)), dtype=np.float64)


def transition_costs(songs: Candidates) -> Matrix:
    """float64 (n, n), 0..1, symmetric: what it costs to play one song after the other.

    KEY_WEIGHT x key clash + TEMPO_WEIGHT x tempo distance + ENERGY_WEIGHT x |energy difference|
    + VALENCE_WEIGHT x |valence difference|. A term that is unknown for a pair is the mean of that term
    over the known pairs, so that a song is neither sought nor avoided for what is not known of it.
    """
    steps = camelot_distance(songs.key[:, None], songs.mode[:, None], songs.key, songs.mode)
    energy, valence = songs.energy.astype(np.float64), songs.valence.astype(np.float64)
    return (
        KEY_WEIGHT * _neutral(key_clash(steps))
        + TEMPO_WEIGHT * _neutral(tempo_distance(songs.tempo[:, None], songs.tempo))
        + ENERGY_WEIGHT * _neutral(np.abs(energy[:, None] - energy))
        + VALENCE_WEIGHT * _neutral(np.abs(valence[:, None] - valence))
    )


def _neutral(costs: Matrix) -> Matrix:
    """The costs with 0 on the diagonal, and the mean of the known pairs where unknown (0 without any)."""
    np.fill_diagonal(costs, np.nan)
    known = ~np.isnan(costs)
    filled = np.where(known, costs, costs[known].mean() if known.any() else 0.0)
    np.fill_diagonal(filled, 0.0)
    return filled
