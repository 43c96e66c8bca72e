"""Records: a paper's figures beside ours, in one small JSON file, with what differs in sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass
from rich.table import Table

from benchmarks.papers.product import write_whole
from benchmarks.report.run import read_result
from benchmarks.report.tables import number

FORMAT_VERSION: Literal[1] = 1


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Line:
    """What one system scored.

    published   metric -> the paper's figure, in our units (a share, not a percentage); empty where it has none
    ours        metric -> ours
    """

    system: str
    ours: Mapping[str, float]
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Comparison:
    """One table: systems down, metrics across, the paper's figure beside each of ours where it has one."""

    title: str
    lines: Sequence[Line]

    @property
    def metrics(self) -> list[str]:
        """In the order in which the lines bring them."""
        return list(dict.fromkeys(metric for line in self.lines for metric in (*line.ours, *line.published)))

    def rows(self) -> list[list[str]]:
        """The system, then "ours (published)" for each metric."""
        return [[line.system, *(_cell(line, metric) for metric in self.metrics)] for line in self.lines]

    def table(self) -> Table:
        shown = Table("system", *self.metrics, title=self.title, title_justify="left", box=None)
        for row in self.rows():
            shown.add_row(*row)
        return shown


def _cell(line: Line, metric: str) -> str:
    ours = number(line.ours[metric]) if metric in line.ours else "–"
    return f"{ours} ({number(line.published[metric])})" if metric in line.published else ours if ours != "–" else ""


class Record(BaseModel):
    """What a reproduction found, and all that is needed to do it again.

    paper     authors, year, title
    differs   sentences: what is not as in the paper, in data and method, and what the comparison says
    quick     small samples: no record of what the systems can do
    seconds   wall clock of all steps, those of an earlier, cut run included
    curves    name -> points, for the figures
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT_VERSION
    name: str
    paper: str
    comparisons: Sequence[Comparison]
    differs: Sequence[str]
    quick: bool
    seconds: float
    curves: Mapping[str, Sequence[Sequence[float]]]
    data: Mapping[str, Any]
    machine: Mapping[str, Any]
    date: str
    command: str

    def save(self, folder: Path) -> Path:
        """Write folder/name.json; what was there is replaced whole."""
        path = folder / f"{self.name}.json"
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n")
        return path

    @classmethod
    def load(cls, path: Path) -> Record:
        return read_result(cls, path, f"record of format {FORMAT_VERSION}", "reproduce")
