"""A trained mood model as an index holds it, applied with numpy; nothing else is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from indexer.models.mlp import sigmoid, softmax
from indexer.models.moods.reader import RANDOM_FEATURES, VIEWS, MoodReader
from indexer.settings import Count, Number, Seed, Whole, settings
from indexer.store.weights import Arrays, load_model, save_model

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Kind = Literal["values", "probabilities", "classes"]

_ROWS = 16_384  # songs that are scored at once; bounds memory on a million songs


@settings("moods")
class MoodsConfig:
    """Which moods are learned.

    least_playlists   playlists that must hold a song before "no playlist calls it so" counts as a negative example
    least_songs       songs that must be called by a mood
    least_auc         of a mood on songs of other artists (0.5 is chance); it must be above chance beyond doubt as well,
                      which with few songs asks for far more
    """

    least_playlists: Count = 5
    least_songs: Annotated[Whole, Field(ge=4)] = 8
    least_auc: Annotated[Number, Field(ge=0, le=1)] = 0.55
    seed: Seed = 0


_ARRAYS = ("lyrics", "means", "spreads", "frequencies", "phases", "features_mean")


@dataclass(frozen=True, slots=True)
class Head:
    """Linear in the reader's row, by weights for each view, then calibrated for each view on songs of other artists.

    weights   float32 (VIEWS, reader.width, outputs);  bias, slope, offset  (VIEWS, outputs);  base  (outputs,)

    kind      "values" rows @ weights + bias; "probabilities" the sigmoid of slope x that + offset, one by one;
              "classes" their softmax
    names     of the outputs;  base   share of the songs learned from that have each
    source    a sentence: what it was learned from
    measured  on songs of artists that neither weights, penalty nor calibration were learned from, as {"AUC": 0.74}
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
        """What was learned, from what, and how well it does on other artists' songs."""
        what = f"{len(self.names)} from " if self.kind == "probabilities" and len(self.names) != 1 else "from "
        measured = ", ".join(f"{name} {value:.2f}" for name, value in self.measured.items() if name != "songs")
        return what + self.source + (f"; on other artists {measured}" if measured else "")

    def of(self, rows: FloatMatrix, views: Rows) -> FloatMatrix:
        """float32 (rows, outputs) of rows and what each shows."""
        raw = np.empty((len(rows), len(self.names)), np.float32)
        for view in np.unique(views).tolist():
            raw[views == view] = rows[views == view] @ self.weights[view] + self.bias[view]
        return self.finished(raw, views)

    def finished(self, raw: FloatMatrix, views: Rows) -> FloatMatrix:
        """What the linear outputs of rows in these views mean."""
        if self.kind == "values":
            return raw.astype(np.float32)
        logits = raw * self.slope[views] + self.offset[views]
        return sigmoid(logits) if self.kind == "probabilities" else softmax(logits)


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

    label_log_odds   log-odds that a listeners' label adds to a mood: (they call the song so, they clearly do not)
    words, neighbours   words of the vocabulary that were not learned, and float32 (words, moods): what each learned
                 mood counts for them
    """

    reader: MoodReader
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
        outputs: dict[str, list[FloatMatrix]] = {name: [] for name in HEADS}
        for start in range(0, max(1, len(parts[0])), _ROWS):
            rows = self.reader.read(*(part[start : start + _ROWS] for part in parts))
            views = self.reader.view_of(rows)
            unknown = ~rows[:, -2:].any(axis=1)
            for name in HEADS:
                each = self.heads[name].of(rows, views)
                each[unknown] = np.nan
                outputs[name].append(each)
        moods, affect, quadrants, happy = (np.concatenate(outputs[name]) for name in HEADS)
        return Scores(moods, affect, quadrants, happy[:, 0])

    def with_listener_labels(self, moods: FloatMatrix, labels: npt.NDArray[np.int8]) -> FloatMatrix:
        """Probabilities with the log-odds of the listeners' labels added; NaN stays.

        labels   int8 (rows, moods): 1 listeners call it so, -1 clearly not, 0 unknown
        """
        with np.errstate(divide="ignore"):
            odds = np.log(moods) - np.log1p(-moods)
        odds = odds + np.where(labels > 0, self.label_log_odds[0], np.where(labels < 0, self.label_log_odds[1], 0.0))
        return sigmoid(odds)

    def save(self, folder: Path) -> None:
        """Write moods.safetensors and moods.json into a folder."""
        arrays = {f"reader.{name}": getattr(self.reader, name) for name in _ARRAYS} | {"neighbours": self.neighbours}
        heads = {}
        for name, head in self.heads.items():
            arrays |= {f"{name}.{part}": getattr(head, part) for part in _TENSORS}
            heads[name] = {k: v for k, v in asdict(head).items() if k not in _TENSORS}
        facts = {
            "heads": heads, "taste": self.reader.taste, "label_log_odds": self.label_log_odds, "words": self.words,
        }  # fmt: skip
        save_model(folder, "moods", arrays, facts)

    @classmethod
    def load(cls, folder: Path) -> MoodModel:
        """Read what `save` wrote."""

        def read(arrays: Arrays, facts: dict[str, Any]) -> MoodModel:
            audio, features = (None,), (RANDOM_FEATURES,)
            means = arrays.take("reader.means", audio)
            reader = MoodReader(
                arrays.take("reader.lyrics", (None,)),
                means,
                arrays.take("reader.spreads", (len(means),)),
                arrays.take("reader.frequencies", (len(means), RANDOM_FEATURES)),
                arrays.take("reader.phases", features),
                arrays.take("reader.features_mean", features),
                int(facts["taste"]),
            )
            if not 0 <= reader.taste <= MOST_COLUMNS or not (reader.spreads > 0).all():
                raise ValueError("the reader has a taste of no size, or a spread that is not above 0")
            heads = {name: _head(facts["heads"][name], name, arrays, reader.width) for name in HEADS}
            sizes = {name: len(head.names) for name, head in heads.items() if name != "moods"}
            if sizes != {"affect": 2, "quadrants": 4, "happy": 1}:
                raise ValueError(f"the heads have {sizes} outputs, expected affect 2, quadrants 4, happy 1")
            for name, kind in _KINDS.items():
                if heads[name].kind != kind:
                    raise ValueError(f"the head {name} gives {heads[name].kind}, expected {kind}")
            above, below = (float(value) for value in facts["label_log_odds"])
            if not max(abs(above), abs(below)) <= MOST_LOG_ODDS:
                raise ValueError(f"label_log_odds are {above:g} and {below:g}")
            words = tuple(map(str, facts["words"]))
            neighbours = arrays.take("neighbours", (len(words), len(heads["moods"].names)))
            return cls(reader, heads, (above, below), words, neighbours)

        return load_model(folder, "moods", read, what="a mood model")


_TENSORS = ("weights", "bias", "slope", "offset", "base")
_KINDS: Mapping[str, Kind] = {
    "moods": "probabilities", "affect": "values", "quadrants": "classes", "happy": "probabilities",
}  # fmt: skip
MOST_COLUMNS, MOST_LOG_ODDS = 100_000, 100.0  # what is above comes from a damaged file


def _head(facts: Mapping[str, Any], name: str, arrays: Arrays, width: int) -> Head:
    names = facts["names"]
    if not isinstance(names, list):
        raise ValueError(f"the head {name} has no names")
    shapes = {"weights": (VIEWS, width, len(names)), "base": (len(names),)}
    tensors = {part: arrays.take(f"{name}.{part}", shapes.get(part, (VIEWS, len(names)))) for part in _TENSORS}
    measured = {str(key): float(value) for key, value in facts["measured"].items()}
    return Head(
        facts["kind"],
        tuple(map(str, names)),
        source=str(facts["source"]),
        measured=measured,
        **tensors,
    )
