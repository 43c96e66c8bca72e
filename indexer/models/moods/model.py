"""A trained mood model as an index holds it: numpy computes, safetensors keeps the weights; nothing else is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.models.mlp import checked_matrix
from indexer.ranges import COUNT, Range, check

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Kind = Literal["values", "probabilities", "classes"]
Block = Literal["lyrics", "sound", "listeners"]

BLOCKS: tuple[Block, ...] = get_args(Block)
VIEWS = 8  # what can be known of a song: lyrics or not, sound or not, listeners or not
WAVES = 300  # random Fourier features of the sound (Rahimi & Recht 2007), of an RBF kernel as wide as the columns' root
SOUND_SCALE, WAVE_SCALE, TASTE_SCALE = 0.13, 0.7, 0.7  # each block has about the length 1 that sentence vectors have
EXTREME = 3.0  # standard deviations at which a scaled feature is cut off
_ROWS = 16_384  # songs that are scored at once; bounds memory on a million songs


@dataclass(frozen=True, slots=True)
class MoodsConfig:
    """Which moods are learned.

    least_playlists   playlists that a song must be in to tell what it is not called
    least_songs       songs that must be called by a mood
    least_auc         of a mood on songs of other artists; one that is told no better is not claimed (0.5 is chance)
    """

    least_playlists: int = 5
    least_songs: int = 8
    least_auc: float = 0.55
    seed: int = 0

    def __post_init__(self) -> None:
        check(self, {"least_playlists": COUNT, "least_songs": Range(4), "least_auc": Range(0, 1)}, "moods.")


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns what is known of songs into one row each: [lyrics | sound | listeners | which of the first two is known].

    A block about which nothing is known is zero, the middle of the songs that have it.

    lyrics   float32 (d,): the mean sentence vector
    means, spreads   float32 (audio columns,)
    waves    float32 (audio columns, WAVES), phases (WAVES,), and middle (WAVES,), the waves' mean
    taste    columns of the taste part; 0 where the index has none
    """

    lyrics: FloatMatrix
    means: FloatMatrix
    spreads: FloatMatrix
    waves: FloatMatrix
    phases: FloatMatrix
    middle: FloatMatrix
    taste: int

    @classmethod
    def fit(cls, sentence: FloatMatrix, audio: FloatMatrix, taste: int, seed: int = 0) -> Reader:
        """Of a catalogue's sentence vectors and scaled audio columns; zero rows are unknown."""
        rng = np.random.default_rng(seed)
        columns = audio.shape[1]
        sung, heard = sentence[sentence.any(axis=1)], audio[audio.any(axis=1)]
        means = heard.mean(axis=0) if len(heard) else np.zeros(columns)
        spreads = heard.std(axis=0) + 1e-6 if len(heard) else np.ones(columns)
        waves = rng.normal(size=(columns, WAVES)) / np.sqrt(columns)
        bare = cls(
            (sung.mean(axis=0) if len(sung) else np.zeros(sentence.shape[1])).astype(np.float32),
            means.astype(np.float32),
            spreads.astype(np.float32),
            waves.astype(np.float32),
            rng.uniform(0, 2 * np.pi, WAVES).astype(np.float32),
            np.zeros(WAVES, np.float32),
            taste,
        )
        if not len(heard):
            return bare
        return replace(bare, middle=bare._waved(bare._scaled(heard)).mean(axis=0).astype(np.float32))

    @property
    def columns(self) -> dict[Block, slice]:
        """Where each block lies in a row."""
        sound = len(self.means) + WAVES
        ends = np.cumsum([0, len(self.lyrics), sound, self.taste]).tolist()
        return {name: slice(a, b) for name, a, b in zip(BLOCKS, ends[:-1], ends[1:], strict=True)}

    @property
    def width(self) -> int:
        return len(self.lyrics) + len(self.means) + WAVES + self.taste + 2

    def read(self, sentence: npt.ArrayLike, audio: npt.ArrayLike, taste: npt.ArrayLike) -> FloatMatrix:
        """float32 (rows, width) of sentence vectors, scaled audio columns and taste places, zero where unknown."""
        vectors, features, places = (
            checked_matrix(np.asarray(part), size)
            for part, size in ((sentence, len(self.lyrics)), (audio, len(self.means)), (taste, self.taste))
        )
        sung, heard = np.atleast_1d(vectors.any(axis=1)), np.atleast_1d(features.any(axis=1))
        scaled = self._scaled(features)
        sound = np.hstack([scaled * np.float32(SOUND_SCALE), self._waved(scaled) - self.middle])
        parts = (
            np.where(sung[:, None], vectors - self.lyrics, 0.0),
            np.where(heard[:, None], sound, 0.0),
            places * np.float32(TASTE_SCALE),
            np.stack([sung, heard], axis=1),
        )
        return np.hstack(parts).astype(np.float32)

    def view_of(self, rows: FloatMatrix) -> Rows:
        """int64 (rows,), 0..VIEWS-1: the sum of what is known of each, 1 for lyrics, 2 for sound, 4 for listeners."""
        told = rows[:, self.columns["listeners"]].any(axis=1)
        return (rows[:, -2] > 0) + 2 * (rows[:, -1] > 0) + 4 * told.astype(np.int64)

    def views(self, rows: FloatMatrix) -> tuple[FloatMatrix, Rows]:
        """The rows, then what is left of each where blocks of it are hidden; and whose each is.

        Learned from all of them, a head still tells something of a song of which it is shown a part. A view without
        lyrics and sound is left out.
        """
        whole = self.view_of(rows)
        views, owners = [rows], [np.arange(len(rows))]
        for view in (1, 2, 3, 5, 6):
            owner = np.flatnonzero((whole & view == view) & (whole != view))
            shown = rows[owner]
            for place, block in enumerate(BLOCKS):
                if not view & 1 << place:
                    shown[:, self.columns[block]] = 0
                    if place < 2:
                        shown[:, place - 2] = 0
            views.append(shown)
            owners.append(owner)
        return np.concatenate(views), np.concatenate(owners)

    def _scaled(self, features: FloatMatrix) -> FloatMatrix:
        scaled: FloatMatrix = np.clip((features - self.means) / self.spreads, -EXTREME, EXTREME)
        return scaled

    def _waved(self, scaled: FloatMatrix) -> FloatMatrix:
        found: FloatMatrix = np.float32(WAVE_SCALE * np.sqrt(2 / WAVES)) * np.cos(scaled @ self.waves + self.phases)
        return found


