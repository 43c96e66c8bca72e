"""Heads: linear models of every view of a song, learned from sums, and the moods that songs can be shown to have.

Three things are kept apart by folds of whole artists: the weights, the penalty and the calibration of a fold's
predictions come from the other folds alone. What is measured on predictions of that kind holds for artists that the
model has not met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import sigmoid
from indexer.models.moods.evidence import Evidence
from indexer.models.moods.fitting import Gram, Ridge, Solution, calibration_error, platt, ridge
from indexer.models.moods.model import Head, MoodsConfig
from indexer.models.moods.reader import VIEWS, Known, Reader
from indexer.models.moods.significance import auc_and_error, chance_of, discoveries

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FOLDS = 4
PART = 0.5  # what a partial view of a song counts where all views are learned together
FALSE_DISCOVERIES = 0.05  # share of the learned moods that may be chance
MEASURED = 40_000  # songs, drawn at random, that a head is calibrated and measured on at most
LISTENERS = 4  # the bit of a view that shows them
PARTIAL = (1, 2, 3, 5, 6)  # views that hide something; listeners alone are no view
UNMEASURED = 0.5  # trust in listeners (see `trust`) where too few songs measure it: halfway to the base rate
LEAST_PAIRS = 200  # labels that measure it
_CHUNK = 4_096  # songs that are read at once


def fold_of_artists(artists: Rows, seed: int) -> Rows:
    """int64 (rows,): a fold for each song, whole artists; songs without an artist are artists of their own."""
    rng = np.random.default_rng(seed)
    fold_of = rng.integers(0, FOLDS, int(artists.max(initial=-1)) + 1)
    alone = rng.integers(0, FOLDS, len(artists))
    return np.where(artists >= 0, fold_of[np.maximum(artists, 0)] if len(fold_of) else alone, alone)


class Lessons:
    """What every head is learned from: the songs as the reader reads them, and their folds.

    views     int64 (songs,): what is known of each;  readable  bool (songs,): lyrics or sound are
    """

    def __init__(self, reader: Reader, known: Known, folds: Rows):
        self.reader, self.known, self.folds = reader, known, folds
        self.views = known.views
        self.readable: Mask = (self.views & 3) > 0

    def read(self, rows: Rows, view: int, taste: FloatMatrix | None = None) -> FloatMatrix:
        """float32 (len(rows), width): the rows with all that the view hides set to 0; taste instead of the songs'."""
        part = self.known.of(rows)
        read = self.reader.read(*(part if taste is None else part._replace(taste=taste[rows])))
        read[:, ~self.reader.shown_in(view)] = 0
        return read

    def fit(
        self,
        at: Rows,
        wanted: npt.NDArray[np.generic],
        weights: FloatMatrix | None = None,
        more: tuple[FloatMatrix, FloatMatrix] | None = None,
    ) -> Fits:
        """Least squares of songs `at` and of their partial views together, then of each view near to that.

        wanted   (len(at), outputs);  more   sentence vectors and targets to learn from beside the songs
        """
        outputs = wanted.shape[1]
        sums: dict[tuple[int, int], Gram] = {}
        for view in np.unique(self.views[at]).tolist():
            for fold in range(FOLDS):
                mine = np.flatnonzero((self.views[at] == view) & (self.folds[at] == fold))
                total = Gram.nothing(self.reader.width, outputs)
                for first in range(0, len(mine), _CHUNK):
                    part = mine[first : first + _CHUNK]
                    weight = np.ones(len(part), np.float32) if weights is None else weights[part]
                    total = total + Gram.of(self.read(at[part], view), wanted[part].astype(np.float32), weight)
                sums[view, fold] = total
        taught = dict(sums)
        if more is not None:
            sentences, targets = more
            nothing = np.zeros((len(sentences), len(self.reader.means))), np.zeros((len(sentences), self.reader.taste))
            rows, fold_of = self.reader.read(sentences, *nothing), np.arange(len(sentences)) % FOLDS
            for fold in range(FOLDS):
                mine = np.flatnonzero((fold_of == fold) & (rows[:, -2] > 0))
                gram = Gram.of(rows[mine], targets[mine], np.ones(len(mine), np.float32))
                taught[1, fold] = taught[1, fold] + gram if (1, fold) in taught else gram
        return Fits.of(self, at, taught, sums, outputs)


