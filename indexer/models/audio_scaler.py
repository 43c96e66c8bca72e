"""Audio features: the catalogue's table of 12 as a matrix of 14 comparable columns, missing values known as missing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from indexer.records import AUDIO_NAMES, AUDIO_RANGES, SOUND_NAMES
from indexer.store.weights import load_facts, save_facts

FloatMatrix = npt.NDArray[np.float32]

FILE = "scaler.json"

# A z-score beyond this is clipped: one 70-minute track must not decide what "long" means to the autoencoder.
CLIP = 5.0
LARGEST = 1e9  # of a number in a scaler: any that a catalogue gives is far below

_SCALED = tuple(name for name in AUDIO_NAMES if name != "key")
COLUMNS: tuple[str, ...] = (*_SCALED, "key_x", "key_y", "known")
_COLUMN_OF = {name: column for column, name in enumerate(AUDIO_NAMES)}
_SCALED_FROM = [_COLUMN_OF[name] for name in _SCALED]
_DURATION = _SCALED.index("duration_ms")
_KEY_X, _KEY_Y, _KNOWN = (COLUMNS.index(name) for name in ("key_x", "key_y", "known"))

# A point on the unit circle has variance 1/2 per axis. Both axes get the same fixed factor (not a fitted one each),
# so that the circle stays a circle and an unknown key lies in its centre, equally far from all twelve.
_KEY_GAIN = float(np.sqrt(2.0))


def key_position(key: npt.ArrayLike, mode: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Each key as a point on the circle of fifths, (n, 2); a minor key lies where its relative major does.

    Fifths rather than semitones: neighbours there share six of seven notes, which is what makes two
    songs mix (the Camelot wheel), and a fifth or the relative key is what key detection confuses.
    The column `mode` still tells C major from A minor. An unknown mode counts as major.

    >>> key_position([0, 7, 9, 6], [1, 1, 0, 1]).round(2).tolist()
    [[1.0, 0.0], [0.87, 0.5], [1.0, 0.0], [-1.0, 0.0]]
    """
    major = np.asarray(key, np.float64) + 3.0 * (np.asarray(mode, np.float64) < 0.5)
    angle = 2.0 * np.pi * ((7.0 * major) % 12.0) / 12.0
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@dataclass(frozen=True, slots=True)
class AudioScaler:
    """How a catalogue's audio features become columns: fitted once, then the same for every song and query.

    means     mean of each scaled feature (duration in log milliseconds); what an unknown value becomes
    gains     1 / standard deviation; 0 for a feature that no song has or that is alike in all of them
    known     mean share of the 12 features that is known, in songs that have any

    The eleven features come first, in the order of records.AUDIO_NAMES without key, with mean 0 and variance 1,
    clipped at CLIP; then the key's two axes; then the share of features that is known, less its mean.
    """

    means: tuple[float, ...]
    gains: tuple[float, ...]
    known: float

    def __post_init__(self) -> None:
        for name in ("means", "gains"):
            values = np.asarray(getattr(self, name), np.float64)
            if values.shape != (len(_SCALED),) or not (np.abs(values) <= LARGEST).all():
                raise ValueError(f"{name} holds {values.size} values, expected {len(_SCALED)} finite numbers")
        if not 0.0 <= self.known <= 1.0:
            raise ValueError(f"known is {self.known:g}, expected a share in 0..1")

    @classmethod
    def fit(cls, table: npt.ArrayLike) -> Self:
        """Fit to a table (songs, 12) in the order of records.AUDIO_NAMES, NaN where unknown.

        Songs of whose sound nothing is known are left out; a feature's statistics are those of the songs that have it.
        """
        share = known_share(table)
        values = _scaled_part(_checked(table))[share > 0]
        present = ~np.isnan(values)
        counts = present.sum(axis=0)
        means = np.where(present, values, 0.0).sum(axis=0) / np.maximum(counts, 1)
        deviations = np.where(present, values - means, 0.0)
        spread = np.sqrt((deviations**2).sum(axis=0) / np.maximum(counts, 1))
        useful = (counts > 0) & (spread > 1e-9 * np.maximum(1.0, np.abs(means)))
        gains = np.where(useful, 1.0 / np.where(useful, spread, 1.0), 0.0)
        known = float(share[share > 0].mean()) if (share > 0).any() else 1.0
        return cls(_floats(means), _floats(gains), known)

    def transform(self, table: npt.ArrayLike) -> FloatMatrix:
        """The matrix, float32 (songs, 14), columns as in COLUMNS; zero rows are songs of whose sound
        nothing is known, a duration at most.

        A song whose features are all the catalogue's means would be a zero row too: its column "known" is then the
        share itself.
        """
        raw = _checked(table)
        values = _scaled_part(raw)
        filled = np.where(np.isnan(values), self.means, values)
        scaled = (filled - self.means) * self.gains

        out = np.empty((len(raw), len(COLUMNS)))
        out[:, : len(_SCALED)] = np.clip(scaled, -CLIP, CLIP)
        key = raw[:, _COLUMN_OF["key"]]
        mode = raw[:, _COLUMN_OF["mode"]]
        position = np.where(np.isnan(key)[:, None], 0.0, key_position(key, np.where(np.isnan(mode), 1.0, mode)))
        out[:, [_KEY_X, _KEY_Y]] = position * _KEY_GAIN
        share = known_share(raw)
        out[:, _KNOWN] = share - self.known
        out[share == 0] = 0.0
        matrix = out.astype(np.float32)
        average = (share > 0) & ~matrix.any(axis=1)
        matrix[average, _KNOWN] = share[average]
        return matrix

    def save(self, path: Path) -> None:
        """Write as JSON."""
        save_facts(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> AudioScaler:
        """Read what `save` wrote; the numbers are the same to the last bit."""

        def read(facts: dict[str, Any]) -> AudioScaler:
            return cls(_floats(facts["means"]), _floats(facts["gains"]), float(facts["known"]))

        return load_facts(path, read, what="an audio scaler")


def known_share(table: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The share of the 12 features that each song has, 0..1; 0 for one of which only the duration is known."""
    known = ~np.isnan(_checked(table))
    sounds = known[:, [_COLUMN_OF[name] for name in SOUND_NAMES]].any(axis=1)
    return np.where(sounds, known.mean(axis=1), 0.0)


def _checked(table: npt.ArrayLike) -> npt.NDArray[np.float64]:
    raw = np.asarray(table, np.float64)
    if raw.ndim != 2 or raw.shape[1] != len(AUDIO_NAMES):
        raise ValueError(f"the table has shape {raw.shape}, expected (songs, {len(AUDIO_NAMES)})")
    for (name, (low, high)), column in zip(AUDIO_RANGES.items(), raw.T, strict=True):
        # float32 rounds a bound such as 0.1 up, so a hair is allowed
        outside = (column < low - 1e-6) | (column > high * (1 + 1e-6))
        if outside.any():
            row = int(outside.argmax())
            raise ValueError(f"{name} of row {row} is {column[row]:g}, expected {low:g}..{high:g} or NaN for unknown")
    return raw


def _scaled_part(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The eleven features that are scaled; duration in log milliseconds, since twice as long is twice at any length."""
    values = raw[:, _SCALED_FROM]
    values[:, _DURATION] = np.log(values[:, _DURATION])
    return values


def _floats(values: npt.ArrayLike) -> tuple[float, ...]:
    return tuple(np.asarray(values, np.float64).tolist())