_ARRAYS = ("lyrics", "means", "spreads", "waves", "phases", "middle")


@dataclass(frozen=True, slots=True)
class Head:
    """Linear in the reader's row, by weights for each view, then calibrated on songs of artists not learned from.

    weights   float32 (VIEWS, reader.width, outputs);  bias  (VIEWS, outputs);  slope, offset, base  (outputs,)

    kind      "values" rows @ weights + bias; "probabilities" the sigmoid of slope x that + offset, one by one;
              "classes" their softmax
    names     of the outputs;  base   share of the songs learned from that have each
    source    a sentence: what it was learned from
    measured  what held-out songs say of it, as {"AUC": 0.74}
    """

    kind: Kind
    names: tuple[str, ...]
    weights: FloatMatrix
    bias: FloatMatrix
    slope: FloatMatrix
    offset: FloatMatrix
    base: FloatMatrix
    source: str
    measured: Mapping[str, float] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What was learned, from what, and how well other artists' songs are told by it."""
        what = f"{len(self.names)} from " if self.kind == "probabilities" and len(self.names) != 1 else "from "
        found = ", ".join(f"{name} {value:.2f}" for name, value in self.measured.items() if name != "songs")
        return what + self.source + (f"; on other artists {found}" if found else "")

    def of(self, rows: FloatMatrix, views: Rows) -> FloatMatrix:
        """float32 (rows, outputs) of rows and what each shows."""
        raw = np.empty((len(rows), len(self.names)), np.float32)
        for view in np.unique(views).tolist():
            raw[views == view] = rows[views == view] @ self.weights[view] + self.bias[view]
        return self.finished(raw)

    def finished(self, raw: FloatMatrix) -> FloatMatrix:
        """What the linear outputs mean."""
        if self.kind == "values":
            return raw.astype(np.float32)
        logits = raw * self.slope + self.offset
        if self.kind == "probabilities":
            return sigmoid(logits)
        chances: FloatMatrix = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
        chances /= chances.sum(axis=1, keepdims=True)
        return chances


def sigmoid(logits: npt.NDArray[np.floating]) -> FloatMatrix:
    """float32 1 / (1 + e^-x)."""
    chances: FloatMatrix = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return chances


@dataclass(frozen=True, slots=True)
class Scores:
    """What songs feel like; NaN in every column of a song of which neither lyrics nor sound are known.

    moods      float32 (rows, moods): probability that listeners call the song so, as often as they call such songs so
    affect     float32 (rows, 2): valence and arousal, in standard deviations of the labels around their mean
    quadrants  float32 (rows, 4): probabilities of Q1 A+V+, Q2 A+V-, Q3 A-V-, Q4 A-V+
    happy      float32 (rows,): probability of happy where sad is the other
    """

    moods: FloatMatrix
    affect: FloatMatrix
    quadrants: FloatMatrix
    happy: FloatMatrix


QUADRANTS = ("Q1", "Q2", "Q3", "Q4")


