"""Targets: values that pull the ranking towards them and exclude nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from engine.plain import shown
from engine.query.filters import MOST_LETTERS, learned_moods, within
from indexer.errors import FilterError
from indexer.models.moods.vocabulary import VOCABULARY, mood_of
from indexer.records import AUDIO_NAMES, AUDIO_RANGES
from indexer.songs.table import Songs

FloatVector = npt.NDArray[np.float32]

POPULARITY = (0.0, 100.0)
HALF_OCTAVE = 6.0  # semitones: no two pitch classes are further apart


def target_values(values: Mapping[str, Any]) -> dict[str, float]:
    """Targets, checked: audio features in their units, popularity 0..100, moods from 0, as little as can be, to 1.

    >>> target_values({"energy": 0.8, "melancholy": 1})
    {'melancholic': 1.0, 'energy': 0.8}
    """
    checked: dict[str, float] = {}
    features = {}
    for name, value in values.items():
        if name in AUDIO_RANGES:
            features[name] = value
        elif name == "popularity":
            checked[name] = within("target.popularity", value, *POPULARITY)
        elif len(name) <= MOST_LETTERS and (mood := mood_of(name)) is not None:
            if mood in checked:
                raise FilterError(
                    f"target has {mood} twice, the second time as {name!r}; give it once",
                    field=f"target.{name}", found=repr(name), expected="each mood once",
                )  # fmt: skip
            checked[mood] = within(f"target.{name}", value, 0.0, 1.0, ", how much of the mood")
        else:
            near = process.extractOne(name[:MOST_LETTERS], ("popularity", *AUDIO_NAMES, *VOCABULARY))
            expected = f"a mood, popularity, or {', '.join(AUDIO_NAMES)}"
            raise FilterError(
                f"target has {shown(name)}, nearest: {near[0]!r}; expected {expected}",
                field="target", found=shown(name), expected=expected,
            )  # fmt: skip
    return checked | audio_values("target", features)


def audio_values(role: str, values: Mapping[str, Any]) -> dict[str, float]:
    """Values of audio features by name, checked: for targets and for seeds described by their sound.

    >>> audio_values("target", {"energy": "0.8"})
    {'energy': 0.8}
    """
    checked = {}
    for name, value in values.items():
        if name not in AUDIO_RANGES:
            expected = f"one of {', '.join(AUDIO_NAMES)}"
            raise FilterError(
                f"{role} has {shown(name)}, expected {expected}", field=role, found=shown(name), expected=expected
            )
        checked[name] = within(f"{role}.{name}", value, *AUDIO_RANGES[name])
    return checked


def closeness(
    songs: Songs, spread: Mapping[str, tuple[float, float]], target: Sequence[tuple[str, float]]
) -> FloatVector:
    """float32 (rows,): mean over the targets of the `likeness` of value and target, NaN where none is known.

    spread   the 1st and 99th percentile of each audio feature, and of popularity, in this index

    A mood's value is the share of songs that a song is more of it than.
    """
    near = []
    for name, wanted in target:
        if name == "popularity":
            values = songs.popularity
        elif name in AUDIO_NAMES:
            values = songs.audio[:, AUDIO_NAMES.index(name)]
        else:
            values = learned_moods(songs).rank(name)
        near.append(likeness(name, values, wanted, spread.get(name, (0.0, 1.0))))
    stacked = np.stack(near)
    known = ~np.isnan(stacked)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan).astype(np.float32)


def likeness(name: str, values: FloatVector, wanted: float, spread: tuple[float, float]) -> FloatVector:
    """1 - |value - wanted| / spread of a feature, at least 0; NaN stays. Keys lie on a circle: from B to C is a step.

    >>> likeness("key", np.array([11, 6, 0], np.float32), 0.0, (0.0, 11.0)).round(2).tolist()
    [0.82..., 0.0, 1.0]
    """
    away = np.abs(values - np.float32(wanted))
    if name == "key":
        away = np.minimum(away % 12, 12 - away % 12) / np.float32(HALF_OCTAVE)
    else:
        away = away / max(spread[1] - spread[0], 1e-6)
    return np.asarray(1.0 - np.minimum(away, 1.0), np.float32)


def spread_of(songs: Songs) -> dict[str, tuple[float, float]]:
    """The 1st and 99th percentile of each audio feature, and of popularity, among the living songs."""
    table = songs.audio[songs.alive & songs.has_audio]
    columns = dict(zip(AUDIO_NAMES, table.T, strict=True)) | {"popularity": songs.popularity[songs.alive]}
    spread = {}
    for name, column in columns.items():
        known = column[~np.isnan(column)]
        spread[name] = (0.0, 1.0) if not len(known) else tuple(np.percentile(known, [1, 99]).tolist())
    return spread
