"""Arrays and texts of an index, memory-mapped: read from disk when they are touched, never loaded whole.

A mapped file holds no file descriptor: an engine maps some sixty, and a server opens many engines.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.store.files import open_regular, reserve

_SIGN_EXPONENT_DIGITS, _MOVED = np.int32(-0x70002000), np.float32(2.0**112)


class Strings(Sequence[str]):
    """Texts in one UTF-8 file with an array of offsets beside it; memory-mapped, decoded when asked for.

    offsets   int64 (texts + 1,), from 0, not falling, the last one the number of bytes
    text      uint8 (bytes,)
    source    the file that a message names

    IndexFormatError where the two do not belong together: the ends when it is made, the rest when a text is read.
    """

    def __init__(self, offsets: npt.NDArray[np.int64], text: npt.NDArray[np.uint8], source: str = "texts"):
        self.source = source
        if offsets.dtype != np.int64 or offsets.ndim != 1 or not len(offsets):
            raise self._damaged(f"offsets are {offsets.dtype} {offsets.shape}, expected int64 (texts + 1,)")
        if text.dtype != np.uint8 or text.ndim != 1:
            raise self._damaged(f"the text is {text.dtype} {text.shape}, expected bytes")
        if offsets[0] != 0 or offsets[-1] != len(text):
            raise self._damaged(f"offsets go from {offsets[0]} to {offsets[-1]}, expected 0 to {len(text)}")
        self.offsets = offsets
        self.text = text
        # An answer reads hundreds of strings one by one: from memoryviews that takes a quarter of an array's time.
        self._ends, self._bytes = offsets.data, text.data

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        count = len(self._ends) - 1
        if not -count <= i < count:
            raise IndexError(f"string {i} of {count}")
        if i < 0:
            i += count
        start, end = self._ends[i], self._ends[i + 1]
        if not 0 <= start <= end <= len(self._bytes):
            raise self._damaged(f"text {i} goes from byte {start} to {end} of {len(self._bytes)}")
        try:
            return str(self._bytes[start:end], "utf-8")
        except UnicodeDecodeError as error:
            raise self._damaged(f"text {i} is no UTF-8: {error.reason} at byte {start + error.start}") from error

    def check(self) -> None:
        """Read every text once; IndexFormatError for the first that cannot be."""
        for i in range(len(self)):
            self[i]

    def _damaged(self, what: str) -> IndexFormatError:
        return IndexFormatError(f"{self.source} is damaged: {what}; rebuild with `refrain build`")


def map_strings(path: Path) -> Strings:
    """The texts of `path`.utf8 and `path`.offsets.npy."""
    text = path.with_name(f"{path.name}.utf8")
    return Strings(map_array(path.with_name(f"{path.name}.offsets.npy")), map_bytes(text), str(text))


def map_array(path: Path, dtype: str = "", shape: Sequence[str | int] = ()) -> npt.NDArray[Any]:
    """The array of a .npy file, memory-mapped, read only.

    dtype   what it must be of, where that is known
    shape   with it, how many dimensions it must have; a word stands for a length that is not known

    IndexFormatError where the file is no regular one, no .npy, holds Python objects, is longer or shorter than its
    header says, or is no array of `dtype` and `shape`.
    """
    with open_regular(path) as file, _damage(path):
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        lengths, in_columns, kind = read(file)
        start, size = file.tell(), file.seek(0, 2)
        if kind.hasobject:
            raise ValueError("it holds Python objects, which are never loaded")
        if any(length < 0 for length in lengths) or start + math.prod(lengths) * kind.itemsize != size:
            raise ValueError(f"its header says {kind} {lengths}, the file has {size:,} bytes")
        if dtype and (kind != np.dtype(dtype) or not _fits(lengths, shape)):
            raise ValueError(f"it is {kind} {lengths}, expected {dtype} ({', '.join(map(str, shape))})")
        flat = np.frombuffer(map_bytes(path)[start:], kind)
        return flat.reshape(lengths, order="F" if in_columns else "C")


def _fits(lengths: Sequence[int], shape: Sequence[str | int]) -> bool:
    return len(lengths) == len(shape) and all(
        isinstance(expected, str) or length == expected for length, expected in zip(lengths, shape, strict=True)
    )


def halves(values: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """The same finite numbers in single precision, in two thirds of the time of `astype`, which goes one by one.

    A half's sign, exponent and digits are moved to where a single has them; as exponents begin at -14 in the one and
    at -126 in the other, the number that then stands there is 2^112 too small.

    >>> halves(np.array([1.5, -0.1, 0.0, 6e-8], np.float16)).tolist() == [1.5, -0.0999755859375, 0.0, 2**-24]
    True
    """
    bits = values.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_EXPONENT_DIGITS
    singles = bits.view(np.float32)
    singles *= _MOVED
    return singles


def check_lists(starts: npt.NDArray[np.int64], codes: npt.NDArray[Any], limit: int, source: str) -> None:
    """Lists of numbers side by side, list i being codes[starts[i] : starts[i + 1]], each number in 0..limit - 1.

    IndexFormatError, naming `source`, where the starts do not rise from 0 to len(codes) or a number is out of range.

    >>> check_lists(np.array([0, 2, 3]), np.array([4, 0, 1]), 4, "songs/genre")
    Traceback (most recent call last):
    indexer.errors.IndexFormatError: songs/genre is damaged: a number is 4, expected 0..3; rebuild with `refrain build`
    """
    check_starts(starts, len(starts) - 1, len(codes), source)
    check_numbers(codes, limit, source)


def check_starts(starts: npt.NDArray[np.int64], lists: int, numbers: int, source: str) -> None:
    """IndexFormatError where `starts` are not those of so many lists of so many numbers together."""
    if len(starts) != lists + 1 or not len(starts) or starts[0] != 0 or starts[-1] != numbers:
        raise IndexFormatError(
            f"{source} is damaged: {len(starts):,} starts for {lists:,} lists of {numbers:,} numbers; "
            "rebuild with `refrain build`"
        )
    if (starts[1:] < starts[:-1]).any():
        raise IndexFormatError(f"{source} is damaged: starts fall; rebuild with `refrain build`")


def check_numbers(numbers: npt.NDArray[Any], limit: int, source: str) -> None:
    """IndexFormatError where a number is not in 0..limit - 1."""
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < limit:
        out = numbers.min() if numbers.min() < 0 else numbers.max()
        raise IndexFormatError(
            f"{source} is damaged: a number is {out}, expected 0..{limit - 1}; rebuild with `refrain build`"
        )


def map_bytes(path: Path) -> npt.NDArray[np.uint8]:
    """The bytes of a file, memory-mapped, read only."""
    import pyarrow as pa

    with open_regular(path) as file:
        if file.seek(0, 2) == 0:
            return np.zeros(0, np.uint8)
    # Python's own mmap keeps a descriptor of the file; Arrow's buffer outlives the file that it was read from.
    with pa.memory_map(str(path)) as mapped:
        return np.frombuffer(mapped.read_buffer(), np.uint8)


def create_array(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A new .npy file of zeros, mapped for writing; call `.flush()` on it when it is filled.

    Its bytes are reserved first: OSError where the disk has no room for them. FileExistsError where `path` exists.
    """
    dtype = np.dtype(dtype)
    with path.open("xb") as file:
        facts = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, facts)
        file.flush()
        reserve(file.fileno(), file.tell() + math.prod(shape) * dtype.itemsize)
    return np.lib.format.open_memmap(path, mode="r+")


@contextlib.contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Name the file in what numpy raises for a header that no build wrote."""
    try:
        yield
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError, SyntaxError, TokenError) as error:
        raise IndexFormatError(f"{path} is damaged ({error}); rebuild with `refrain build`") from error
