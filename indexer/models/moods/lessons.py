"""Lessons: linear models of every view of a song, learned from sums over songs, a few thousand read at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from indexer.models.moods.fitting import Gram, Ridge, Solution, ridge
from indexer.models.moods.reader import VIEWS, Known, MoodReader

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FOLDS = 4
PART = 0.5  # what a partial view of a song counts where all views are learned together
PARTIAL = (1, 2, 3, 5, 6)  # views that hide something; listeners alone are no view
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

    def __init__(self, reader: MoodReader, known: Known, folds: Rows):
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
