"""Runs for tests, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.report.run import Run, Setting

SETTING = "5 seeds, random"


def made_run(
    system: str,
    scores: Mapping[str, Sequence[float]],
    *,
    task: str = "continuation-a",
    asked: str = "q",
    catalogue: str = "c",
) -> Run:
    """A run with one setting."""
    settings = {SETTING: Setting(asked, scores, 1.5, 9.0, {"songs": 3.0})}
    data = {"protocol": 1, "catalogue": catalogue}
    return Run(task, system, settings, "none", 1.0, 100.0, {}, data, {"cpu": "x"}, "2026-11-20", f"run {system}")
