"""Steps: the parts of a reproduction, each done once and its result kept, so that a run that was cut goes on."""

from __future__ import annotations

import ast
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.data.dataset import Dataset
from benchmarks.papers.product import Catalogue, Track, write_whole
from benchmarks.report.origin import ROOT, code_digest, measuring_code

T = TypeVar("T")
HOME = Path(__file__).parent
PACKAGE = "benchmarks.papers"


@dataclass(frozen=True, slots=True)
class Steps:
    """What a reproduction reads, and where it keeps what it has done.

    dataset     the catalogue without its test playlists, and its index
    catalogue   open; labels and tags are read from it
    folder      one for these data, this index, this code and this size
    quick       small samples, few epochs: under two minutes, for tests and a first look
    """

    dataset: Dataset
    catalogue: Catalogue
    folder: Path
    quick: bool
    track: Track

    @classmethod
    def of(cls, name: str, dataset: Dataset, catalogue: Catalogue, work: Path, *, quick: bool, track: Track) -> Steps:
        index = json.dumps([dataset.config(), dataset.index.manifest["encoder"]], sort_keys=True)
        state = "|".join((dataset.fingerprint, index, measuring_code().sha256, code_of(name), str(quick)))
        folder = work / "reproductions" / name / hashlib.sha256(state.encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        return cls(dataset, catalogue, folder, quick, track)

    def done(self, step: str, call: Callable[[], T]) -> T:
        """What `call` returns, made of what JSON holds; read where an earlier run has done it."""
        path = self.folder / f"{step}.json"
        if path.is_file():
            earlier: T = json.loads(path.read_bytes())["result"]
            return earlier
        start = time.perf_counter()
        result = call()
        content: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 2), "result": result}
        write_whole(path, json.dumps(content))
        return result

    @property
    def seconds(self) -> float:
        """Wall clock of the steps that are done, whichever run did them."""
        return float(sum(json.loads(path.read_bytes())["seconds"] for path in self.folder.glob("*.json")))


def code_of(name: str) -> str:
    """A digest of a reproduction's modules, and of those of this package that they import, and so on.

    `neural-playlist` is neural_playlist.py or a folder of that name.
    """
    stem = name.replace("-", "_")
    left = [*HOME.glob(f"{stem}.py"), *HOME.glob(f"{stem}/*.py")]
    if not left:
        raise ValueError(f"{HOME} holds no module {stem}; expected one for the reproduction {name!r}")
    found: set[Path] = set()
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _imported(path)
    return code_digest(sorted(path.relative_to(ROOT).as_posix() for path in found))


def _imported(path: Path) -> list[Path]:
    """The modules of this package that a module imports, at its head or within a function."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            named |= {each.name for each in node.names}
    inside = [name.removeprefix(PACKAGE).replace(".", "/") for name in named if f"{name}.".startswith(f"{PACKAGE}.")]
    places = [Path(f"{HOME}{each}{ending}") for each in inside for ending in (".py", "/__init__.py")]
    return [place for place in places if place.is_file()]
