"""One thread, one core: what a system takes when nobody shares the work, the same for all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# What the libraries under test read when they are loaded: OpenMP and BLAS, numba, Rust's rayon and tokio, Lance.
VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS", "LANCE_CPU_THREADS",
)  # fmt: skip


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that are started inside the block are told to take one thread each."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def keep_to_one_core() -> None:
    """Keep this process, and every thread that it starts from here on, on one core (Linux; elsewhere nothing is done).

    Some libraries have threads that no variable rules; on one core they take turns.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
