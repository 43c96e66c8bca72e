"""Audio features: the catalogue's table of 12 as a matrix of 14 comparable columns, missing values known as missing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.records import AUDIO_NAMES, AUDIO_RANGES
from indexer.store.files import write_whole

FloatMatrix = npt.NDArray[np.float32]
Scaling = Literal["standard", "minmax"]

# A z-score beyond this is clipped: one 70-minute track must not decide what "long" means to the autoencoder.
# On shared/data 0.8 % of the songs have a value beyond 5, up to 9: speechiness, near-silent loudness, duration.
CLIP = 5.0

_SCALED = tuple(name for name in AUDIO_NAMES if name != "key")
COLUMNS: tuple[str, ...] = (*_SCALED, "key_x", "key_y", "known")
_COLUMN_OF = {name: column for column, name in enumerate(AUDIO_NAMES)}
_SCALED_FROM = [_COLUMN_OF[name] for name in _SCALED]
_DURATION = _SCALED.index("duration_ms")
_KEY_X, _KEY_Y, _KNOWN = (COLUMNS.index(name) for name in ("key_x", "key_y", "known"))

# A point on the unit circle has variance 1/2 per axis. Both axes get the same fixed factor (not a fitted one each),
# so that the circle stays a circle and an unknown key lies in its centre, equally far from all twelve.
_KEY_GAIN: dict[str, float] = {"standard": float(np.sqrt(2.0)), "minmax": 0.5}


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

    scaling   "standard": mean 0, variance 1, clipped at CLIP; "minmax": 0..1 as in the catalogue
    means     mean of each scaled feature (duration in log milliseconds); what an unknown value becomes
    origins   what becomes 0: the mean or the minimum
    gains     1 / deviation or 1 / range; 0 for a feature that no song has or that is alike in all of them
    known     mean share of the 12 features that is known, in songs that have any

    The eleven features come first, in the order of records.AUDIO_NAMES without key, then the key's two
    axes, then the share of features that is known: less its mean in "standard", as it is in "minmax".
    """

    scaling: Scaling
    means: tuple[float, ...]
    origins: tuple[float, ...]
    gains: tuple[float, ...]
    known: float

    def __post_init__(self) -> None:
        if self.scaling not in get_args(Scaling):
            raise ValueError(f"scaling is {self.scaling!r}, expected one of {', '.join(get_args(Scaling))}")
        for name in ("means", "origins", "gains"):
            values = getattr(self, name)
            if len(values) != len(_SCALED) or not np.isfinite(values).all():
                raise ValueError(f"{name} holds {len(values)} values, expected {len(_SCALED)} finite numbers")
        if not 0.0 <= self.known <= 1.0:
            raise ValueError(f"known is {self.known:g}, expected a share in 0..1")

    @classmethod
    def fit(cls, table: npt.ArrayLike, scaling: Scaling = "standard") -> Self:
        """Fit to a table (songs, 12) in the order of records.AUDIO_NAMES, NaN where unknown.

        Songs without any feature are left out; a feature's statistics are those of the songs that have it.
        """
        values = _scaled_part(_checked(table))
        present = ~np.isnan(values)
        counts = present.sum(axis=0)
        means = np.where(present, values, 0.0).sum(axis=0) / np.maximum(counts, 1)
        if scaling == "standard":
            deviations = np.where(present, values - means, 0.0)
            origins, spread = means, np.sqrt((deviations**2).sum(axis=0) / np.maximum(counts, 1))
        else:
            origins = np.where(present, values, np.inf).min(axis=0, initial=np.inf)
            spread = np.where(present, values, -np.inf).max(axis=0, initial=-np.inf) - origins
            origins = np.where(counts > 0, origins, 0.0)
        useful = (counts > 0) & (spread > 1e-9 * np.maximum(1.0, np.abs(means)))
        gains = np.where(useful, 1.0 / np.where(useful, spread, 1.0), 0.0)
        share = known_share(table)
        known = float(share[share > 0].mean()) if (share > 0).any() else 1.0
        return cls(scaling, _floats(means), _floats(origins), _floats(gains), known)

    def transform(self, table: npt.ArrayLike) -> FloatMatrix:
        """The matrix, float32 (songs, 14), columns as in COLUMNS; a song without any feature is a zero row."""
        raw = _checked(table)
        values = _scaled_part(raw)
        filled = np.where(np.isnan(values), self.means, values)
        scaled = (filled - self.origins) * self.gains
        low, high = (-CLIP, CLIP) if self.scaling == "standard" else (0.0, 1.0)

        out = np.empty((len(raw), len(COLUMNS)))
        out[:, : len(_SCALED)] = np.clip(scaled, low, high)
        key = raw[:, _COLUMN_OF["key"]]
        mode = raw[:, _COLUMN_OF["mode"]]
        position = np.where(np.isnan(key)[:, None], 0.0, key_position(key, np.where(np.isnan(mode), 1.0, mode)))
        centre = 0.0 if self.scaling == "standard" else 0.5
        out[:, [_KEY_X, _KEY_Y]] = position * _KEY_GAIN[self.scaling] + centre
        share = known_share(raw)
        out[:, _KNOWN] = share - (self.known if self.scaling == "standard" else 0.0)
        out[share == 0] = 0.0
        return out.astype(np.float32)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        write_whole(path, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; the numbers are the same to the last bit."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                found["scaling"],
                _floats(found["means"]),
                _floats(found["origins"]),
                _floats(found["gains"]),
                float(found["known"]),
            )
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise IndexFormatError(
                f"{path} is no audio scaler ({type(error).__name__}: {error}); expected the JSON that a build writes; "
                "rebuild the index"
            ) from error


def known_share(table: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The share of the 12 features that each song has, 0..1."""
    share: npt.NDArray[np.float64] = (~np.isnan(_checked(table))).mean(axis=1)
    return share


def _checked(table: npt.ArrayLike) -> npt.NDArray[np.float64]:
    raw = np.asarray(table, np.float64)
    if raw.ndim != 2 or raw.shape[1] != len(AUDIO_NAMES):
        raise ValueError(f"the table has shape {raw.shape}, expected (songs, {len(AUDIO_NAMES)})")
    for (name, (low, high)), column in zip(AUDIO_RANGES.items(), raw.T, strict=True):
        # float32 rounds a bound such as 0.1 up, so a hair is allowed
        wrong = (column < low - 1e-6) | (column > high * (1 + 1e-6))
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"{name} of row {row} is {column[row]:g}, expected {low:g}..{high:g} or NaN for unknown")
    return raw


def _scaled_part(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The eleven features that are scaled; duration in log milliseconds, since twice as long is twice at any length."""
    values = raw[:, _SCALED_FROM]
    values[:, _DURATION] = np.log(values[:, _DURATION])
    return values


def _floats(values: npt.ArrayLike) -> tuple[float, ...]:
    return tuple(np.asarray(values, np.float64).tolist())
