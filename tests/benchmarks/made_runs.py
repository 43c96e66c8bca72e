"""Runs for tests, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.report.origin import Code
from benchmarks.report.run import Result, Run

SETTING = "5 seeds, random"


def made_run(
    system: str,
    scores: Mapping[str, Sequence[float]],
    *,
    task: str = "continuation-a",
    digest: str = "q",
    catalogue: str = "c",
    code: str = "0123456789abcdef",
) -> Run:
    """A run with one setting."""
    return Run(
        task=task,
        system=system,
        settings={SETTING: Result(digest=digest, scores=scores, median_ms=1.5, p99_ms=9.0, facts={"songs": 3.0})},
        tuning="nothing",
        fit_s=1.0,
        peak_mib=100.0,
        code=Code(commit="0a1b2c3d4e5f" if code else "", sha256=code),
        config={},
        data={"protocol": 1, "catalogue": catalogue, "limit": None},
        machine={"cpu": "x"},
        date="2026-11-20",
        command=f"run {system}",
    )
