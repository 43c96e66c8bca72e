"""The reader of the mood model: what is known of songs -> one row each, and views of it in which parts are hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import checked_matrix

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Block = Literal["lyrics", "sound", "listeners"]

BLOCKS: tuple[Block, ...] = get_args(Block)
VIEWS = 8  # what can be known of a song: lyrics or not, sound or not, listeners or not
RANDOM_FEATURES = 300  # Fourier features of the sound (Rahimi & Recht 2007), of an RBF kernel as wide as sqrt(columns)
SOUND_SCALE, FEATURE_SCALE, TASTE_SCALE = 0.13, 0.7, 0.7  # each block has about the length 1 that sentence vectors have
EXTREME = 3.0  # standard deviations at which a scaled feature is cut off
_ROWS = 16_384  # songs that are read at once; bounds memory on a million songs


@dataclass(frozen=True, slots=True)
class MoodReader:
    """Turns what is known of songs into one row each: [lyrics | sound | listeners | which of the first two is known].

    A block about which nothing is known is zero, the middle of the songs that have it.

    lyrics   float32 (d,): the mean sentence vector
    means, spreads   float32 (audio columns,)
    frequencies   float32 (audio columns, RANDOM_FEATURES), phases (RANDOM_FEATURES,), and features_mean, the mean of
                  the Fourier features that they make
    taste    columns of the taste part; 0 where the index has none
    """

    lyrics: FloatMatrix
    means: FloatMatrix
    spreads: FloatMatrix
    frequencies: FloatMatrix
    phases: FloatMatrix
    features_mean: FloatMatrix
    taste: int

    @classmethod
    def fit(cls, sentence: FloatMatrix, audio: FloatMatrix, taste: int, seed: int = 0) -> MoodReader:
        """Of a catalogue's sentence vectors and scaled audio columns; zero rows are unknown."""
        rng = np.random.default_rng(seed)
        columns = audio.shape[1]
        with_lyrics, with_audio = sentence[sentence.any(axis=1)], audio[audio.any(axis=1)]
        means = with_audio.mean(axis=0) if len(with_audio) else np.zeros(columns)
        spreads = with_audio.std(axis=0) + 1e-6 if len(with_audio) else np.ones(columns)
        frequencies = rng.normal(size=(columns, RANDOM_FEATURES)) / np.sqrt(columns)
        bare = cls(
            (with_lyrics.mean(axis=0) if len(with_lyrics) else np.zeros(sentence.shape[1])).astype(np.float32),
            means.astype(np.float32),
            spreads.astype(np.float32),
            frequencies.astype(np.float32),
            rng.uniform(0, 2 * np.pi, RANDOM_FEATURES).astype(np.float32),
            np.zeros(RANDOM_FEATURES, np.float32),
            taste,
        )
        if not len(with_audio):
            return bare
        total = np.zeros(RANDOM_FEATURES)
        for start in range(0, len(with_audio), _ROWS):
            scaled = bare._scaled(with_audio[start : start + _ROWS])
            total += bare._features(scaled).sum(axis=0, dtype=np.float64)
        return replace(bare, features_mean=(total / len(with_audio)).astype(np.float32))

    @property
    def columns(self) -> dict[Block, slice]:
        """Where each block lies in a row."""
        sound = len(self.means) + RANDOM_FEATURES
        ends = np.cumsum([0, len(self.lyrics), sound, self.taste]).tolist()
        return {name: slice(a, b) for name, a, b in zip(BLOCKS, ends[:-1], ends[1:], strict=True)}

    @property
    def width(self) -> int:
        return len(self.lyrics) + len(self.means) + RANDOM_FEATURES + self.taste + 2

    def read(self, sentence: npt.ArrayLike, audio: npt.ArrayLike, taste: npt.ArrayLike) -> FloatMatrix:
        """float32 (rows, width) of sentence vectors, scaled audio columns and taste places, zero where unknown."""
        vectors, features, places = (
            checked_matrix(np.asarray(part), size)
            for part, size in ((sentence, len(self.lyrics)), (audio, len(self.means)), (taste, self.taste))
        )
        has_lyrics, has_audio = np.atleast_1d(vectors.any(axis=1)), np.atleast_1d(features.any(axis=1))
        scaled = self._scaled(features)
        sound = np.hstack([scaled * np.float32(SOUND_SCALE), self._features(scaled) - self.features_mean])
        parts = (
            np.where(has_lyrics[:, None], vectors - self.lyrics, 0.0),
            np.where(has_audio[:, None], sound, 0.0),
            places * np.float32(TASTE_SCALE),
            np.stack([has_lyrics, has_audio], axis=1),
        )
        return np.hstack(parts).astype(np.float32)

    def view_of(self, rows: FloatMatrix) -> Rows:
        """int64 (rows,), 0..VIEWS-1: the sum of what is known of each, 1 for lyrics, 2 for sound, 4 for listeners."""
        listeners = rows[:, self.columns["listeners"]].any(axis=1)
        return (rows[:, -2] > 0) + 2 * (rows[:, -1] > 0) + 4 * listeners.astype(np.int64)

    def shown_in(self, view: int) -> npt.NDArray[np.bool_]:
        """bool (width,): the columns that a view shows; in all others its rows are 0."""
        shown = np.zeros(self.width, bool)
        for place, block in enumerate(BLOCKS):
            if view & 1 << place:
                shown[self.columns[block]] = True
                if place < 2:
                    shown[place - 2] = True
        return shown

    def _scaled(self, features: FloatMatrix) -> FloatMatrix:
        scaled: FloatMatrix = np.clip((features - self.means) / self.spreads, -EXTREME, EXTREME)
        return scaled

    def _features(self, scaled: FloatMatrix) -> FloatMatrix:
        scale = np.float32(FEATURE_SCALE * np.sqrt(2 / RANDOM_FEATURES))
        features: FloatMatrix = scale * np.cos(scaled @ self.frequencies + self.phases)
        return features


class Known(NamedTuple):
    """What is known of songs, by row; a zero row is unknown.

    sentence   float (songs, d);  audio   float (songs, columns), scaled;  taste   float (songs, size)
    """

    sentence: npt.NDArray[Any]
    audio: npt.NDArray[Any]
    taste: npt.NDArray[Any]

    def of(self, rows: Rows) -> Known:
        return Known(*(part[rows] for part in self))

    @property
    def views(self) -> Rows:
        """int64 (songs,), as MoodReader.view_of: 1 for lyrics, 2 for sound, 4 for listeners."""
        flags = [np.zeros(len(self.sentence), np.int64) for _ in self]
        for place, part in enumerate(self):
            for start in range(0, len(part), _ROWS):
                flags[place][start : start + _ROWS] = part[start : start + _ROWS].any(axis=1).astype(np.int64) << place
        return flags[0] + flags[1] + flags[2]
