"""Recognition: the moods that songs of other artists can be shown to have, with calibrated probabilities.

Three things are kept apart by folds of whole artists: the weights, the penalty and the calibration of a fold's
predictions come from the other folds alone. What is measured on predictions of that kind holds for artists that the
model has not met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import sigmoid
from indexer.models.moods.evidence import Evidence
from indexer.models.moods.fitting import calibration_error, platt
from indexer.models.moods.lessons import FOLDS, Fits, Lessons
from indexer.models.moods.model import Head, MoodsConfig
from indexer.models.moods.reader import VIEWS
from indexer.models.moods.significance import auc_and_error, chance_of, discoveries

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FALSE_DISCOVERIES = 0.05  # share of the learned moods that may be chance
MEASURED = 40_000  # songs, drawn at random, that a head is calibrated and measured on at most
LISTENERS = 4  # the bit of a view that shows them
UNMEASURED = 0.5  # trust in listeners (see `trust`) where too few songs measure it: halfway to the base rate
LEAST_PAIRS = 200  # labels that measure it


def calibrated_moods(
    lessons: Lessons, evidence: Evidence, config: MoodsConfig, half_tastes: tuple[FloatMatrix, FloatMatrix] | None
) -> Head:
    """The moods that enough songs are called by and that are recognised on other artists' songs beyond chance."""
    width = lessons.reader.width
    at = np.flatnonzero(lessons.readable & evidence.known)
    called = evidence.labels[at] > 0
    columns = np.flatnonzero((called.sum(axis=0) >= config.least_songs) & ~called.all(axis=0))
    if not len(columns):
        return empty(width)
    fits = lessons.fit(at, called[:, columns])
    sample = np.sort(np.random.default_rng(config.seed).permutation(len(at))[:MEASURED])
    rows, labels = at[sample], called[sample][:, columns].astype(np.float32)
    calibration = _calibrate(fits, rows, labels)
    groups = _groups(evidence.artists[rows])
    area, error = _areas(calibration.nested, labels, groups)
    chance = chance_of(area, error)
    measured: dict[str, float] = {}
    trusted = 1.0
    if lessons.reader.taste:
        trusted = UNMEASURED
        if half_tastes is not None:
            halves = [half[rows][:, columns] > 0 for half in evidence.halves]
            pairs = [_by_half(fits, rows, half_tastes[i], calibration, halves[1 - i]) for i in (0, 1)]
            trusted = trust(pairs, labels.mean(axis=0))
            by_halves = [_areas(*pair[:2], groups[pair[2]]) for pair in pairs]
            with_listeners = np.mean([each[0] for each in by_halves], axis=0)
            errors = np.mean([each[1] for each in by_halves], axis=0)
            chance = np.minimum(1.0, 2 * np.minimum(chance, chance_of(with_listeners, errors)))
            area = np.maximum(area, with_listeners)
    learned = np.flatnonzero(discoveries(chance, FALSE_DISCOVERIES) & (area >= config.least_auc))
    if not len(learned):
        return empty(width)
    measured |= _nested_auc(calibration, labels, groups, lessons.folds[rows], config)
    measured["ECE"] = calibration_error(calibration.nested[:, learned], labels[:, learned])
    measured["songs"] = float(len(at))
    base = called[:, columns[learned]].mean(axis=0, dtype=np.float32)
    base_odds = np.log(base / (1 - base))
    slope, offset = calibration.slope[:, learned], calibration.offset[:, learned]
    listeners = (np.arange(VIEWS) & LISTENERS > 0)[:, None]
    slope = np.where(listeners, slope * trusted, slope)
    offset = np.where(listeners, base_odds + (offset - base_odds) * trusted, offset)
    weights, bias = fits.stacked
    return Head(
        "probabilities",
        tuple(evidence.moods[column] for column in columns[learned]),
        weights[..., learned],
        bias[..., learned],
        slope.astype(np.float32),
        offset.astype(np.float32),
        base,
        f"{len(at):,} songs that listeners' playlists or tags call so, or not",
        measured,
    )


