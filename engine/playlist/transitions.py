"""Transitions: how well one song follows another, by key, tempo, energy and valence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.playlist.tracks import Candidates

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# What listeners do: neighbours by different artists in 5,690 Million Playlist Dataset playlists (133,403
# pairs) against random pairs of the same playlists, logistic regression on these four terms: energy 0.51,
# valence 0.25, tempo 0.20, key 0.04. Key is raised to 0.2: listeners do not sort by it, but a clash is
# heard where songs are mixed into each other, which is what DJs use the wheel for.
KEY_WEIGHT = 0.2
TEMPO_WEIGHT = 0.2
ENERGY_WEIGHT = 0.4
VALENCE_WEIGHT = 0.2
WEIGHTS = (KEY_WEIGHT, TEMPO_WEIGHT, ENERGY_WEIGHT, VALENCE_WEIGHT)

MEANS_OF = 200  # songs: 20,000 pairs


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
    return _steps(wheel_number(key_a, mode_a), _major(mode_a), wheel_number(key_b, mode_b), _major(mode_b))


def _steps(number_a: Matrix, major_a: Mask, number_b: Matrix, major_b: Mask) -> Matrix:
    around = np.abs(number_a - number_b)
    return np.asarray(np.minimum(around, 12 - around) + (major_a != major_b), dtype=np.float64)


def _major(mode: npt.ArrayLike) -> Mask:
    return np.asarray(np.asarray(mode, dtype=np.float64) >= 0.5)


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
    return _apart(_octaves(a), _octaves(b))


def _octaves(tempo: npt.ArrayLike) -> Matrix:
    values = np.asarray(tempo, dtype=np.float64)
    if (values <= 0).any():
        raise ValueError("a tempo is 0 or less, expected beats per minute, NaN where unknown")
    return np.asarray(np.log2(values))


def _apart(octaves_a: Matrix, octaves_b: Matrix) -> Matrix:
    octaves = np.asarray(octaves_a - octaves_b)
    octaves -= np.rint(octaves)
    return np.asarray(2 * np.abs(octaves), dtype=np.float64)


class Transitions:
    """What it costs to play one song after another, 0..1, for any pairs of n songs; nothing of size n x n is kept.

    KEY_WEIGHT x key clash + TEMPO_WEIGHT x tempo distance + ENERGY_WEIGHT x |energy difference|
    + VALENCE_WEIGHT x |valence difference|. A term that is unknown for a pair is the mean of that term over the known
    pairs (of MEANS_OF songs), so that a song is neither sought nor avoided for what is not known of it.
    """

    def __init__(self, songs: Candidates):
        self._number, self._major = wheel_number(songs.key, songs.mode), _major(songs.mode)
        self._octaves = _octaves(songs.tempo)
        self._energy, self._valence = songs.energy.astype(np.float64), songs.valence.astype(np.float64)
        n = len(songs)
        sample = np.arange(n) if n <= MEANS_OF else np.linspace(0, n - 1, MEANS_OF).astype(np.int64)
        self._means = [_mean_between(term) for term in self._terms(sample[:, None], sample)]

    def _terms(self, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Key, tempo, energy and valence; NaN where unknown."""
        return (
            key_clash(_steps(self._number[a], self._major[a], self._number[b], self._major[b])),
            _apart(self._octaves[a], self._octaves[b]),
            np.abs(self._energy[a] - self._energy[b]),
            np.abs(self._valence[a] - self._valence[b]),
        )

    def costs(self, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Matrix:
        """Of songs `a` and `b`, by number from 0, paired as numpy broadcasts them; symmetric, 0 for a song itself."""
        total = np.zeros(np.broadcast_shapes(a.shape, b.shape))
        for weight, term, mean in zip(WEIGHTS, self._terms(a, b), self._means, strict=True):
            if (unknown := np.isnan(term)).any():
                term[unknown] = mean
            term *= weight
            total += term
        total[np.broadcast_to(a == b, total.shape)] = 0.0
        return total


def _mean_between(costs: Matrix) -> float:
    """The mean of the known costs between two different songs; 0 without any."""
    np.fill_diagonal(costs, np.nan)
    known = costs[~np.isnan(costs)]
    return float(known.mean()) if len(known) else 0.0


def transition_costs(songs: Candidates) -> Matrix:
    """float64 (n, n): the costs between all songs, see `Transitions`."""
    numbers = np.arange(len(songs))
    return Transitions(songs).costs(numbers[:, None], numbers)
