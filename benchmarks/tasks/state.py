"""State: all that decides the figures of a task's runs, so that what is measured already is known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data.dataset import PROTOCOL, Place
from benchmarks.report.origin import LIBRARIES, measuring_code, same_versions, versions
from benchmarks.report.run import Run
from benchmarks.tasks.as_it_is import recorded
from benchmarks.tasks.running import Task
from indexer.store.generations import open_generation


@dataclass(frozen=True, slots=True)
class State:
    """All that decides the figures of a task's runs beside the system: runs of two states are not each other's.

    index     configuration and encoder of the indexes, as `run_of` records them; empty where the task reads none
    data      what runs record of what they read: the catalogue, files beside it, and the limit
    """

    index: Mapping[str, Any]
    data: Mapping[str, Any]

    @classmethod
    def of(cls, task: Task, place: Place | None, catalogue: str, limit: int | None) -> State:
        """Of a task that reads this dataset, None where it reads none.

        catalogue   its whole fingerprint
        """
        if place is None:
            return cls({}, {**task.reads(), "limit": limit})
        if task.as_it_is:
            return cls({}, {**recorded(place.index), "limit": limit})
        generation = open_generation(place.index)
        try:
            manifest = generation.manifest
            index = {"index": json.loads(manifest["config"]), "encoder": manifest["encoder"]}
        finally:
            generation.close()
        return cls(index, {"protocol": PROTOCOL, "catalogue": catalogue, **task.reads(), "limit": limit})

    def is_of(self, run: Run) -> bool:
        """Whether the run came about in this state, by this code and with these libraries."""
        return (
            run.code.sha256 == measuring_code().sha256
            and same_versions(run.machine.get("libraries", {}))
            and all(run.config.get(name) == value for name, value in self.index.items())
            and all(run.data.get(name) == value for name, value in self.data.items())
        )

    @property
    def digest(self) -> str:
        """12 digits, for the folder of what is not finished."""
        said = [measuring_code().sha256, versions(LIBRARIES), self.index, self.data]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def finished(out: Path, task: str, system: str, state: State) -> tuple[Path, ...]:
    """Files of a system's runs of this state: one, or all variants of a system that was measured in several."""
    files: dict[str, Path] = {}
    together: set[str] = set()
    folders = [out / task, *out.glob(f"{task}-*")]  # a task of several sizes has a folder for each
    for path in sorted(path for folder in folders for path in folder.glob("*.json")):
        run = Run.load(path)
        variants = run.data.get("variants", [run.system])
        if (run.system == system or run.system.startswith(f"{system}, ")) and state.is_of(run):
            files[run.system] = path
            together.update(variants)
    return tuple(files.values()) if together <= files.keys() else ()


def unfinished_folder(work: Path, task: str, systems: Sequence[str], state: State) -> Path:
    """Where the answers of an interrupted run of this state lie."""
    named = hashlib.sha256(" ".join(systems).encode()).hexdigest()[:6]
    return work / "unfinished" / f"{task}-{named}-{state.digest}"
