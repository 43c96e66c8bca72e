"""Runs: what one system scored on one task, query by query, in one small JSON file; no lyric, name or id is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks.judge.timing import spread
from benchmarks.report.origin import Code
from indexer.store.files import write_whole

FORMAT_VERSION: Literal[2] = 2

Model = TypeVar("Model", bound=BaseModel)


class Result(BaseModel):
    """What a system scored on one set of queries.

    digest    of queries and answers: only scores of the same can be paired
    scores    metric -> one score a query, in the order of the queries
    median_ms, p99_ms   of one query; None where answers were not timed one by one
    facts     what else was measured
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    scores: Mapping[str, Sequence[float]]
    median_ms: float | None = None
    p99_ms: float | None = None
    facts: Mapping[str, float] = Field(default_factory=dict)

    @classmethod
    def of_times(cls, digest: str, ms: Sequence[float], facts: Mapping[str, float] = MappingProxyType({})) -> Result:
        """Times, one a query, of questions whose answers nobody judges."""
        median, p99 = spread(ms)
        scores = {"ms": [round(each, 3) for each in ms]}
        return cls(digest=digest, scores=scores, median_ms=median, p99_ms=p99, facts=facts)

    @property
    def queries(self) -> int:
        return len(next(iter(self.scores.values()), ()))


class Run(BaseModel):
    """What one system scored on one task, and all that is needed to do it again.

    settings   by name, in the order of tables
    tuning     what was chosen for the system, on what, in how many trials, in a sentence
    fit_s      learning and tuning, wall clock
    build_s    building the index that it reads, from nothing; None where it was made from an older one
    peak_mib   the most memory its process had, data included
    code       that measured
    config     of the index, and the weights where the system has some
    data       what it read, and its limit; of runs that belong together, `variants`: the systems of all of them
    command    for a shell, without user and password of a catalogue
    notes      what a reader of the figures must know, in sentences
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = FORMAT_VERSION
    task: str
    system: str
    tuning: str
    fit_s: float
    build_s: float | None = None
    peak_mib: float
    code: Code
    config: Mapping[str, Any]
    data: Mapping[str, Any]
    machine: Mapping[str, Any]
    date: str
    command: str
    notes: Sequence[str] = Field(default_factory=list)
    settings: Mapping[str, Result]

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
        content = self.model_dump(mode="json")
        settings = content.pop("settings")
        head = json.dumps(content, indent=1, ensure_ascii=False).removesuffix("\n}")
        lines = []
        for name, result in settings.items():
            scores = result.pop("scores")
            body = json.dumps(result, ensure_ascii=False).removesuffix("}")
            lists = ",\n".join(f"   {json.dumps(m)}: {json.dumps(v, separators=(',', ':'))}" for m, v in scores.items())
            lines.append(f'  {json.dumps(name, ensure_ascii=False)}: {body}, "scores": {{\n{lists}\n  }}}}')
        return head + ',\n "settings": {\n' + ",\n".join(lines) + "\n }\n}\n"

    @classmethod
    def load(cls, path: Path) -> Run:
        return read_result(cls, path, f"run of format {FORMAT_VERSION}", "run")


def read_result(kind: type[Model], path: Path, name: str, command: str) -> Model:
    """What `python -m benchmarks COMMAND` wrote; ValueError says where a file is not a `name`."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(
            f"{path} is no {name} ({where}: {first['msg']}); expected what `python -m benchmarks {command}` writes: "
            f"{command} it again"
        ) from error


def run_file(folder: Path, task: str, system: str) -> Path:
    """Where a run lies in a campaign's folder."""
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
