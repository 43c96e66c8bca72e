"""Training: the mood model, from labels and what listeners call songs, else from the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from indexer.models.moods.evidence import Evidence
from indexer.models.moods.fitting import balanced, calibration_error, least_squares, platt, tempered
from indexer.models.moods.model import QUADRANTS, VIEWS, Head, MoodModel, MoodsConfig, Reader, quadrant_of
from indexer.models.moods.neighbours import kin_of
from indexer.models.moods.vocabulary import VOCABULARY

FloatMatrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FOLDS = 4
LEAST_LABELS = 100  # songs with a label before labels are believed rather than words
# Of the log-odds above the usual: taste has read the playlists that these moods come from, so that even songs of other
# artists look surer than they are. By playlists that nothing has read (shared/data, 2026-11-21) the odds of songs in at
# most one other playlist rise 0.4 times as fast as they would without this, of songs in five or more 0.5.
HEARSAY = 0.5
PART = 0.5  # what a partial view of a song counts where all views are learned together
SAID_BOUND = 4.0  # log-odds that listeners' word may add


def train_moods(
    reader: Reader,
    rows: FloatMatrix,
    evidence: Evidence,
    sentences: FloatMatrix,
    config: MoodsConfig,
) -> MoodModel:
    """The model. Where nothing is labelled or called anything, the words' own sentences teach valence and arousal.

    rows        float32 (songs, reader.width), as reader.read gives them
    sentences   float32 (len(VOCABULARY), d): the vectors of the moods' sentences, in the vocabulary's order
    """
    lesson = Lesson(reader, rows, np.asarray(rows[:, -2:].any(axis=1)), _folds(evidence.artists, config.seed), evidence)
    affect = _affect_head(lesson, sentences)
    moods, quadrants, happy = _mood_head(lesson, config), _class_head(lesson, affect), _happy_head(lesson, affect)
    heads = {"moods": moods, "affect": affect, "quadrants": quadrants, "happy": happy}
    return MoodModel(reader, heads, _worth(evidence, moods), *kin_of(moods.names, sentences))


def _folds(artists: Rows, seed: int) -> Rows:
    """int64 (rows,): a fold for each song, whole artists; songs without an artist are artists of their own."""
    rng = np.random.default_rng(seed)
    fold_of = rng.integers(0, FOLDS, int(artists.max(initial=-1)) + 1)
    alone = rng.integers(0, FOLDS, len(artists))
    return np.where(artists >= 0, fold_of[np.maximum(artists, 0)] if len(fold_of) else alone, alone)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What every head is learned from.

    rows      float32 (songs, reader.width);  readable  bool (songs,): lyrics or sound are known
    folds     int64 (songs,)
    """

    reader: Reader
    rows: FloatMatrix
    readable: Mask
    folds: Rows
    evidence: Evidence

    def fit(self, at: Rows, wanted: FloatMatrix, weights: FloatMatrix | None = None) -> Viewed:
        """Least squares of some songs."""
        return fit_views(self.reader, self.rows[at], wanted, self.folds[at], weights)


@dataclass(frozen=True, slots=True)
class Viewed:
    """Least squares for every view.

    weights  float32 (VIEWS, reader.width, outputs);  bias  (VIEWS, outputs)
    unseen   float32 (rows, outputs): predictions of the whole rows of each fold by the others
    """

    weights: FloatMatrix
    bias: FloatMatrix
    unseen: FloatMatrix


def fit_views(
    reader: Reader, rows: FloatMatrix, wanted: FloatMatrix, folds: Rows, weights: FloatMatrix | None = None
) -> Viewed:
    """Least squares of the rows and of their partial views together, then of each view near to that.

    R2 of valence / arousal on other artists' songs, shared/data: of 2,048 by lyrics alone 0.19 / 0.05 together, 0.22 /
    0.06 so; of 1,190 by everything 0.42 / 0.24 and 0.42 / 0.25, with weights learned for that view alone 0.41 / 0.23.
    """
    shown, owner = reader.views(rows)
    view = reader.view_of(shown)
    weight = np.ones(len(shown), np.float32) if weights is None else weights[owner].astype(np.float32)
    parts = np.where(np.arange(len(shown)) < len(rows), np.float32(1), np.float32(PART))
    shared = least_squares(shown, wanted[owner], folds[owner], weight * parts)
    each, bias, unseen = [shared.weights] * VIEWS, [shared.bias] * VIEWS, np.zeros_like(shared.unseen)
    for number in np.unique(view).tolist():
        at = np.flatnonzero(view == number)
        fitted = least_squares(shown[at], wanted[owner[at]], folds[owner[at]], weight[at], near=shared)
        each[number], bias[number], unseen[at] = fitted.weights, fitted.bias, fitted.unseen
    return Viewed(np.stack(each), np.stack(bias), unseen[: len(rows)])


