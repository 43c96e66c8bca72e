"""Locks of an index folder: one writer at a time, and no generation removed that somebody reads."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from indexer.errors import RefrainError

if sys.platform == "win32":  # files that are open cannot be removed there, which is lock enough for readers

    def lock_shared(file: int) -> None: ...

    def held(path: Path) -> bool:
        return False

    @contextlib.contextmanager
    def writer_lock(index: Path) -> Iterator[None]:
        yield

else:
    import fcntl

    def lock_shared(file: int) -> None:
        with contextlib.suppress(OSError):  # a file system without locks: the reader goes on unprotected
            fcntl.flock(file, fcntl.LOCK_SH)

    def held(path: Path) -> bool:
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    @contextlib.contextmanager
    def writer_lock(index: Path) -> Iterator[None]:
        with (index / ".writer").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RefrainError(
                    f"another `refrain build` or `update` is writing {index}; wait until it ends, then try again"
                ) from None
            yield
