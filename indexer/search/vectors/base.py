"""What a store of vectors is: the protocol, the parts of a vector, and matrices that are read block by block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.search.allowed import Allowed, Mask

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]

BLOCK = 100_000  # rows of a matrix that are in memory at once


class Vectors(Protocol):
    """A matrix of which a store reads blocks and samples: an array, a memory-mapped one, or `StackedParts`.

    shape   (songs, dim)
    [rows]  float32 (len(rows), dim), for a slice or an array of row numbers
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __getitem__(self, rows: slice | Rows, /) -> Matrix: ...


class VectorSearch(Protocol):
    """Vectors opened for searching by inner product; safe to use from several threads.

    Every search returns min(k, rows allowed) rows, best first, ties by row, no row twice, and none that is not allowed:
    by a boolean mask over rows, or by an `Allowed`. ValueError where k, a shape or a number is not what is expected.
    """

    def __len__(self) -> int: ...

    @property
    def dim(self) -> int: ...

    def search(self, query: npt.ArrayLike, k: int, *, allowed: Mask | Allowed | None = None) -> tuple[Rows, Scores]:
        """The rows with the largest inner product with `query` (dim,): int64 (n,), float32 (n,)."""

    def search_batch(
        self, queries: npt.ArrayLike, k: int, *, allowed: Mask | Allowed | None = None
    ) -> tuple[Rows, Scores]:
        """The same for many queries (m, dim): int64 (m, n), float32 (m, n)."""


class VectorStore(Protocol):
    """Where the vectors of an index lie. What is written at a path is never changed."""

    def build(self, matrix: Vectors, path: Path) -> None:
        """Write the rows of `matrix` to the new `path`; a row's number is its position."""

    def add(self, old_path: Path, new_path: Path, matrix: Vectors) -> None:
        """Write what is at `old_path` and after it the rows of `matrix` to `new_path`."""

    def open(self, path: Path) -> VectorSearch:
        """Open what was written; IndexMissingError or IndexFormatError where that cannot be."""


@dataclass(frozen=True)
class Parts:
    """The parts of a song's vector: names in order and the number of dimensions of each.

    >>> parts = Parts(("lyrics", "audio"), (2, 1))
    >>> parts.dim, parts.slice("audio")
    (3, slice(2, 3, None))
    """

    names: tuple[str, ...]
    dims: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.dims) or len(set(self.names)) != len(self.names) or not self.names:
            raise ValueError(
                f"parts {self.names} with dimensions {self.dims}: expected one dimension per distinct name"
            )
        if min(self.dims) < 1:
            raise ValueError(f"dimensions {self.dims}, expected 1 or more each")

    @property
    def dim(self) -> int:
        return sum(self.dims)

    def slice(self, name: str) -> slice:
        """The columns of one part."""
        self._check([name])
        i = self.names.index(name)
        start = sum(self.dims[:i])
        return slice(start, start + self.dims[i])

    def query(self, weights: Mapping[str, float], vectors: Mapping[str, npt.ArrayLike]) -> Scores:
        """[w q | w q | ...], float32 (dim,): a part that has no weight or no vector is zero.

        >>> Parts(("lyrics", "audio"), (2, 1)).query({"lyrics": 2.0}, {"lyrics": [0.6, 0.8]}).tolist()
        [1.2000000476837158, 1.600000023841858, 0.0]
        """
        self._check([*weights, *vectors])
        out = np.zeros(self.dim, np.float32)
        for name, dim in zip(self.names, self.dims, strict=True):
            if name in weights and name in vectors:
                vector = np.asarray(vectors[name], np.float32)
                if vector.shape != (dim,):
                    raise ValueError(f"the {name} part has shape {vector.shape}, expected ({dim},)")
                out[self.slice(name)] = np.float32(weights[name]) * vector
        return out

    def _check(self, names: list[str]) -> None:
        for name in names:
            if name not in self.names:
                raise ValueError(f"unknown part {name!r}, expected one of {', '.join(self.names)}")


class StackedParts:
    """Parts of vectors that lie in arrays of their own, read as one matrix: the columns of one after the other's.

    Only the rows that are asked for are copied, so a million songs need no second copy of their vectors.

    >>> stacked = StackedParts({"lyrics": np.ones((3, 2), np.float16), "audio": np.zeros((3, 1), np.float32)})
    >>> stacked.shape, stacked[1:].tolist()
    ((3, 3), [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.floating[Any]]]):
        sizes = {len(array) for array in arrays.values()}
        if len(sizes) != 1 or any(array.ndim != 2 for array in arrays.values()):
            shapes = {name: array.shape for name, array in arrays.items()}
            raise ValueError(f"parts have the shapes {shapes}, expected (songs, dim) with as many songs each")
        self._arrays = dict(arrays)
        self.parts = Parts(tuple(arrays), tuple(array.shape[1] for array in arrays.values()))
        self.shape = (sizes.pop(), self.parts.dim)
        self.dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Rows, /) -> Matrix:
        return np.hstack([np.asarray(array[rows], np.float32) for array in self._arrays.values()])
