"""Locks of an index folder: one writer at a time, and no generation removed that somebody reads. POSIX only."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from indexer.errors import BusyError, RefrainError
from indexer.store.files import parse_json
from indexer.waiting import Patience, Writer, take_turn, this_process

WRITER = ".writer"
_LONGEST = 1_000  # bytes in which a writer says who it is


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
def writer_lock(index: Path, patience: Patience | None = None) -> Iterator[None]:
    """Be the only writer of an index folder while the block runs; BusyError where another one is and patience ends.

    While it is locked the file says who writes. It is never followed, and not written to where it has another name:
    a link to another file is harmless. A process that is killed leaves no lock, and words that nobody believes.
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
        take_turn(lambda: _locked(descriptor, index), str(index), lambda: _writer(descriptor), patience or Patience())
        if is_gone(descriptor):
            raise BusyError(f"{index} was removed while this process waited for it; run this again")
        _sign(descriptor, this_process())
        try:
            yield
        finally:
            _sign(descriptor, None)
    finally:
        os.close(descriptor)


def _locked(file: int, index: Path) -> bool:
    """Lock the file for one writer; False where another one has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise RefrainError(
            f"{index} is on a disk without file locks ({error.strerror}); two writers would spoil it, "
            "choose another --index"
        ) from error
    return True


def _sign(file: int, writer: Writer | None) -> None:
    """Write into the lock file who has it, or that nobody does."""
    if os.fstat(file).st_nlink == 1:
        with contextlib.suppress(OSError):  # a full disk: those that wait are not told for whom
            os.ftruncate(file, 0)
            if writer is not None:
                os.pwrite(file, json.dumps(asdict(writer)).encode(), 0)


def _writer(file: int) -> Writer | None:
    """Who has the lock, by the file's words."""
    try:
        writer = Writer(**parse_json(os.pread(file, _LONGEST, 0)))
        named = isinstance(writer.pid, int) and all(
            isinstance(each, str) for each in (writer.command, writer.since, writer.host)
        )
    except (OSError, ValueError, TypeError):
        return None
    here = writer.host == os.uname().nodename
    return replace(writer, host="" if here else writer.host) if named else None


def _no_lock_file(path: Path) -> RefrainError:
    return RefrainError(f"{path} is no regular file, expected the lock of the index's writer; remove it and try again")