@dataclass(frozen=True)
class Fits:
    """Least squares of every view.

    whole   view -> its solutions; a view that no song shows has those of all views together
    sums    (view, fold) -> sums over the songs, each in the view that shows all that is known of it
    """

    lessons: Lessons
    at: Rows
    of_view: dict[int, Ridge]
    sums: dict[tuple[int, int], Gram] = field(repr=False)

    @classmethod
    def of(
        cls, lessons: Lessons, at: Rows, taught: dict[tuple[int, int], Gram], sums: dict[tuple[int, int], Gram],
        outputs: int,
    ) -> Fits:  # fmt: skip
        reader, wholes = lessons.reader, {view for view, _ in taught}
        nothing = Gram.nothing(reader.width, outputs)

        def grams(view: int) -> list[Gram]:
            """By fold: the sums of the songs that can be shown so."""
            shown, out = reader.shown_in(view), []
            for fold in range(FOLDS):
                total = nothing
                for whole in wholes:
                    if whole & view == view:
                        total = total + taught[whole, fold]
                out.append(total.showing(shown))
            return out

        together = [nothing] * FOLDS
        for whole in wholes:
            together = [total + taught[whole, fold] for fold, total in enumerate(together)]
            for view in PARTIAL:
                if whole & view == view and whole != view:
                    shown = reader.shown_in(view)
                    together = [t + taught[whole, fold].showing(shown) * PART for fold, t in enumerate(together)]
        shared = ridge(together)
        of_view = dict.fromkeys(range(VIEWS), shared)
        for view in {*wholes, *PARTIAL}:
            if any(whole & view == view for whole in wholes):
                of_view[view] = ridge(grams(view), shared)
        return cls(lessons, at, of_view, sums)

    @property
    def stacked(self) -> tuple[FloatMatrix, FloatMatrix]:
        """weights float32 (VIEWS, width, outputs), bias (VIEWS, outputs)."""
        solutions = [self.of_view[view].whole for view in range(VIEWS)]
        return np.stack([weights for weights, _ in solutions]), np.stack([bias for _, bias in solutions])

    def errors(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Of other artists' songs, each shown whole: squared error, and squared distance from the mean, by output."""
        if not self.sums:
            return np.ones(len(self.of_view[1].whole[1])), np.ones(len(self.of_view[1].whole[1]))
        errors = sum(gram.errors(self.of_view[view].outside[fold]) for (view, fold), gram in self.sums.items())
        grams = list(self.sums.values())
        total = grams[0]
        for gram in grams[1:]:
            total = total + gram
        return np.asarray(errors, np.float64), total.spread

    def predictions(self, *, hide_listeners: bool = False) -> tuple[FloatMatrix, Rows]:
        """float32 (len(at), outputs) of each song by the other folds, and int64 (len(at),) its view: all
        that is known of it, or all but listeners."""
        views = self.lessons.views[self.at] & (3 if hide_listeners else VIEWS - 1)
        out = np.zeros((len(self.at), len(self.of_view[0].whole[1])), np.float32)
        for view in np.unique(views).tolist():
            mine = np.flatnonzero(views == view)
            out[mine] = self.outside(self.at[mine], view)
        return out, views

    def outside(self, rows: Rows, view: int, taste: FloatMatrix | None = None) -> FloatMatrix:
        """float32 (len(rows), outputs): songs shown in a view, each by the solution of the other folds."""
        predicted: FloatMatrix = self._apply(rows, view, taste, [self.of_view[view].outside])[0]
        return predicted

    def inside(self, rows: Rows, view: int) -> FloatMatrix:
        """float32 (FOLDS, len(rows), outputs): by the folds beside the first index's and the song's own.

        Of the songs of the first index's own fold nothing is predicted: NaN.
        """
        solutions = self.of_view[view].inside
        return self._apply(
            rows, view, None,
            [{other: solutions[fold, other] for other in range(FOLDS) if other != fold} for fold in range(FOLDS)],
        )  # fmt: skip

    def _apply(
        self,
        rows: Rows,
        view: int,
        taste: FloatMatrix | None,
        solutions: Sequence[Mapping[int, Solution]],
    ) -> FloatMatrix:
        folds = self.lessons.folds[rows]
        out = np.full((len(solutions), len(rows), len(self.of_view[view].whole[1])), np.nan, np.float32)
        for fold in np.unique(folds).tolist():
            mine = np.flatnonzero(folds == fold)
            for first in range(0, len(mine), _CHUNK):
                part = mine[first : first + _CHUNK]
                read = self.lessons.read(rows[part], view, taste)
                for i, by_fold in enumerate(solutions):
                    if fold in by_fold:
                        weights, bias = by_fold[fold]
                        out[i, part] = read @ weights + bias
        return out


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
