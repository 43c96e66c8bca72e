"""Training: the mood model, from labels and what listeners call songs, else from the vocabulary."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from indexer.models.moods.evidence import Evidence
from indexer.models.moods.fitting import balanced, tempered
from indexer.models.moods.lessons import Lessons, fold_of_artists
from indexer.models.moods.model import QUADRANTS, Head, MoodModel, MoodsConfig, quadrant_of
from indexer.models.moods.neighbours import learned_neighbours
from indexer.models.moods.reader import VIEWS, Known, MoodReader
from indexer.models.moods.recognition import calibrated_moods
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.progress import Track, quiet

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEAST_LABELS = 100  # songs with a label before labels are believed rather than words
LABEL_BOUND = 4.0  # log-odds that a listeners' label may add
_SIGNS = np.array([[1, -1, -1, 1], [1, 1, -1, -1]], np.float32)  # of valence and arousal in Q1 to Q4
_STEEP = np.float32(1.7)  # a logistic this steep is nearly the normal distribution of one standard deviation


def train_moods(
    reader: MoodReader,
    known: Known,
    evidence: Evidence,
    sentences: FloatMatrix,
    config: MoodsConfig,
    *,
    half_tastes: tuple[FloatMatrix, FloatMatrix] | None = None,
    track: Track = quiet,
) -> MoodModel:
    """The model. Where nothing is labelled or called anything, the words' own sentences teach valence and arousal.

    known         what is known of the songs, by row; read some thousand rows at a time
    sentences     float32 (len(VOCABULARY), d): the vectors of the moods' sentences, in the vocabulary's order
    half_tastes   float32 (songs, reader.taste): the songs' places in taste by playlists 0, 2, 4 ... alone and by
                  1, 3, 5 ... alone (taste.halves.half_places), zero outside them. Taste was learned from the playlists
                  whose names label the moods; by these it is measured what it says of playlists that it has not seen
    """
    lessons = Lessons(reader, known, fold_of_artists(evidence.artists, config.seed))
    learners: dict[str, Callable[[], Head]] = {
        "affect": lambda: _affect_head(lessons, evidence, sentences),
        "moods": lambda: calibrated_moods(lessons, evidence, config, half_tastes),
        "quadrants": lambda: _class_head(lessons, evidence, heads["affect"]),
        "happy": lambda: _happy_head(lessons, evidence, heads["affect"]),
    }
    heads: dict[str, Head] = {}
    for name in track(list(learners), "learn moods"):
        heads[name] = learners[name]()
    moods = heads["moods"]
    return MoodModel(reader, heads, evidence_log_odds(evidence, moods), *learned_neighbours(moods.names, sentences))


def _affect_head(lessons: Lessons, evidence: Evidence, sentences: FloatMatrix) -> Head:
    """Valence and arousal from labels; where there are few, from words, each mood with its own valence and arousal."""
    at = np.flatnonzero(lessons.readable & ~np.isnan(evidence.affect).any(axis=1))
    words = np.array([(mood.valence, mood.arousal) for mood in VOCABULARY.values()], np.float32)
    if len(at) >= LEAST_LABELS:
        fits = lessons.fit(at, evidence.affect[at])
        source = f"{len(at):,} songs labelled with valence and arousal"
    else:
        place = {name: i for i, name in enumerate(VOCABULARY)}
        columns = [place[name] for name in evidence.moods]
        called = evidence.labels > 0
        at = np.flatnonzero(lessons.readable & called.any(axis=1))
        of_songs = called[at] @ words[columns] / np.maximum(called[at].sum(axis=1, keepdims=True), 1)
        wanted = np.vstack([of_songs, words]).astype(np.float32)
        wanted = (wanted - wanted.mean(axis=0)) / wanted.std(axis=0)
        fits = lessons.fit(at, wanted[: len(at)], more=(sentences, wanted[len(at) :]))
        source = f"the sentences of {len(words)} moods and {len(at):,} songs that are called by one"
    errors, spread = fits.errors()
    explained = 1 - errors / np.maximum(spread, 1e-9)
    measured = {"R2 valence": float(explained[0]), "R2 arousal": float(explained[1]), "songs": float(len(at))}
    one = np.ones((VIEWS, 2), np.float32)
    return Head("values", ("valence", "arousal"), *fits.stacked, one, 0 * one, 0 * one[0], source, measured)


def _class_head(lessons: Lessons, evidence: Evidence, affect: Head) -> Head:
    """The quadrant, from experts' moods, else from labelled valence and arousal, else from what these two say."""
    quadrant = evidence.named.astype(np.int64)
    source = "songs that experts called by a mood"
    if _usable(quadrant, lessons.readable, 4) is None:
        labelled = ~np.isnan(evidence.affect).any(axis=1)
        quadrant = np.where(labelled, quadrant_of(*np.nan_to_num(evidence.affect).T), -1)
        source = "songs labelled with valence and arousal"
    at = _usable(quadrant, lessons.readable, 4)
    if at is None:
        half, none = np.full((VIEWS, 4), _STEEP / 2, np.float32), np.zeros((VIEWS, 4), np.float32)
        return Head(
            "classes", QUADRANTS, affect.weights @ _SIGNS, affect.bias @ _SIGNS, half, none, none[0] + 0.25,
            "the signs of valence and arousal",
        )  # fmt: skip
    wanted = np.eye(4, dtype=np.float32)[quadrant[at]]
    fits = lessons.fit(at, wanted, balanced(quadrant[at]))
    raw, views = fits.predictions()
    slope = _slopes(raw, views, quadrant[at])[:, None] * np.ones(4, np.float32)
    right = raw.argmax(axis=1) == quadrant[at]
    measured = {"accuracy": float(right.mean()), "songs": float(len(at))}
    base = wanted.mean(axis=0, dtype=np.float32)
    return Head(
        "classes", QUADRANTS, *fits.stacked, slope, 0 * slope, base, f"{len(at):,} {source}", measured,
    )  # fmt: skip


