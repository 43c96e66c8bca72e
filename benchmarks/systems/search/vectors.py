"""Search of vectors by inner product: the vector index of Refrain, and HNSW graphs of four libraries.

A graph has one number that trades time for recall: how many songs a search keeps in view (`width`). Each graph has the
same links a song and the same care in building.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.systems.scoring import NO_ROWS, library
from benchmarks.systems.system import Rows
from engine.index import READ_SHARE
from indexer.search.allowed import Allowed
from indexer.search.vectors.faiss_build import build_vectors
from indexer.search.vectors.faiss_store import VectorIndex

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

LINKS, CARE = 16, 200  # M and efConstruction: what hnswlib's own documentation begins with
WIDTHS = (100, 200, 400, 800, 1600)
GRAPH = "the whole matrix is in memory, and a query visits some thousand songs of it; adding songs changes the graph"


class VectorSearch(ABC):
    """A search of vectors.

    widths    settings that trade time for recall, narrowest first; (0,) where there is one only
    filtered   the widths at which it is asked for allowed rows alone; none where it cannot be
    scale     float32 (dim,): what each number usually counts, for who gathers songs by it; None where all count alike
    reason    why it is faster than Refrain, where it is
    """

    name: str
    scale: Vector | None = None
    tuning = f"{LINKS} links, efConstruction {CARE}; its width as each line says"
    widths: Sequence[int] = WIDTHS
    filtered: Sequence[int] = ()
    reason = GRAPH

    @abstractmethod
    def build(self, matrix: Matrix, folder: Path) -> None:
        """Index the rows of float32 (songs, dim), by one thread; a file of the index lies in the folder."""

    def condition(self, allowed: Mask) -> Any:
        """A filter as `search` takes it: made once, for the next query often has the same."""
        return allowed

    @abstractmethod
    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        """At most k rows with the largest inner products that meet the condition, best first."""


class Refrain(VectorSearch):
    """The vector index as the engine opens it: a byte a number in k-means lists, memory-mapped."""

    name = "refrain"
    tuning = "nothing here: the program's share of the lists"
    widths = filtered = (0,)
    reason = ""

    def build(self, matrix: Matrix, folder: Path) -> None:
        build_vectors(matrix, folder / "vectors.faiss", scale=self.scale)
        self._index = VectorIndex(folder / "vectors.faiss", read_share=READ_SHARE)

    def condition(self, allowed: Mask) -> Allowed:
        return Allowed(allowed)

    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        return self._index.search(query, k, allowed=condition)[0]


class Exact(VectorSearch):
    """Every product, by numpy: what is right."""

    name = "numpy"
    tuning = "nothing to choose"
    widths = filtered = (0,)
    reason = "so few songs that multiplying all is quicker than looking for the right ones"

    def build(self, matrix: Matrix, folder: Path) -> None:
        self._matrix = matrix

    def condition(self, allowed: Mask) -> Rows:
        return np.flatnonzero(allowed)

    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        scores = self._matrix @ query if condition is None else self._matrix[condition] @ query
        at = np.argpartition(-scores, min(k, len(scores)) - 1)[:k] if len(scores) else NO_ROWS
        at = at[np.argsort(-scores[at], kind="stable")]
        found: Rows = at if condition is None else condition[at]
        return found


class FaissHnsw(VectorSearch):
    name = "faiss-hnsw"
    filtered = WIDTHS

    def build(self, matrix: Matrix, folder: Path) -> None:
        kit = self._kit = library("faiss")
        kit.omp_set_num_threads(1)
        self._index: Any = kit.IndexHNSWFlat(matrix.shape[1], LINKS, kit.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = CARE
        self._index.add(matrix)
        kit.write_index(self._index, str(folder / "hnsw"))

    def condition(self, allowed: Mask) -> npt.NDArray[np.uint8]:
        return np.packbits(allowed, bitorder="little")

    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        kit = self._kit
        chosen = None if condition is None else kit.IDSelectorBitmap(len(condition), kit.swig_ptr(condition))
        params = kit.SearchParametersHNSW(efSearch=width, sel=chosen)
        rows: Rows = self._index.search(query[np.newaxis], k, params=params)[1][0]
        return rows[rows >= 0]


class Hnswlib(VectorSearch):
    """Its filter is a Python function that is asked of every song that is visited: 0.1 s where few songs pass."""

    name = "hnswlib"
    filtered = (200,)

    def build(self, matrix: Matrix, folder: Path) -> None:
        self._index: Any = library("hnswlib").Index("ip", matrix.shape[1])
        self._index.init_index(len(matrix), M=LINKS, ef_construction=CARE)
        self._index.add_items(matrix, num_threads=1)
        self._index.save_index(str(folder / "hnsw"))

    def condition(self, allowed: Mask) -> tuple[Callable[[int], bool], int]:
        return allowed.item, int(allowed.sum())

    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        self._index.set_ef(width)
        chosen, most = condition or (None, k)
        try:
            return np.asarray(self._index.knn_query(query, min(k, most), num_threads=1, filter=chosen)[0][0], np.int64)
        except RuntimeError:  # it met fewer than k, and then returns none of them
            return NO_ROWS


class Usearch(VectorSearch):
    name = "usearch"

    def build(self, matrix: Matrix, folder: Path) -> None:
        made = library("usearch.index").Index
        self._index: Any = made(ndim=matrix.shape[1], metric="ip", dtype="f32", connectivity=LINKS, expansion_add=CARE)
        self._index.add(np.arange(len(matrix)), matrix, threads=1)
        self._index.save(str(folder / "hnsw"))

    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        self._index.expansion_search = width
        return np.asarray(self._index.search(query, k, threads=1).keys, np.int64)


class Voyager(VectorSearch):
    name = "voyager"

    def build(self, matrix: Matrix, folder: Path) -> None:
        kit = library("voyager")
        self._index: Any = kit.Index(kit.Space.InnerProduct, matrix.shape[1], M=LINKS, ef_construction=CARE)
        self._index.add_items(matrix, num_threads=1)
        self._index.save(str(folder / "hnsw"))

    def search(self, query: Vector, k: int, width: int, condition: Any = None) -> Rows:
        return np.asarray(self._index.query(query, k, query_ef=width)[0], np.int64)


SYSTEMS: dict[str, Callable[[], VectorSearch]] = {
    made.name: made for made in (Refrain, Exact, FaissHnsw, Hnswlib, Usearch, Voyager)
}