def _mood_head(lesson: Lesson, config: MoodsConfig) -> Head:
    """The moods that enough songs are called by and that can be told on other artists' songs."""
    from sklearn.metrics import roc_auc_score

    at = np.flatnonzero(lesson.readable & lesson.evidence.known)
    called = lesson.evidence.labels[at] > 0
    columns = np.flatnonzero((called.sum(axis=0) >= config.least_songs) & ~called.all(axis=0))
    if not len(columns):
        return _empty(lesson.reader.width)
    wanted = called[:, columns].astype(np.float32)
    fitted = lesson.fit(at, wanted)
    aucs = np.array([roc_auc_score(wanted[:, i], fitted.unseen[:, i]) for i in range(len(columns))])
    told = np.flatnonzero(aucs >= config.least_auc)
    if not len(told):
        return _empty(lesson.reader.width)
    slope, offset = np.array([platt(fitted.unseen[:, i], wanted[:, i]) for i in told], np.float32).T
    base = wanted[:, told].mean(axis=0, dtype=np.float32)
    usual = np.log(base / (1 - base))
    slope, offset = slope * HEARSAY, usual + (offset - usual) * HEARSAY
    head = Head(
        "probabilities",
        tuple(lesson.evidence.moods[column] for column in columns[told]),
        fitted.weights[..., told],
        fitted.bias[..., told],
        slope,
        offset,
        base,
        f"{len(at):,} songs that listeners' playlists or tags call so, or not",
    )
    chances, held = head.finished(fitted.unseen[:, told]), wanted[:, told]
    measured = {"AUC": float(aucs[told].mean()), "ECE": calibration_error(chances, held), "songs": float(len(at))}
    return replace(head, measured=measured)


def _empty(width: int) -> Head:
    """No mood was learned."""
    weights, bias = np.zeros((VIEWS, width, 0), np.float32), np.zeros((VIEWS, 0), np.float32)
    none = np.zeros(0, np.float32)
    return Head("probabilities", (), weights, bias, none, none, none, "nothing: too few songs")


def _affect_head(lesson: Lesson, sentences: FloatMatrix) -> Head:
    """Valence and arousal from labels; where there are few, from words, each mood with its own valence and arousal."""
    at = np.flatnonzero(lesson.readable & ~np.isnan(lesson.evidence.affect).any(axis=1))
    if len(at) >= LEAST_LABELS:
        wanted, inputs, groups = lesson.evidence.affect[at], lesson.rows[at], lesson.folds[at]
        source = f"{len(at):,} songs labelled with valence and arousal"
    else:
        words = np.array([(mood.valence, mood.arousal) for mood in VOCABULARY.values()], np.float32)
        place = {name: i for i, name in enumerate(VOCABULARY)}
        columns = [place[name] for name in lesson.evidence.moods]
        called = lesson.evidence.labels > 0
        at = np.flatnonzero(lesson.readable & called.any(axis=1))
        of_songs = called[at] @ words[columns] / np.maximum(called[at].sum(axis=1, keepdims=True), 1)
        nothing = np.zeros((len(words), len(lesson.reader.means))), np.zeros((len(words), lesson.reader.taste))
        inputs = np.vstack([lesson.rows[at], lesson.reader.read(sentences, *nothing)])
        wanted = np.vstack([of_songs, words]).astype(np.float32)
        wanted = (wanted - wanted.mean(axis=0)) / wanted.std(axis=0)
        groups = np.concatenate([lesson.folds[at], np.arange(len(words)) % FOLDS])
        source = f"the sentences of {len(words)} moods and {len(at):,} songs that are called by one"
    fitted = fit_views(lesson.reader, inputs, wanted, groups)
    left = ((fitted.unseen - wanted)[: len(at)] ** 2).sum(axis=0)
    spread = ((wanted[: len(at)] - wanted[: len(at)].mean(axis=0)) ** 2).sum(axis=0) if len(at) else np.ones(2)
    explained = 1 - left / np.maximum(spread, 1e-9)
    one = np.ones(2, np.float32)
    measured = {"R2 valence": float(explained[0]), "R2 arousal": float(explained[1]), "songs": float(len(at))}
    return Head("values", ("valence", "arousal"), fitted.weights, fitted.bias, one, 0 * one, 0 * one, source, measured)


_SIGNS = np.array([[1, -1, -1, 1], [1, 1, -1, -1]], np.float32)  # of valence and arousal in Q1 to Q4
_STEEP = np.float32(1.7)  # a logistic this steep is nearly the normal distribution of one standard deviation


