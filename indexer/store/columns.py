"""Arrays and texts of an index, memory-mapped: read from disk when they are touched, never loaded whole."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt


class Strings(Sequence[str]):
    """Texts in one UTF-8 file with an array of offsets beside it; memory-mapped, decoded when asked for."""

    def __init__(self, offsets: npt.NDArray[np.int64], text: npt.NDArray[np.uint8]):
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
        return str(self._bytes[self._ends[i] : self._ends[i + 1]], "utf-8")


def create_array(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A new array on the disk, writable, filled with zeros."""
    if 0 in shape:
        np.save(path, np.zeros(shape, dtype), allow_pickle=False)
        return np.zeros(shape, dtype)
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=shape)


def map_array(path: Path) -> npt.NDArray[Any]:
    # A view as a plain array: np.memmap's own indexing costs microseconds an element, and songs are read singly.
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)  # type: ignore[no-any-return]


def map_bytes(path: Path) -> npt.NDArray[np.uint8]:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return np.zeros(0, np.uint8)
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
