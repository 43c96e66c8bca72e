"""The twelve experiments of the paper's tables 1 and 2: what they are, and the autoencoders trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.papers.product import Activation, train_autoencoder
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.steps import Steps
from benchmarks.systems.content.published import SQUARED_ERROR

FloatMatrix = npt.NDArray[np.float32]
Losses = dict[str, list[float]]  # "training" and "validation" -> mean squared error after each epoch

HELD_OUT = 0.2  # the paper's 80:20
EPOCHS = {"tabular": 60, "lyrics": 30}  # the same for all rows of a table, as the paper did
QUICK_EPOCHS, QUICK_SONGS = 5, 500
BATCH, QUICK_BATCH = 256, 32  # 27 steps an epoch on 8,648 songs; the paper's 700 songs in Keras's batches of 32: 18


@dataclass(frozen=True, slots=True)
class Experiment:
    """A row of the paper's tables.

    described         the activations as the table gives them
    training, validation   the published final losses
    """

    number: int
    latent: int
    widths: tuple[int, ...]
    described: str
    activations: tuple[Activation, ...]
    training: float
    validation: float

    @property
    def label(self) -> str:
        return f"{self.number}: {'-'.join(map(str, self.widths))} -> {self.latent}, {self.described}"


def _experiment(
    number: int, latent: int, widths: Sequence[int], cycle: Sequence[Activation], training: float, validation: float
) -> Experiment:
    """Activations in turn, from the input on."""
    activations = tuple(cycle[i % len(cycle)] for i in range(len(widths)))
    alternate = len(cycle) > 1 and len(widths) > len(cycle)
    described = f"alt. {' & '.join(cycle)}" if alternate else ", ".join(cycle) if len(cycle) > 1 else f"all {cycle[0]}"
    return Experiment(number, latent, tuple(widths), described, activations, training, validation)


SEARCHES: Mapping[str, tuple[Experiment, ...]] = {
    "tabular": (  # table 1
        _experiment(1, 4, [15, 10, 5], ["relu"], 0.0375, 0.0374),
        _experiment(2, 5, [20, 10], ["sigmoid", "relu"], 0.0363, 0.0381),
        _experiment(3, 4, [20, 18, 12, 6], ["tanh"], 0.0248, 0.0249),
        _experiment(4, 1, [24, 20, 16, 12, 8, 4, 2], ["relu"], 0.0797, 0.0802),
        _experiment(5, 10, [20, 16], ["relu"], 0.0170, 0.0180),
        _experiment(6, 2, [20, 18, 12, 6], ["sigmoid"], 0.0658, 0.0647),
    ),
    # Table 2. Its last column has lost its heading in print; after "final training loss" it can only be validation.
    "lyrics": (
        _experiment(1, 30, [500, 200, 100], ["relu"], 0.7327, 0.1102),
        _experiment(2, 5, [200, 150, 100, 50, 10], ["sigmoid", "relu"], 1018.6, 1025.0),
        _experiment(3, 15, [250, 200, 175, 125, 50, 25], ["relu"], 0.1697, 0.0818),
        _experiment(4, 1, [225, 150, 50, 15], ["tanh"], 671.03, 934.60),
        _experiment(5, 50, [200, 100], ["relu"], 0.0580, 0.0604),
        _experiment(6, 2, [100, 75, 25, 15, 5], ["sigmoid"], 1748.5, 1888.5),
    ),
}


def minmax(table: FloatMatrix) -> FloatMatrix:
    """Each column from 0 to 1; an unknown value is the column's mean, a column that is alike in all songs is 0.

    >>> minmax(np.array([[2, 5], [4, 5], [np.nan, 5]], np.float32)).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    known = ~np.isnan(table)
    means = np.where(known, table, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, means)
    low = filled.min(axis=0)
    spread = filled.max(axis=0) - low
    return np.asarray((filled - low) / np.where(spread > 0, spread, 1), np.float32)


def search(steps: Steps, name: str, matrix: FloatMatrix) -> dict[int, Losses]:
    """Experiment -> the losses of every epoch, of both parts."""
    return {each.number: trained(steps, f"{name}-{each.number}", name, each, matrix) for each in SEARCHES[name]}


def trained(steps: Steps, step: str, search: str, each: Experiment, matrix: FloatMatrix) -> Losses:
    """Train once; the encoder lies in a folder of the step's name, its losses in the step."""
    epochs = QUICK_EPOCHS if steps.quick else EPOCHS[search]
    config = replace(
        SQUARED_ERROR,  # its rate falls from 2e-3 to 0: the mean is 1e-3, the default of Keras's Adam
        latent=each.latent,
        widths=each.widths,
        activations=each.activations,
        epochs=epochs,
        patience=epochs,  # nothing stops early
        batch=QUICK_BATCH if steps.quick else BATCH,
        held_out=HELD_OUT,
        sample=QUICK_SONGS if steps.quick else len(matrix),
    )

    def call() -> Losses:
        found = train_autoencoder(matrix, config, track=steps.track)
        folder = steps.folder / step
        folder.mkdir(exist_ok=True)
        found.encoder.save(folder, {})
        # Losses come as shares of the training songs' mean square; that of all songs turns them back into squared
        # errors, on thousands of songs within 0.1 %.
        unit = float(np.mean(matrix.astype(np.float64) ** 2))
        return {
            "training": [round(unit * epoch.train_reconstruction, 7) for epoch in found.history],
            "validation": [round(unit * epoch.valid_reconstruction, 7) for epoch in found.history],
        }

    return steps.done(step, call)


def principal(matrix: FloatMatrix, size: int) -> tuple[npt.NDArray[np.float64], FloatMatrix]:
    """The columns' means, and the `size` directions of most variance, float32 (columns, size)."""
    means_ = matrix.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(np.cov((matrix - means_).T))
    return means_, np.asarray(vectors[:, np.argsort(-values)[:size]], np.float32)


def linear_loss(matrix: FloatMatrix, size: int) -> float:
    """Squared error of principal components on a fifth of the rows, fitted to the others."""
    order = np.random.default_rng(0).permutation(len(matrix))
    held = round(HELD_OUT * len(matrix))
    middle, axes = principal(matrix[order[held:]], size)
    rows = matrix[order[:held]] - middle
    return float(np.mean((rows - rows @ axes @ axes.T) ** 2))


def losses_table(steps: Steps, name: str, matrix: FloatMatrix, by_experiment: Mapping[int, Losses]) -> Comparison:
    """A table of the paper, our losses beside its."""
    variance = float(matrix.var(axis=0, dtype=np.float64).mean())
    lines = []
    for each in SEARCHES[name]:
        losses = by_experiment[each.number]
        ours = {
            "training loss": losses["training"][-1],
            "validation loss": losses["validation"][-1],
            "of the variance": losses["validation"][-1] / variance,
            "PCA of this size": linear_loss(matrix, each.latent),
        }
        published = {"training loss": each.training, "validation loss": each.validation}
        lines.append(Line(each.label, ours, published))
    number, columns = {
        "tabular": (1, "columns, min-max scaled"),
        "lyrics": (2, "of the sentence vector, scaled to mean square 1"),
    }[name]
    epochs = QUICK_EPOCHS if steps.quick else EPOCHS[name]
    title = f"Table {number}: mean squared error after {epochs} epochs, {matrix.shape[1]} {columns}"
    return Comparison(title, lines)