def _happy_head(lessons: Lessons, evidence: Evidence, affect: Head) -> Head:
    """Happy against sad, from experts' labels, else from what listeners call songs, else from valence."""
    label, source = evidence.happy, "songs labelled happy or sad"
    if ((label >= 0) & lessons.readable).sum() < LEAST_LABELS and {"happy", "sad"} <= set(evidence.moods):
        happy, sad = (evidence.labels[:, evidence.moods.index(name)] > 0 for name in ("happy", "sad"))
        label = np.where(happy == sad, -1, happy).astype(np.int8)
        source = "songs that listeners call happy or sad"
    at = _usable(label.astype(np.int64), lessons.readable, 2)
    if at is None:
        steep, none = np.full((VIEWS, 1), _STEEP, np.float32), np.zeros((VIEWS, 1), np.float32)
        weights, bias = affect.weights[..., :1], affect.bias[..., :1]
        return Head("probabilities", ("happy",), weights, bias, steep, none, none[0] + 0.5, "valence")
    wanted = label[at].astype(np.int64)
    fits = lessons.fit(at, wanted[:, None].astype(np.float32), balanced(wanted))
    raw, views = fits.predictions(hide_listeners=source.endswith("happy or sad") and "listeners" in source)
    two = np.hstack([-raw, raw]) - np.array([[-0.5, 0.5]], np.float32)
    slope = 2 * _slopes(two, views, wanted)[:, None]
    half = np.full(1, 0.5, np.float32)
    right = (raw[:, 0] >= 0.5) == wanted
    measured = {"accuracy": float(right.mean()), "songs": float(len(at))}
    return Head(
        "probabilities", ("happy",), *fits.stacked, slope, -slope * half, half, f"{len(at):,} {source}", measured,
    )  # fmt: skip


def _slopes(raw: FloatMatrix, views: Rows, classes: Rows) -> FloatMatrix:
    """float32 (VIEWS,): the tempering of each view, that of all songs where too few are in the view."""
    slopes = np.full(VIEWS, tempered(raw, classes), np.float32)
    for view in np.unique(views).tolist():
        at = views == view
        if at.sum() >= LEAST_LABELS and len(np.unique(classes[at])) == raw.shape[1]:
            slopes[view] = tempered(raw[at], classes[at])
    return slopes


def _usable(classes: Rows, readable: Mask, count: int) -> Rows | None:
    """The rows that have one of `count` classes, if they are enough and each class has its share; else None."""
    at = np.flatnonzero(readable & (classes >= 0))
    enough = len(at) >= LEAST_LABELS and np.bincount(classes[at], minlength=count).min() >= LEAST_LABELS // 10
    return at if enough else None


def evidence_log_odds(evidence: Evidence, moods: Head) -> tuple[float, float]:
    """Log-odds that a label of one half of the playlists adds to being called so by the other, over all learned moods.

    The first number is of songs that a half clearly calls by a mood, the second of songs that it clearly does not.
    """
    columns = [evidence.moods.index(name) for name in moods.names]
    first, second = (half[:, columns] for half in evidence.halves)
    base = float(np.clip(moods.base.mean() if len(columns) else 0.5, 1e-3, 1 - 1e-3))
    log_odds = []
    for sign in (1, -1):
        agreeing, labelled = 1.0, 2.0  # Laplace
        for one, other in ((first, second), (second, first)):
            agreeing += float(((one == sign) & (other > 0)).sum())
            labelled += float((one == sign).sum())
        share = float(np.clip(agreeing / labelled, 1e-3, 1 - 1e-3))
        log_odds.append(float(np.log(share / (1 - share)) - np.log(base / (1 - base))))
    return min(max(log_odds[0], 0.0), LABEL_BOUND), max(min(log_odds[1], 0.0), -LABEL_BOUND)
