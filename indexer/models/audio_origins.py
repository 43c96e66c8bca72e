"""Origins of audio features: estimates measured from files of sound on the scale of the features that others gave.

Spotify's energy and an energy that was measured are two scales of one thing. A measured value becomes the one that as
large a share of the other origin's songs lies below: percentile within its own origin, then that percentile of the
other. It leans on the two origins being songs of one kind; of two that are not, it at least spreads both over the whole
scale. Tempo, key, mode, loudness and duration are in units, which no origin changes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from indexer.records import AUDIO_NAMES
from indexer.store.weights import load_facts, save_facts

FloatMatrix = npt.NDArray[np.float32]

ESTIMATES = ("energy", "danceability", "acousticness", "speechiness", "instrumentalness")
FILE = "origins.json"  # in the folder of the scaler
LEAST_SONGS = 50  # of each origin that have a feature; the percentiles of fewer say little, and values stay as they are
POINTS = 201  # percentiles that are kept, every half a percent

_COLUMN_OF = {name: AUDIO_NAMES.index(name) for name in ESTIMATES}


@dataclass(frozen=True, slots=True)
class OriginScales:
    """For each of ESTIMATES that both origins have, what measured values become.

    measured, others   feature -> its percentiles in either origin, POINTS of them, ascending
    """

    measured: dict[str, tuple[float, ...]]
    others: dict[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        if self.measured.keys() != self.others.keys() or not self.measured.keys() <= set(ESTIMATES):
            raise ValueError(f"scales of {sorted(self.measured)} and {sorted(self.others)}, expected both of estimates")
        for values in (*self.measured.values(), *self.others.values()):
            points = np.asarray(values, np.float64)
            if points.shape != (POINTS,) or not ((points >= 0) & (points <= 1)).all() or (np.diff(points) < 0).any():
                raise ValueError(f"a scale of {points.size} points, expected {POINTS} ascending ones within 0..1")

    @classmethod
    def fit(cls, table: npt.ArrayLike, measured: npt.ArrayLike) -> Self:
        """Fit to features (songs, 12) in the order of AUDIO_NAMES, NaN unknown; measured: bool (songs,)."""
        rows, of_file = np.asarray(table, np.float64), np.asarray(measured, bool)
        scales: tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]] = ({}, {})
        for name, column in _COLUMN_OF.items():
            both = [rows[origin, column] for origin in (of_file, ~of_file)]
            known = [values[~np.isnan(values)] for values in both]
            if min(map(len, known)) >= LEAST_SONGS:
                for scale, values in zip(scales, known, strict=True):
                    scale[name] = tuple(np.quantile(values, np.linspace(0, 1, POINTS)).tolist())
        return cls(*scales)

    def __bool__(self) -> bool:
        return bool(self.measured)

    def transform(self, table: npt.ArrayLike, measured: npt.ArrayLike) -> FloatMatrix:
        """The same features, float32 (songs, 12), those that were measured on the others' scale."""
        out, of_file = np.array(table, np.float32), np.asarray(measured, bool)
        shares = np.linspace(0, 1, POINTS)
        for name, points in self.measured.items():
            values = out[of_file, _COLUMN_OF[name]].astype(np.float64)
            # Of a value that many songs share, as an instrumentalness of 0, the percentile is the middle of theirs.
            places, where = np.unique(points, return_inverse=True)
            middles = np.bincount(where, weights=shares) / np.bincount(where)
            mapped = np.interp(np.interp(values, places, middles), shares, self.others[name])
            out[of_file, _COLUMN_OF[name]] = np.where(np.isnan(values), np.nan, mapped)
        return out

    def save(self, path: Path) -> None:
        """Write as JSON."""
        save_facts(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> OriginScales:
        """Read what `save` wrote."""

        def read(facts: dict[str, Any]) -> OriginScales:
            both = [{str(name): tuple(map(float, points)) for name, points in facts[which].items()}
                    for which in ("measured", "others")]  # fmt: skip
            return cls(both[0], both[1])

        return load_facts(path, read, what="scales of two origins")
