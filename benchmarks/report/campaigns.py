"""Campaigns: the runs of one state of the code together, in results/<date>-<commit>/."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.report.origin import Code
from benchmarks.report.run import Run

CHANGED = "-changed-"  # in the folder's name: the code differed from the commit
MIXED = "MIXED.md"  # in a campaign's folder: why its runs come from more than one state of the code


class MixedCampaignError(ValueError):
    """Runs of different code would stand in one table."""


def campaign_folder(results: Path, code: Code) -> Path:
    """Where runs of this code are written: the folder that it has, else a new one of today.

    Code that differs from its commit has a folder of its own, so that it is never mistaken for the commit.
    """
    name = code.commit[:7] or code.sha256[:7]
    if code.dirty:
        name += f"{CHANGED}{code.sha256[:7]}"
    for folder in sorted(results.glob(f"????-??-??-{name}"), reverse=True):
        return folder
    return results / f"{time.strftime('%Y-%m-%d', time.gmtime())}-{name}"


def campaigns(results: Path) -> list[Path]:
    """Folders with runs, the newest last; in one day, the one written to last."""
    found = [folder for folder in results.glob("*/") if any(folder.glob("*/*.json"))]
    return sorted(found, key=lambda folder: (folder.name[:10], folder.stat().st_mtime, folder.name))


def is_mixed(folder: Path) -> bool:
    return (folder / MIXED).is_file()


def latest(results: Path) -> Path:
    """The newest campaign of one commit; else the newest of code with changes; else the newest of all."""
    newest_first = campaigns(results)[::-1]
    if not newest_first:
        raise ValueError(f"{results} holds no runs; make some with `python -m benchmarks run TASK`")
    return min(newest_first, key=lambda folder: (is_mixed(folder), CHANGED in folder.name))  # the first of equals


def refuse_mixed(runs: Iterable[Run], where: object) -> None:
    """Raise where runs are of different code, or of code that was not recorded."""
    listed = list(runs)
    codes: dict[str, list[str]] = {}
    for run in listed:
        codes.setdefault(str(run.code), []).append(f"{run.task} {run.system}")
    digests = {run.code.sha256 for run in listed}
    if len(digests) > 1 or "" in digests:
        found = "; ".join(f"{code}: {len(names)} runs, {names[0]} first" for code, names in codes.items())
        raise MixedCampaignError(
            f"{where} holds runs of {found}; expected one recorded state of the code. Run the tasks again, or pass "
            "--mixed to see them beside each other all the same"
        )
