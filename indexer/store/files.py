"""Files that appear whole or not at all, and readers and writers that no link, pipe or full disk surprises."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import math
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from indexer.errors import IndexFormatError, RefrainError

JSON_BYTES = 64 << 20  # the largest JSON file of an index is its manifest, some kilobytes
JSON_INTEGER = 2**63  # larger ones fit no array


def write_whole(path: Path, text: str) -> None:
    """Write `text` as UTF-8, line ends as given: a reader sees the file that was there before, or all of the new one.

    The text goes to a sibling first, so that a full disk or Ctrl-C leaves an older file as it was; when this
    returns, the new one outlasts a power cut. Half of a surrogate pair, which UTF-8 cannot hold, becomes "?".
    Where `path` is a link, the file that it leads to is replaced and the link stays; a file keeps its mode. What is
    no regular file (/dev/stdout, a pipe) is written to directly. For paths that a user names; see `replace_whole`.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(text.encode("utf-8", "replace"))
    else:
        replace_whole(path.resolve() if path.is_symlink() else path, text)


def replace_whole(path: Path, text: str) -> None:
    """As `write_whole`, but a link at `path` is replaced, not followed: for files inside an index folder."""
    _remove_leftovers(path)
    staging = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    try:
        with staging.open("xb") as file:
            if path.is_file() and not path.is_symlink():
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            file.write(text.encode("utf-8", "replace"))
        fsync(staging)
        os.replace(staging, path)
        fsync(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):  # of the error itself: the folder is not there, or no folder
            staging.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == os.fspath(staging):
            error.filename, error.filename2 = os.fspath(path), None  # the name that somebody gave
        raise


def _remove_leftovers(path: Path) -> None:
    """Remove what killed writers of the same file left: `.NAME.PID.TOKEN.new` where no process PID runs."""
    for left_over in path.parent.glob(f".{glob.escape(path.name)}.*.*.new"):
        process = left_over.name.split(".")[-3]
        if process.isascii() and process.isdigit() and not _runs(int(process)):
            left_over.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def fsync(path: Path) -> None:
    """Put a file, or a folder's list of files, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- reading what others wrote -------------------------------------------------------------------


def inside(root: Path, name: str) -> Path:
    """The path of `name`, written with "/", inside the folder `root`; IndexFormatError where it leads elsewhere.

    Refused are absolute names, "..", and names of which a part below `root` is a symbolic link. The last part need
    not exist.

    >>> inside(Path("index"), "songs/titles.npy").as_posix()
    'index/songs/titles.npy'
    >>> inside(Path("index"), "../secret")
    Traceback (most recent call last):
    indexer.errors.IndexFormatError: index names a file outside itself: '../secret'; rebuild with `refrain build`
    """
    parts = PurePosixPath(name).parts
    if not parts or "\0" in name or any(part == ".." or part.startswith("/") for part in parts):
        raise IndexFormatError(f"{root} names a file outside itself: {name!r}; rebuild with `refrain build`")
    path = root
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise IndexFormatError(
                f"{path} is a symbolic link, expected a file or folder of the index; rebuild with `refrain build`"
            )
    return path


def open_regular(path: Path) -> BufferedReader:
    """Open a file of an index for reading. A link is not followed, a pipe not waited for.

    Raises IndexFormatError where `path` is missing, no regular file, or closed to this user.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            _not_regular(path, "a symbolic link")
        reason = error.strerror if isinstance(error, OSError) else error
        raise IndexFormatError(f"{path} cannot be read ({reason}); rebuild with `refrain build`") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        _not_regular(path, "a folder" if path.is_dir() else "a pipe or device")
    return os.fdopen(descriptor, "rb")


def _not_regular(path: Path, kind: str) -> NoReturn:
    raise IndexFormatError(f"{path} is {kind}, expected a file; rebuild with `refrain build`") from None


def read_json(path: Path, *, limit: int = JSON_BYTES) -> Any:
    """What a JSON file of an index holds. IndexFormatError where it is longer than `limit` bytes, no JSON, nested
    too deep, or holds NaN, infinity or an integer of more than 64 bits.
    """
    with open_regular(path) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise IndexFormatError(f"{path} is longer than {limit:,} bytes; rebuild with `refrain build`")
    try:
        return parse_json(raw)
    except ValueError as error:
        raise IndexFormatError(f"{path} cannot be read ({error}); rebuild with `refrain build`") from error


def parse_json(raw: bytes | str) -> Any:
    """JSON without surprises: ValueError for NaN, infinity, integers beyond 64 bits and a thousand brackets.

    >>> parse_json('{"k": [1, 2.5]}')
    {'k': [1, 2.5]}
    >>> parse_json("[1e999]")
    Traceback (most recent call last):
    ValueError: the number 1e999 is too large
    """
    try:
        return json.loads(raw, parse_int=_integer, parse_float=_number, parse_constant=_number)
    except RecursionError:
        raise ValueError("brackets are nested too deep") from None


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > JSON_INTEGER:
        raise ValueError(f"the number {digits[:20]} is too large")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:20]} is too large" if digits[-1].isdigit() else f"{digits} is no number")
    return value


# ---- writing into an index -----------------------------------------------------------------------


@contextlib.contextmanager
def writing(path: Path, *library: type[Exception]) -> Iterator[None]:
    """Turn what a full, read-only or vanished disk raises while `path` is written into one RefrainError.

    library   what a library raises for it beside OSError: RuntimeError (FAISS), ValueError (tantivy). Name them only
              around that library's own call: around more, a mistake in the program would look like a full disk
    """
    causes: tuple[type[Exception], ...] = (OSError, *library)
    try:
        yield
    except causes as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RefrainError(
            f"{path} could not be written: {reason}; make room or choose another folder, then run it again"
        ) from error


def reserve(descriptor: int, size: int) -> None:
    """Give an open file `size` bytes of disk now: OSError where there is no room, not SIGBUS when it is mapped."""
    if size == 0:
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except AttributeError:  # macOS has no such call: as on a file system that cannot reserve
        _fill(descriptor, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        _fill(descriptor, size)


def _fill(descriptor: int, size: int) -> None:
    zeros, at = bytes(1 << 20), 0  # a file system that cannot reserve takes zeros
    while at < size:
        at += os.pwrite(descriptor, zeros[: size - at], at)


def link(source: str | Path, target: str | Path) -> None:
    """Make `target` the same file as `source`: a hard link, or a copy on a disk that has none.

    IndexFormatError where `source` is no regular file: a link in an index would make a file of the user's one of the
    index's own.
    """
    with open_regular(Path(source)) as file:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            with Path(target).open("xb") as copy:
                shutil.copyfileobj(file, copy)


def share_modes(folder: Path) -> None:
    """Give every file and folder the mode that the umask gives new ones: libraries make theirs for one user only."""
    mask = os.umask(0)
    os.umask(mask)
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        if path.is_dir():
            path.chmod(0o777 & ~mask)
        elif path.is_file() and path.stat().st_nlink == 1:  # a linked one is another generation's, and shared
            path.chmod(0o666 & ~mask)
