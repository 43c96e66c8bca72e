"""Figures, from runs and records alone: means with bootstrap intervals, quality against time, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.judge.metrics import means
from benchmarks.papers.record import Record
from benchmarks.report.run import Result, Run

RESAMPLES = 1_000
INTERVAL = 95  # percent
HEADLINE = ("NDCG@500", "first", "P@10", "preserved", "recall@100", "lyrics/s", "ms")  # the first that a setting has
OURS, THEIRS = "#c2410c", "#64748b"
_NONE = Result(digest="", scores={})


def bootstrap(scores: Sequence[float], metric: str, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean (of times: the median), by percentiles."""
    from scipy.stats import bootstrap as resampled

    if len(set(scores)) == 1:  # as many resamples of one value as one likes
        return float(scores[0]), float(scores[0])
    statistic = np.median if metric == "ms" else np.mean
    interval = resampled(
        (np.asarray(scores, np.float64),), statistic, n_resamples=RESAMPLES, confidence_level=INTERVAL / 100,
        method="percentile", rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return float(interval.low), float(interval.high)


def headline(runs: Sequence[Run], setting: str) -> str | None:
    """The metric that a setting is drawn by."""
    measured = {m for run in runs if setting in run.settings for m in run.settings[setting].scores}
    return next((metric for metric in HEADLINE if metric in measured), None)


def plot_task(runs: Sequence[Run], out: Path) -> Iterator[Path]:
    """Bars for each setting, quality against time where answers were timed, and what each tuning saw."""
    out.mkdir(parents=True, exist_ok=True)
    for run in runs:
        for profile, trace in run.config.get("traces", {}).items():
            yield _curves(run, profile, trace, out / f"{run.task}-{run.system}-tuning-{profile}.png")
    for number, setting in enumerate(dict.fromkeys(name for run in runs for name in run.settings)):
        metric = headline(runs, setting)
        taking_part = [run for run in runs if metric in run.settings.get(setting, _NONE).scores]
        if metric is None or not taking_part:
            continue
        yield _bars(taking_part, setting, metric, out / f"{runs[0].task}-{number}.png")
        if metric != "ms" and all(run.settings[setting].median_ms for run in taking_part):
            yield _against_time(taking_part, setting, metric, out / f"{runs[0].task}-{number}-time.png")


def plot_record(record: Record, out: Path) -> Iterator[Path]:
    """The curves of a reproduction, those whose names begin alike in one figure; a curve of its own is a histogram."""
    from matplotlib.figure import Figure

    out.mkdir(parents=True, exist_ok=True)
    groups: dict[str, list[str]] = {}
    for name in record.curves:
        groups.setdefault(name.replace(": ", ", ").partition(", ")[0], []).append(name)
    for number, (group, names) in enumerate(groups.items()):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.subplots()
        for name in names:
            x, y = np.array(record.curves[name], np.float64).T[:2]
            if len(names) == 1 and len(x) > 1:
                axes.bar(x, y, width=float(x[1] - x[0]), color=OURS)
            else:
                axes.plot(x, y, label=name.removeprefix(group).lstrip(",: "), linewidth=1)
        if len(names) > 1:
            axes.legend(fontsize=6, frameon=False)
        axes.set_title(f"{record.name}: {group}", fontsize=10)
        path = out / f"{record.name}-{number}.png"
        figure.savefig(path, dpi=120)
        yield path


def _bars(runs: Sequence[Run], setting: str, metric: str, path: Path) -> Path:
    from matplotlib.figure import Figure

    ranked = sorted(runs, key=lambda run: _mean(run, setting, metric))
    centres = np.array([_mean(run, setting, metric) for run in ranked])
    intervals = np.array([bootstrap(run.settings[setting].scores[metric], metric) for run in ranked])
    errors: npt.NDArray[np.float64] = np.abs(intervals.T - centres)
    figure = Figure(figsize=(7, 1.2 + 0.28 * len(ranked)), layout="constrained")
    axes = figure.subplots()
    axes.barh([run.system for run in ranked], centres, xerr=errors, color=_colours(ranked), capsize=2)
    axes.set_xlabel(f"{metric}, n = {runs[0].settings[setting].queries:,}, {INTERVAL} % bootstrap interval")
    axes.set_title(f"{runs[0].task}: {setting}", loc="left")
    figure.savefig(path, dpi=120)
    return path


def _against_time(runs: Sequence[Run], setting: str, metric: str, path: Path) -> Path:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    times = [run.settings[setting].median_ms or 0.0 for run in runs]
    quality = [_mean(run, setting, metric) for run in runs]
    axes.scatter(times, quality, c=_colours(runs))
    for run, x, y in zip(runs, times, quality, strict=True):
        axes.annotate(run.system, (x, y), xytext=(4, 3), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("median ms a query")
    axes.set_ylabel(metric)
    axes.set_title(f"{runs[0].task}: {setting}", loc="left")
    figure.savefig(path, dpi=120)
    return path


def _curves(run: Run, profile: str, trace: Sequence[tuple[int, str, float, float]], path: Path) -> Path:
    """Weight against metric, a panel a signal, a line a round: what golden section saw."""
    from matplotlib.figure import Figure

    signals = list(dict.fromkeys(signal for _, signal, _, _ in trace if signal))
    across = min(4, len(signals))
    down = -(-len(signals) // across)
    figure = Figure(figsize=(max(5, 2.25 * across), 1.8 * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for panel, signal in zip(panels, signals, strict=False):
        for turn in sorted({turn for turn, name, _, _ in trace if name == signal}):
            points = sorted((w, m) for t, name, w, m in trace if (t, name) == (turn, signal))
            panel.plot(*zip(*points, strict=True), marker=".", linewidth=1, label=f"round {turn}")
        panel.set_title(signal, loc="left", fontsize=9)
    panels[0].legend(fontsize=7)
    figure.suptitle(f"{run.system}, seeds: {profile}: metric on the tuning playlists by weight", x=0.01, ha="left")
    figure.savefig(path, dpi=120)
    return path


def _mean(run: Run, setting: str, metric: str) -> float:
    return means({metric: run.settings[setting].scores[metric]})[metric]


def _colours(runs: Sequence[Run]) -> list[str]:
    return [OURS if run.is_refrain else THEIRS for run in runs]
