"""Scaling: what a build and its answers take against the number of songs, with the exponent of each stage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.report.run import Run
from benchmarks.report.tables import number
from benchmarks.tasks.scale import BUILD, MEASURES, QUERY, WHOLE

TIMED = "ms"
NAMES = {**MEASURES, TIMED: "median ms of an answer"}
LEAST = {
    "s": 0.2,
    "CPU s": 0.2,
}  # stages below this at the largest size are not drawn and have no exponent: the clock says 0.1
Curves = Mapping[str, Sequence[tuple[int, float]]]


def curves(runs: Sequence[Run], measure: str) -> Curves:
    """Stage, or kind of answer, -> (songs, value) by rising number of songs. Bytes are of the whole, not a song."""
    found: dict[str, dict[int, float]] = {}
    for run in runs:
        songs = int(run.data["songs"])
        for setting, result in run.settings.items():
            kind = QUERY if measure == TIMED else BUILD
            if not setting.startswith(kind) or measure not in result.scores:
                continue
            value = float(np.median(result.scores[measure])) * (songs if measure == "B/song" else 1)
            found.setdefault(setting.removeprefix(kind), {})[songs] = value
    least = LEAST.get(measure, 0.0)
    return {name: sorted(each.items()) for name, each in found.items() if each[max(each)] > least}


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """The slope of log value on log songs by least squares, of the points above 0; NaN for fewer than two.

    >>> round(exponent([(10, 3.0), (100, 30.0), (1000, 300.0)]), 3)
    1.0
    >>> round(exponent([(10, 2.0), (1000, 20.0)]), 3)
    0.5
    """
    known = [(math.log(songs), math.log(value)) for songs, value in points if value > 0]
    if len({songs for songs, _ in known}) < 2:
        return math.nan
    x, y = np.array(known).T
    return float(np.polyfit(x, y, 1)[0])


def scaling_tables(runs: Sequence[Run]) -> list[Table]:
    """A table for each measure: a line a stage, a column a size, the exponent last."""
    tables = []
    for measure, title in NAMES.items():
        shown = curves(runs, measure)
        sizes = sorted({songs for points in shown.values() for songs, _ in points})
        table = Table("", *(f"{songs:,}" for songs in sizes), "exponent", title=f"scale: {title}", title_justify="left")
        for name, points in shown.items():
            values = dict(points)
            shares = {songs: value / (songs if measure == "B/song" else 1) for songs, value in values.items()}
            cells = [number(shares[songs]) if songs in shares else "" for songs in sizes]
            table.add_row(name, *cells, _exponent_text(points), style="bold" if name == WHOLE else "")
        if sizes:
            tables.append(table)
    return tables


def plot_scaling(runs: Sequence[Run], out: Path) -> Iterator[Path]:
    """Time, memory, disk and the time of answers against songs, both logarithmic, a line a stage."""
    out.mkdir(parents=True, exist_ok=True)
    for measure, title in NAMES.items():
        shown = curves(runs, measure)
        if shown:
            yield _lines(
                shown, title.removesuffix(" a song"), out / f"scale-{measure.partition('/')[0].replace(' ', '-')}.png"
            )


def _lines(shown: Curves, title: str, path: Path) -> Path:
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    ranked = sorted(shown.items(), key=lambda each: -each[1][-1][1])
    colours = colormaps["tab20"]
    for place, (name, points) in enumerate(ranked):
        whole = name == WHOLE
        axes.plot(
            *zip(*points, strict=True), marker="o", markersize=3, linewidth=2.5 if whole else 1,
            color="black" if whole else colours(place % colours.N), label=f"{name}: {_exponent_text(points)}",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("songs")
    axes.set_ylabel(title)
    axes.set_title(f"scale: {title}; the exponent of songs beside each name", loc="left", fontsize=10)
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)
    return path


def _exponent_text(points: Sequence[tuple[int, float]]) -> str:
    slope = exponent(points)
    return "" if math.isnan(slope) else f"{slope:.2f}"
