"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write `text` as UTF-8, line ends as given: a reader sees the file that was there before, or all of the new one.

    The text goes to a sibling first, so that a full disk or Ctrl-C leaves an older file as it was; when this
    returns, the new one outlasts a power cut. Half of a surrogate pair, which UTF-8 cannot hold, becomes "?".
    """
    staging = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        staging.write_bytes(text.encode("utf-8", "replace"))
        fsync(staging)
        os.replace(staging, path)
        fsync(path.parent)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def fsync(path: Path) -> None:
    """Put a file, or a folder's list of files, on the disk."""
    if path.is_dir() and sys.platform == "win32":
        return  # Windows cannot open a folder to flush it
    # Windows flushes only what was opened for writing; elsewhere a file may lack the right to be written.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def share_modes(folder: Path) -> None:
    """Give every file of a folder the mode that new files have: libraries write some for their user alone."""
    mask = os.umask(0)
    os.umask(mask)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o666 & ~mask)
