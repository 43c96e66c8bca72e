"""Watching a build in a process of its own: for each stage its seconds, its memory at its highest, its bytes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import RefrainError
from indexer.store.artefacts import owner_of
from indexer.store.generations import JOURNAL, open_generation

POLL_S = 0.02
_OWN = "RssAnon"  # memory that is the process's alone, without the files that it has mapped
_HIGHEST = "VmHWM"
_NOTHING = (0.0, 0.0, 0.0)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Watched:
    """A stage, or a whole build, as it was seen from outside.

    seconds   0 for a stage that was kept;  cpu_s  of the processor, all threads: what a busy machine does not change
    peak_mib  resident memory at its highest, mapped files among it;  own_mib  without them, as far as looking every
              POLL_S seconds shows; 0 where the system does not say
    bytes     of the files that it wrote
    """

    name: str
    action: str
    seconds: float
    cpu_s: float
    peak_mib: float
    own_mib: float
    bytes: int


def watched_build(catalogue: str, index: Path, *options: str, command: Sequence[str] = ()) -> list[Watched]:
    """Build an index by `refrain build` and watch it; every stage in order, and last the "whole", the command itself.

    command   runs before `refrain`'s words, as "nice"
    RefrainError where the build fails.
    """
    words = [*command, sys.executable, "-m", "engine.cli", "build", "--catalogue", catalogue, "--index", str(index)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen([*words, "--json", *options], stdout=out, stderr=err)
        watch = _Watch(process.pid, index)
        code = process.wait()
        seconds = time.perf_counter() - start
        watch.close()
        for stream in (out, err):
            stream.seek(0)
        if code:
            raise RefrainError(f"the build of {index} failed: {err.read().decode('utf-8', 'replace').strip()[-500:]}")
        report = json.loads(out.read())
    sizes = _sizes(index)
    seen = iter(watch.seen)
    stages = []
    for stage in report["stages"]:
        peak, own, cpu = _NOTHING if stage["action"] == "keep" else next(seen, _NOTHING)
        stages.append(
            Watched(stage["name"], stage["action"], stage["seconds"], cpu, peak, own, sizes.get(stage["name"], 0))
        )
    peak, own = (max(each[i] for each in watch.seen) for i in (0, 1))
    cpu = round(sum(each[2] for each in watch.seen), 1)
    return [*stages, Watched("whole", report["kind"], round(seconds, 1), cpu, peak, own, sum(sizes.values()))]


def _sizes(index: Path) -> dict[str, int]:
    """Stage -> bytes of its files in the generation in use."""
    sizes: dict[str, int] = {}
    generation = open_generation(index)
    try:
        for name, facts in generation.manifest["files"].items():
            if artefact := owner_of(name):
                sizes[artefact.stage] = sizes.get(artefact.stage, 0) + int(facts["bytes"])
    finally:
        generation.close()
    return sizes


class _Watch:
    """Looks at a process's memory and time; the journal of its draft says when a stage ends.

    seen   of each stage that was done: (MiB resident, MiB its own, seconds of the processor); what goes before
           the first stage counts as its; last, what came after the last stage
    """

    def __init__(self, pid: int, index: Path):
        self._process, self._index = Path(f"/proc/{pid}"), index
        self.seen: list[tuple[float, float, float]] = []
        self._own = self._resident = self._cpu = self._before = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._next(1)

    def _look(self) -> None:
        done, changed = 0, 0
        while not self._ended.wait(POLL_S):
            self._read()
            journal = max(self._index.glob(f"generations/.*/{JOURNAL}"), default=None, key=_changed)
            if journal is None or (now := _changed(journal)) == changed:
                continue
            try:
                many = len(json.loads(journal.read_text("utf-8")))
            except (OSError, ValueError):  # published just now
                continue
            changed = now
            if many > done:
                self._next(many - done)
                done = many

    def _read(self) -> None:
        try:
            facts = dict(
                line.split(":", 1) for line in (self._process / "status").read_text().splitlines() if ":" in line
            )
        except OSError:  # no Linux, or the process has just ended
            return
        self._resident = max(self._resident, _mib(facts.get(_HIGHEST)))
        self._own = max(self._own, _mib(facts.get(_OWN)))
        with contextlib.suppress(OSError):
            times = (self._process / "stat").read_text().rpartition(")")[2].split()
            self._cpu = (int(times[11]) + int(times[12])) / _TICKS

    def _next(self, many: int) -> None:
        """The stage at work is over; so are those that took no time, which get the same."""
        self._read()
        took = round(self._cpu - self._before, 2)
        self.seen += [(self._resident, self._own, took), *[(self._resident, self._own, 0.0)] * (many - 1)]
        self._resident, self._own, self._before = 0.0, 0.0, self._cpu
        with contextlib.suppress(OSError):  # no Linux, or the process has just ended
            (self._process / "clear_refs").write_text("5")  # the highest begins anew


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _mib(value: Any) -> float:
    return int(str(value).split()[0]) / 1024 if value else 0.0
