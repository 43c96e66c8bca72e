"""Where figures come from: the commit and the digest of the code that measures, and the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from indexer.catalogue.places import shown_place

ROOT = Path(__file__).parents[2]
# What decides figures. Tables, reproductions and the ways to call the engine do not.
MEASURING = ("engine", "indexer", "benchmarks/data", "benchmarks/judge", "benchmarks/systems", "benchmarks/tasks")
NOT_MEASURING = ("engine/cli", "engine/service", "engine/atlas/page")
PROSE = ".md"  # the ending of files that no program reads
LIBRARIES = ("refrain", "numpy", "scipy", "torch", "transformers", "sentence-transformers", "keras", "faiss-cpu",
             "faiss-gpu-cu12", "tantivy", "scikit-learn", "rank-bm25", "bm25s", "implicit", "ir-measures", "numba",
             "hnswlib", "usearch", "voyager", "lancedb", "qdrant-edge-py")  # fmt: skip


class Code(BaseModel):
    """The code that measured.

    commit   the last commit that changed it, 12 digits; "" outside a git clone, and in runs before it was recorded
    dirty    whether files differ from that commit
    sha256   of the sources' bytes, 16 digits; runs may share a table only where this is the same
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    commit: str = ""
    dirty: bool = False
    sha256: str = ""

    @property
    def recorded(self) -> bool:
        return bool(self.sha256)

    def __str__(self) -> str:
        """As tables say it.

        >>> str(Code(commit="0a1b2c3d4e5f", dirty=True, sha256="77")), str(Code())
        ('0a1b2c3d4e5f with changes', 'unrecorded code')
        """
        if not self.recorded:
            return "unrecorded code"
        return f"{self.commit or f'code {self.sha256}'}{' with changes' if self.dirty else ''}"


@cache
def measuring_code() -> Code:
    """The code of this process, read once."""
    paths = ("--", *MEASURING, *(f":(exclude){each}" for each in (*NOT_MEASURING, f"*{PROSE}")))
    commit = _git("log", "-1", "--format=%H", *paths)[:12]
    dirty = bool(commit) and bool(_git("status", "--porcelain", *paths))
    return Code(commit=commit, dirty=dirty, sha256=code_digest(MEASURING, NOT_MEASURING))


def code_digest(places: Sequence[str], left_out: Sequence[str] = ()) -> str:
    """16 digits for what lies at these places below ROOT, files or whole folders: programs and the data they read.

    Not read are Python's own files of programs, hidden files and prose. ValueError where a place holds nothing.
    """
    digest = hashlib.sha256()
    for place in places:
        files = [path for path in _files(ROOT / place) if not any(path.is_relative_to(ROOT / o) for o in left_out)]
        if not files:
            raise ValueError(f"{ROOT / place} holds no file of code; check the repository out again")
        for path in files:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _files(place: Path) -> list[Path]:
    """The files that a place is or holds, in the order of their names."""
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [path for path in found if path.is_file() and path.suffix != PROSE and not _is_by_the_way(path)]


def _is_by_the_way(path: Path) -> bool:
    """Whether Python, an editor or a system wrote it beside the code."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(ROOT).parts)


def _git(*words: str) -> str:
    """What git prints about this clone; "" where there is no git or no clone."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def reading(catalogue: str, config: Path | None, encoded: Path | None) -> list[str]:
    """The words of a command that say what it reads, as runs and records keep them: without user and password.

    config    TOML file, and `encoded` the index whose vectors are taken over; None where the command was given none

    >>> reading("postgresql://ada:secret@db.example/songs", Path("tiny.toml"), None)
    ['--catalogue', 'postgresql://db.example/songs', '--config', 'tiny.toml']
    """
    given = {"--catalogue": shown_place(catalogue), "--config": config, "--encoded": encoded}
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def machine() -> dict[str, object]:
    """Processor, cores, memory, threads and the libraries that count."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory, 1),
        "threads": os.environ.get("OMP_NUM_THREADS", "one a core"),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "libraries": versions(LIBRARIES),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    units = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {name}" in flags]
    return f"{names[0] if names else platform.machine()} ({', '.join(units) or 'no vector units'})"


def versions(names: Iterable[str]) -> dict[str, str]:
    """Name -> version of those libraries that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # not installed: that is what the list says by leaving it out
            continue
    return found


def same_versions(before: Mapping[str, str]) -> bool:
    """Whether each library that was there still is, in the same version; one that has come since decided nothing.

    >>> same_versions({"numpy": versions(["numpy"])["numpy"]}), same_versions({"numpy": "0.1"}), same_versions({})
    (True, False, True)
    """
    return versions(before) == before
