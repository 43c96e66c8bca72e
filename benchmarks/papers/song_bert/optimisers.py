"""The paper's figure 1: AdamW, Adagrad and plain gradient descent on its final model, loss by step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.judge.paired import differences
from benchmarks.papers import Findings
from benchmarks.papers.product import Sizes, cross_entropy, join, new_network
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.song_bert.labelled import Labelled
from benchmarks.papers.song_bert.models import HEAD, Inputs
from benchmarks.papers.steps import Steps

if TYPE_CHECKING:
    import torch

EPOCHS, BATCH = 5, 16  # five epochs as in the paper; of its batches it says "small"
STEPS_A_POINT = 10  # whose losses are averaged into a point of the curve
SHOWN = ("first loss", "training loss", "validation loss", "rise")
RATES = {
    "AdamW": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "Adagrad": (3e-3, 1e-2, 3e-2, 1e-1, 3e-1),
    "SGD": (3e-2, 1e-1, 3e-1, 1.0, 3.0),
}


def figure_1(steps: Steps, songs: Labelled) -> Findings:
    """Final losses at each optimiser's best rate, and the losses by step."""
    runs = {name: steps.done(f"optimiser-{name}", partial(_searched, steps, songs, name)) for name in RATES}
    lines = [Line(f"{name} at {run['rate']:g}", {key: run[key] for key in SHOWN}) for name, run in runs.items()]
    order = sorted(runs, key=lambda name: runs[name]["validation loss"])
    lost = {name: run["held"] for name, run in runs.items()}
    (difference,) = differences(lost, [(order[0], order[-1])])
    said = (
        "The paper found AdamW best and most steady and Adagrad stuck early; its grid of rates is not printed. Here, "
        f"at the best of five rates each, the validation losses rise from {order[0]} over {order[1]} to {order[2]} "
        f"(p = {difference.p:.2g} between the first and the last, {songs.validation.sum()} songs); rise is what "
        "a curve climbs between its points, all taken together."
    )
    curves = {f"training loss by step, {name}": run["curve"] for name, run in runs.items()}
    title = f"Figure 1: cross-entropy in nats after {EPOCHS} epochs in batches of {BATCH}"
    return Findings([Comparison(title, lines)], [said], curves)


def _searched(steps: Steps, songs: Labelled, name: str) -> dict[str, Any]:
    """The run with the lowest validation loss."""
    inputs = Inputs(steps, songs)
    rates = RATES[name][1::2] if steps.quick else RATES[name]
    runs = [_run(inputs, name, rate) for rate in steps.track(rates, f"train with {name}", len(rates))]
    return min(runs, key=lambda run: float(run["validation loss"]))


def _run(inputs: Inputs, name: str, rate: float) -> dict[str, Any]:
    import torch

    songs = inputs.songs
    vectors = inputs.vectors("fine-tuned")
    sizes = Sizes(vectors.shape[1], inputs.topics.shape[1], inputs.audio.shape[1])
    rows = torch.from_numpy(join(vectors, inputs.topics, inputs.audio, sizes))
    wanted = torch.eye(len(songs.names))[torch.from_numpy(songs.classes)]
    rng = np.random.default_rng(0)
    losses: list[float] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = new_network(sizes, len(songs.names), HEAD)
        optimizer = _optimizer(name, [each for part in network for each in part.parameters()], rate)
        for _ in range(EPOCHS):
            order = rng.permutation(np.flatnonzero(songs.train))
            for batch in np.array_split(order, max(1, len(order) // BATCH)):
                optimizer.zero_grad()
                loss = cross_entropy(network, rows[batch], wanted[batch])
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(loss.item())
        for part in network:
            part.eval()
        with torch.no_grad():
            held = [cross_entropy(network, rows[[i]], wanted[[i]]).item() for i in np.flatnonzero(songs.validation)]
    curve = smoothed(np.array(losses))
    values = np.array([value for _, value in curve])
    return {
        "rate": rate,
        "first loss": curve[0][1],
        "training loss": curve[-1][1],
        "validation loss": round(float(np.mean(held)), 4) if np.isfinite(held).all() else 1e9,
        "rise": round(float(np.maximum(np.diff(values), 0).sum()), 4),
        "curve": curve,
        "held": held,
    }


def smoothed(losses: npt.NDArray[np.float64]) -> list[list[float]]:
    """[step, mean loss of the STEPS_A_POINT steps that end with it]; a rest that fills no point is left out.

    >>> smoothed(np.arange(25.0))
    [[10, 4.5], [20, 14.5]]
    """
    points = len(losses) // STEPS_A_POINT
    whole = losses[: points * STEPS_A_POINT].reshape(points, STEPS_A_POINT).mean(axis=1)
    return [[(i + 1) * STEPS_A_POINT, round(float(value), 4)] for i, value in enumerate(whole)]


def _optimizer(name: str, parameters: list[Any], rate: float) -> torch.optim.Optimizer:
    import torch

    if name == "AdamW":
        return torch.optim.AdamW(parameters, rate, weight_decay=HEAD.weight_decay)
    kinds: dict[str, Any] = {"Adagrad": torch.optim.Adagrad, "SGD": torch.optim.SGD}
    optimizer: torch.optim.Optimizer = kinds[name](parameters, rate)
    return optimizer
