"""Where figures come from: the commit and the digest of the code that measures, and the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).parents[2]
# What decides figures. Tables, reproductions and the ways to call the engine do not.
MEASURING = ("engine", "indexer", "benchmarks/data", "benchmarks/judge", "benchmarks/systems", "benchmarks/tasks")
NOT_MEASURING = ("engine/cli", "engine/service")
LIBRARIES = ("refrain", "numpy", "torch", "sentence-transformers", "keras", "faiss-cpu", "faiss-gpu-cu12", "tantivy",
             "scikit-learn", "rank-bm25", "bm25s", "implicit", "ir-measures")  # fmt: skip


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
    digest = hashlib.sha256()
    left_out = [ROOT / folder for folder in NOT_MEASURING]
    for folder in MEASURING:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not any(path.is_relative_to(each) for each in left_out):
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    paths = ("--", *MEASURING, *(f":(exclude){folder}" for folder in NOT_MEASURING))
    commit = _git("log", "-1", "--format=%H", *paths)[:12]
    dirty = bool(commit) and bool(_git("status", "--porcelain", *paths))
    return Code(commit=commit, dirty=dirty, sha256=digest.hexdigest()[:16])


def _git(*words: str) -> str:
    """What git prints about this clone; "" where there is no git or no clone."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


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
        "libraries": dict(_versions(LIBRARIES)),
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


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:  # not installed: that is what the list says by leaving it out
            continue
