"""What a fresh process takes: its memory after many requests, and whole commands from a cold start.

The process that counts memory imports this module, so that nothing here may load more than an engine needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.judge.timing import memory_mib, own_mib, resident_mib
from engine.engine import Engine
from engine.requests import request_from_dict
from indexer.errors import RefrainError

ROOT = Path(__file__).parents[2]


def memory_of_requests(index: Path, requests: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The memory of a process of its own that has answered some requests, whole, with all hits and reasons.

    requests   as JSON has them
    mib        what no other process has, pages of mapped files among it where no other process maps them
    own_mib        of it what no file holds
    resident_mib   all of it
    opened_mib     as `mib`, before the first request
    answered       how many; names that several songs have are refused
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_asked, index, requests).result()


def _asked(index: Path, requests: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    answered = 0
    with Engine.open(index) as engine:
        opened = memory_mib(os.getpid())
        for request in requests:
            try:
                engine.answer(request_from_dict(dict(request))).to_dict()
            except RefrainError:
                continue
            answered += 1
        return {
            "mib": round(memory_mib(os.getpid()), 1),
            "own_mib": round(own_mib(), 1),
            "resident_mib": round(resident_mib(), 1),
            "opened_mib": round(opened, 1),
            "answered": answered,
        }


def command_ms(index: Path, *words: str) -> float:
    """The milliseconds of a whole command of `refrain`, from its start to its end; RuntimeError where it fails."""
    command = [sys.executable, "-m", "engine.cli", *words, "--index", str(index)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    took = 1000 * (time.perf_counter() - start)
    if done.returncode != 0 or not done.stdout.strip():
        raise RuntimeError(f"refrain {words[0]} ended with {done.returncode}: {done.stderr.strip() or 'no answer'}")
    return took