def quadrant_of(valence: npt.ArrayLike, arousal: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """0 A+V+, 1 A+V-, 2 A-V-, 3 A-V+ of the circumplex (Russell 1980); 0 counts as positive.

    >>> quadrant_of([1, -1, -1, 1], [1, 1, -1, -1]).tolist()
    [0, 1, 2, 3]
    """
    pleasant, excited = np.asarray(valence) >= 0, np.asarray(arousal) >= 0
    return np.where(excited, np.where(pleasant, 0, 1), np.where(pleasant, 3, 2)).astype(np.int64)


HEADS = ("moods", "affect", "quadrants", "happy")


@dataclass(frozen=True, slots=True)
class MoodModel:
    """The reader and the four heads of HEADS.

    label_log_odds   log-odds that listeners' clear word adds to a mood, (they call the song so, they clearly do not)
    words, neighbours   words of the vocabulary that were not learned, and float32 (words, moods): what each learned
                 mood counts for them
    """

    reader: Reader
    heads: Mapping[str, Head]
    label_log_odds: tuple[float, float]
    words: tuple[str, ...]
    neighbours: FloatMatrix

    @property
    def names(self) -> tuple[str, ...]:
        """The moods that were learned, in the order of the columns."""
        return self.heads["moods"].names

    def score(self, sentence: npt.ArrayLike, audio: npt.ArrayLike, taste: npt.ArrayLike) -> Scores:
        """Scores of songs, from what is known of them by row; zeros are unknown."""
        parts = [np.asarray(part) for part in (sentence, audio, taste)]
        found: dict[str, list[FloatMatrix]] = {name: [] for name in HEADS}
        for start in range(0, max(1, len(parts[0])), _ROWS):
            rows = self.reader.read(*(part[start : start + _ROWS] for part in parts))
            views = self.reader.view_of(rows)
            unknown = ~rows[:, -2:].any(axis=1)
            for name in HEADS:
                each = self.heads[name].of(rows, views)
                each[unknown] = np.nan
                found[name].append(each)
        moods, affect, quadrants, happy = (np.concatenate(found[name]) for name in HEADS)
        return Scores(moods, affect, quadrants, happy[:, 0])

    def with_listener_labels(self, moods: FloatMatrix, labels: npt.NDArray[np.int8]) -> FloatMatrix:
        """Probabilities with what listeners clearly say of the songs added to the odds; NaN stays.

        labels   int8 (rows, moods): 1 they call it so, -1 clearly not, 0 nobody knows
        """
        with np.errstate(divide="ignore"):
            odds = np.log(moods) - np.log1p(-moods)
        odds = odds + np.where(labels > 0, self.label_log_odds[0], np.where(labels < 0, self.label_log_odds[1], 0.0))
        return sigmoid(odds)

    def save(self, folder: Path) -> None:
        """Write moods.safetensors and moods.json into a folder."""
        from safetensors.numpy import save_file

        tensors = {f"reader.{name}": getattr(self.reader, name) for name in _ARRAYS} | {"kin": self.neighbours}
        facts = {}
        for name, head in self.heads.items():
            tensors |= {f"{name}.{part}": getattr(head, part) for part in _TENSORS}
            facts[name] = {k: v for k, v in asdict(head).items() if k not in _TENSORS}
        save_file({k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()}, folder / "moods.safetensors")
        held = {"heads": facts, "taste": self.reader.taste, "said": self.label_log_odds, "words": self.words}
        (folder / "moods.json").write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> MoodModel:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            held = json.loads((folder / "moods.json").read_text("utf-8"))
            tensors = load_file(folder / "moods.safetensors")
            reader = Reader(**{name: tensors[f"reader.{name}"] for name in _ARRAYS}, taste=int(held["taste"]))
            heads = {name: _head(held["heads"][name], name, tensors, reader.width) for name in HEADS}
            above, below = held["said"]
            words, kin = tuple(map(str, held["words"])), tensors["kin"]
            if kin.shape != (len(words), len(heads["moods"].names)) or not np.isfinite(kin).all():
                raise ValueError(f"kin is {kin.shape}, expected {len(words)} words by the learned moods, all finite")
            return cls(reader, heads, (float(above), float(below)), words, kin)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, SafetensorError) as error:
            raise IndexFormatError(
                f"{folder} holds no mood model ({type(error).__name__}: {error}); expected moods.safetensors and "
                "moods.json as a build writes them; rebuild with `refrain build`"
            ) from error


_TENSORS = ("weights", "bias", "slope", "offset", "base")


def _head(facts: Mapping[str, object], name: str, tensors: Mapping[str, FloatMatrix], width: int) -> Head:
    names = facts["names"]
    if not isinstance(names, Sequence) or facts["kind"] not in get_args(Kind):
        raise ValueError(f"the head {name} has no names, or none of the kinds {', '.join(get_args(Kind))}")
    arrays = {part: tensors[f"{name}.{part}"] for part in _TENSORS}
    for part, array in arrays.items():
        shape = {"weights": (VIEWS, width, len(names)), "bias": (VIEWS, len(names))}.get(part, (len(names),))
        if array.shape != shape or not np.isfinite(array).all():
            raise ValueError(f"{name}.{part} is {array.shape}, expected {shape}, all finite")
    told = {key: value for key, value in facts.items() if key != "names"}
    return Head(names=tuple(map(str, names)), **arrays, **told)  # type: ignore[arg-type]