def empty(width: int) -> Head:
    """No mood was learned."""
    weights, none = np.zeros((VIEWS, width, 0), np.float32), np.zeros((VIEWS, 0), np.float32)
    return Head("probabilities", (), weights, none, none, none, none[0], "nothing: too few songs")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes the outputs of each view probabilities, and probabilities of songs to measure with.

    slope, offset   float32 (VIEWS, outputs)
    nested          float32 (songs, outputs): by lyrics and sound, from models and calibrations of the other folds
    inner           float32 (FOLDS, songs, outputs): the same by models that do not know the first index's fold either;
                    NaN for that fold's own songs
    """

    slope: FloatMatrix
    offset: FloatMatrix
    nested: FloatMatrix
    inner: FloatMatrix


def _calibrate(fits: Fits, rows: Rows, labels: FloatMatrix) -> Calibration:
    """Platt's sigmoid for each view, near to that of all views; for a fold's songs also one of the other folds."""
    wholes, folds = fits.lessons.views[rows], fits.lessons.folds[rows]
    raw, _ = Fits(fits.lessons, rows, fits.of_view, {}).predictions()
    pooled = platt(raw, labels)
    slope, offset = (np.tile(part, (VIEWS, 1)) for part in pooled)
    nested = np.zeros(labels.shape, np.float32)
    inner = np.full((FOLDS, *labels.shape), np.nan, np.float32)
    for view in (1, 2, 3, 5, 6, 7):
        mine = np.flatnonzero(wholes & view == view)
        if not len(mine):
            continue
        raw = fits.outside(rows[mine], view)
        slope[view], offset[view] = platt(raw, labels[mine], pooled)
        if view & LISTENERS:
            continue
        whole_here = wholes[mine] & 3 == view
        others = fits.inside(rows[mine], view)
        for fold in range(FOLDS):
            own = folds[mine] == fold
            steep, shift = platt(others[fold][~own], labels[mine][~own])
            here = own & whole_here
            nested[mine[here]] = sigmoid(raw[here] * steep + shift)
            here = ~own & whole_here
            inner[fold, mine[here]] = sigmoid(others[fold][here] * steep + shift)
    return Calibration(slope, offset, nested, inner)


def _areas(
    scores: FloatMatrix, labels: npt.NDArray[np.generic], groups: Rows
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The area under the curve and its standard error, for each output."""
    areas = [auc_and_error(scores[:, i], labels[:, i] > 0, groups) for i in range(scores.shape[1])]  # type: ignore[operator]
    return np.array([area for area, _ in areas]), np.array([error for _, error in areas])


def _groups(artists: Rows) -> Rows:
    """The artists, with a number of its own for each song without one."""
    return np.where(artists >= 0, artists, artists.max(initial=-1) + 1 + np.arange(len(artists)))


def _nested_auc(
    calibration: Calibration, labels: FloatMatrix, groups: Rows, folds: Rows, config: MoodsConfig
) -> dict[str, float]:
    """AUC on each fold's songs of the moods that the other folds alone would have chosen, by lyrics and sound."""
    areas = []
    for fold in range(FOLDS):
        own = folds == fold
        area, error = _areas(calibration.inner[fold][~own], labels[~own], groups[~own])
        chosen = discoveries(chance_of(area, error), FALSE_DISCOVERIES) & (area >= config.least_auc)
        there = chosen & (labels[own] > 0).any(axis=0) & ~(labels[own] > 0).all(axis=0)
        if there.any():
            areas.append(_areas(calibration.nested[own][:, there], labels[own][:, there], groups[own])[0])
    return {"AUC": float(np.concatenate(areas).mean())} if areas else {}


def _by_half(
    fits: Fits, rows: Rows, taste: FloatMatrix, calibration: Calibration, labels: Mask
) -> tuple[FloatMatrix, Mask, Rows]:
    """Log-odds of the songs that half of the playlists hold, by a taste of these playlists alone, as if it were the
    whole taste; their labels by the other half; and which of the rows they are."""
    in_half = taste[rows].any(axis=1)
    views = (fits.lessons.views[rows] & 3) | LISTENERS
    odds = np.zeros(labels.shape, np.float32)
    for view in (5, 6, 7):
        mine = np.flatnonzero(in_half & (views == view))
        raw = fits.outside(rows[mine], view, taste)
        odds[mine] = raw * calibration.slope[view] + calibration.offset[view]
    chosen = np.flatnonzero(in_half)
    return odds[chosen], labels[chosen], chosen


def trust(pairs: Sequence[tuple[FloatMatrix, Mask, Rows]], base: npt.NDArray[np.floating]) -> float:
    """0..1: by how much the odds that a view with listeners claims, above those of the base rate, are to be multiplied.

    pairs   log-odds that were claimed, the labels by playlists that those had not seen, and rows
    base    the base rate of each output in what the odds were learned from

    The slope of a logistic regression over all outputs together, each with the log-odds of its own labels as offset:
    taste was learned from the playlists whose names label the moods, so that what it claims of songs, by other
    artists too, is surer than it is. UNMEASURED where fewer than LEAST_PAIRS labels measure it.
    """
    if sum(int(labels.sum()) for _, labels, _ in pairs) < LEAST_PAIRS:
        return UNMEASURED
    base_odds = np.log(np.clip(base, 1e-6, 1 - 1e-6) / (1 - np.clip(base, 1e-6, 1 - 1e-6)))
    claimed, offsets, labelled = [], [], []
    for odds, labels, _ in pairs:
        rate = np.clip(labels.mean(axis=0), 1e-6, 1 - 1e-6)
        used = labels.sum(axis=0) > 0
        claimed.append((odds - base_odds)[:, used].ravel())
        offsets.append(np.tile(np.log(rate / (1 - rate))[used], len(odds)))
        labelled.append(labels[:, used].ravel())
    z, offset, y = (np.concatenate(parts).astype(np.float64) for parts in (claimed, offsets, labelled))
    slope, shift = 1.0, 0.0
    for _ in range(30):
        chance = sigmoid(offset + shift + slope * z).astype(np.float64)
        variance, error = np.maximum(chance * (1 - chance), 1e-12), chance - y
        hessian = np.array([[(variance * z * z).sum(), (variance * z).sum()], [(variance * z).sum(), variance.sum()]])
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), [(error * z).sum(), error.sum()])
        slope, shift = slope - float(np.clip(step[0], -1, 1)), shift - float(np.clip(step[1], -1, 1))
        if np.abs(step).max() < 1e-6:
            break
    return float(np.clip(slope, 0.0, 1.0))