def _class_head(lesson: Lesson, affect: Head) -> Head:
    """The quadrant, from experts' moods, else from labelled valence and arousal, else from what these two say."""
    quadrant = lesson.evidence.named.astype(np.int64)
    source = "songs that experts called by a mood"
    if _usable(quadrant, lesson.readable) is None:
        known = ~np.isnan(lesson.evidence.affect).any(axis=1)
        quadrant = np.where(known, quadrant_of(*np.nan_to_num(lesson.evidence.affect).T), -1)
        source = "songs labelled with valence and arousal"
    at = _usable(quadrant, lesson.readable)
    if at is None:
        weights, bias = affect.weights @ _SIGNS, affect.bias @ _SIGNS
        half, none = np.full(4, _STEEP / 2, np.float32), np.zeros(4, np.float32)
        return Head("classes", QUADRANTS, weights, bias, half, none, none + 0.25, "the signs of valence and arousal")
    wanted = np.eye(4, dtype=np.float32)[quadrant[at]]
    fitted = lesson.fit(at, wanted, balanced(quadrant[at]))
    slope, offset = tempered(fitted.unseen, quadrant[at])
    base, told = wanted.mean(axis=0, dtype=np.float32), f"{len(at):,} {source}"
    head = Head("classes", QUADRANTS, fitted.weights, fitted.bias, slope, offset, base, told)
    right = head.finished(fitted.unseen).argmax(axis=1) == quadrant[at]
    return replace(head, measured={"accuracy": float(right.mean()), "songs": float(len(at))})


def _usable(classes: npt.NDArray[np.int64], readable: Mask) -> Rows | None:
    """The rows that have one of four classes, if they are enough and each class has its share; else None."""
    at = np.flatnonzero(readable & (classes >= 0))
    enough = len(at) >= LEAST_LABELS and np.bincount(classes[at], minlength=4).min() >= LEAST_LABELS // 10
    return at if enough else None


def _happy_head(lesson: Lesson, affect: Head) -> Head:
    """Happy against sad, from experts' labels, else from what listeners call songs, else from valence."""
    label, source = lesson.evidence.happy, "songs labelled happy or sad"
    if ((label >= 0) & lesson.readable).sum() < LEAST_LABELS and {"happy", "sad"} <= set(lesson.evidence.moods):
        happy, sad = (lesson.evidence.labels[:, lesson.evidence.moods.index(name)] > 0 for name in ("happy", "sad"))
        label = np.where(happy == sad, -1, happy).astype(np.int8)
        source = "songs that listeners call happy or sad"
    at = np.flatnonzero(lesson.readable & (label >= 0))
    wanted = label[at].astype(np.int64)
    if len(at) < LEAST_LABELS or np.bincount(wanted, minlength=2).min() < LEAST_LABELS // 10:
        steep, none = np.full(1, _STEEP, np.float32), np.zeros(1, np.float32)
        weights, bias = affect.weights[..., :1], affect.bias[..., :1]
        return Head("probabilities", ("happy",), weights, bias, steep, none, none + 0.5, "valence")
    fitted = lesson.fit(at, wanted[:, None].astype(np.float32), balanced(wanted))
    two = np.hstack([-fitted.unseen, fitted.unseen]) - np.array([[-0.5, 0.5]], np.float32)
    slope = tempered(two, wanted)[0][:1] * np.float32(2)
    half, told = np.full(1, 0.5, np.float32), f"{len(at):,} {source}"
    head = Head("probabilities", ("happy",), fitted.weights, fitted.bias, slope, -slope * half, half, told)
    right = (head.finished(fitted.unseen)[:, 0] >= 0.5) == wanted
    return replace(head, measured={"accuracy": float(right.mean()), "songs": float(len(at))})


def _worth(evidence: Evidence, moods: Head) -> tuple[float, float]:
    """Log-odds that one half of the playlists' clear word adds to what the other half says, over all learned moods."""
    columns = [evidence.moods.index(name) for name in moods.names]
    first, second = (half[:, columns] for half in evidence.halves)
    base = float(np.clip(moods.base.mean() if len(columns) else 0.5, 1e-3, 1 - 1e-3))
    found = []
    for sign in (1, -1):
        agreeing, asked = 1.0, 2.0  # Laplace
        for one, other in ((first, second), (second, first)):
            agreeing += float(((one == sign) & (other > 0)).sum())
            asked += float((one == sign).sum())
        share = float(np.clip(agreeing / asked, 1e-3, 1 - 1e-3))
        found.append(float(np.log(share / (1 - share)) - np.log(base / (1 - base))))
    return min(max(found[0], 0.0), SAID_BOUND), max(min(found[1], 0.0), -SAID_BOUND)
