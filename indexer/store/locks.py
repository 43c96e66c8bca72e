"""Locks of an index folder: one writer at a time, and no generation removed that somebody reads. POSIX only."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from indexer.errors import RefrainError

WRITER = ".writer"


def lock_shared(file: int) -> None:
    """Mark an open file as read; the mark goes when the file is closed."""
    with contextlib.suppress(OSError):  # a file system without locks: the reader goes on unprotected
        fcntl.flock(file, fcntl.LOCK_SH)


@contextlib.contextmanager
def unread(path: Path) -> Iterator[bool]:
    """Whether nobody holds `lock_shared` on the file, False also where that cannot be known; nobody can in the block.

    Who waits for it meanwhile gets the lock of a file that may be gone by then: `is_gone` tells.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        yield isinstance(error, FileNotFoundError)
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def is_gone(file: int) -> bool:
    """Whether an open file has been removed from its folder."""
    return os.fstat(file).st_nlink == 0


@contextlib.contextmanager
def writer_lock(index: Path) -> Iterator[None]:
    """Be the only writer of an index folder while the block runs; RefrainError where another one is.

    The lock file is never written to and never followed: a link to another file, or another name of it, is harmless.
    """
    path = index / WRITER
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR):
            raise _no_lock_file(path) from None
        raise RefrainError(f"{index} cannot be written ({error.strerror}); choose another --index") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _no_lock_file(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise RefrainError(
                    f"{index} is on a disk without file locks ({error.strerror}); two writers would spoil it, "
                    "choose another --index"
                ) from error
            raise RefrainError(
                f"another `refrain build` or `update` is writing {index}; wait until it ends, then try again"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _no_lock_file(path: Path) -> RefrainError:
    return RefrainError(f"{path} is no regular file, expected the lock of the index's writer; remove it and try again")
