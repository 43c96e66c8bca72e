"""Runs: what one system scored on one task, query by query, in one small JSON file; no lyric, name or id is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from indexer.store.files import write_whole

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One set of queries.

    asked     digest of queries and answers: only scores of the same can be paired
    scores    metric -> one score a query, in the order of asking
    median_ms, p99_ms   of one query; None where answers were not timed one by one
    facts     what else was measured
    """

    asked: str
    scores: Mapping[str, Sequence[float]]
    median_ms: float | None = None
    p99_ms: float | None = None
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def queries(self) -> int:
        return len(next(iter(self.scores.values()), ()))


@dataclass(frozen=True, slots=True)
class Run:
    """What one system scored on one task, and all that is needed to do it again.

    settings   by name, in the order of tables
    tuning     the system's tuning budget in a sentence
    fit_s      learning and tuning, wall clock; peak_mib is the most memory its process held, data included
    config     of the index, and the weights where the system has some
    """

    task: str
    system: str
    settings: Mapping[str, Setting]
    tuning: str
    fit_s: float
    peak_mib: float
    config: Mapping[str, Any]
    data: Mapping[str, Any]
    machine: Mapping[str, Any]
    date: str
    command: str

    @property
    def is_refrain(self) -> bool:
        return self.system.startswith("refrain")

    def save(self, folder: Path) -> Path:
        """Write folder/task/system.json; what was there is replaced whole."""
        path = run_file(folder, self.task, self.system)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, self.to_json())
        return path

    def to_json(self) -> str:
        """Readable, with each list of scores on one line."""
        content = {"format": FORMAT_VERSION, **asdict(self)}
        settings = content.pop("settings")
        head = json.dumps(content, indent=1, ensure_ascii=False).removesuffix("\n}")
        lines = []
        for name, setting in settings.items():
            scores = setting.pop("scores")
            body = json.dumps(setting, ensure_ascii=False).removesuffix("}")
            lists = ",\n".join(f"   {json.dumps(m)}: {json.dumps(v, separators=(',', ':'))}" for m, v in scores.items())
            lines.append(f'  {json.dumps(name, ensure_ascii=False)}: {body}, "scores": {{\n{lists}\n  }}}}')
        return head + ',\n "settings": {\n' + ",\n".join(lines) + "\n }\n}\n"

    @classmethod
    def load(cls, path: Path) -> Run:
        try:
            content = json.loads(path.read_bytes())
            version = content.pop("format")
            settings = {name: Setting(**setting) for name, setting in content.pop("settings").items()}
            run = cls(settings=settings, **content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} is not a run ({error!r}); expected what `python -m benchmarks run` writes"
            ) from error
        if version != FORMAT_VERSION:
            raise ValueError(f"{path} has format {version}, this program reads {FORMAT_VERSION}; run the task again")
        return run


def run_file(folder: Path, task: str, system: str) -> Path:
    """Where a run is kept."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in system)
    return folder / task / f"{safe}.json"


def load_runs(folder: Path, task: str | None = None) -> dict[str, list[Run]]:
    """The runs of each task, refrain's first, then peers by name."""
    found: dict[str, list[Run]] = {}
    for path in sorted(folder.glob(f"{task or '*'}/*.json")):
        run = Run.load(path)
        found.setdefault(run.task, []).append(run)
    for runs in found.values():
        runs.sort(key=lambda run: (not run.is_refrain, run.system))
    return found
