"""The FAISS index over unweighted parts: layout, build, add, search, filter, on CPU and GPU.

Per song one vector of parts, each of length 1 or 0 (missing). The parts are stored unweighted, so the
weights live in the query: [w_l q_l | w_a q_a] . [l | a] = w_l cos(q_l, l) + w_a cos(q_a, a).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.search.allowed import Allowed, Mask
from indexer.search.vectors.base import Matrix, Rows, Scores, Vectors
from indexer.search.vectors.faiss_build import EXACT_BELOW, Layout, add_vectors, build_vectors, built, read_index

if TYPE_CHECKING:
    import faiss

# Lists a search reads: a share of them (on shared/data recall@100 is 0.99 for whole vectors, 0.94 for lyrics
# alone, in 1.3 ms; twice the lists give 0.97 for lyrics in twice the time), enough for READ_SONGS songs,
# and more where many hits are wanted or few songs allowed. The share is high because one partition serves
# every weighting of the parts: songs near in one part alone are spread over many lists. Up to FLOOR_K hits the
# number does not change: a smaller k only cuts the result.
READ_SHARE, READ_SONGS, SONGS_PER_HIT, FLOOR_K = 1 / 8, 10_000, 8, 500
# A filter that keeps no more songs than this reads every list: few are scored, and none is missed.
EVERY_LIST_UP_TO = 20_000
REFINE = 4  # times max(k, FLOOR_K) candidates of a "pq" index are scored again with one byte a number

# What the GPU kernels of faiss take; batches below the minimum are answered sooner by the CPU.
GPU_MAX_K, GPU_MAX_LISTS, GPU_MIN_QUERIES = 2048, 2048, 64


@dataclass(frozen=True)
class FaissStore:
    """The `VectorStore` of FAISS: one file, opened memory-mapped. What the fields mean, `build_vectors` says."""

    exact_below: int = EXACT_BELOW
    layout: Layout = "auto"
    seed: int = 0

    def build(self, matrix: Vectors, path: Path) -> None:
        build_vectors(matrix, path, exact_below=self.exact_below, layout=self.layout, seed=self.seed)

    def add(self, old_path: Path, new_path: Path, matrix: Vectors) -> None:
        add_vectors(old_path, new_path, matrix)

    def open(self, path: Path) -> VectorIndex:
        return VectorIndex(path)


class VectorIndex:
    """A FAISS index opened for reading, memory-mapped; safe to use from several threads.

    Every search returns min(k, rows allowed) rows: best first, ties by row. For k up to FLOOR_K a
    smaller k only cuts the list.
    """

    def __init__(self, path: Path, *, read_share: float = READ_SHARE) -> None:
        """Open what `build_vectors` wrote; IndexMissingError where there is none, IndexFormatError where it is
        damaged, also when a search meets the damage.

        read_share   of the lists that a search reads, see READ_SHARE
        """
        self._hold(read_index(Path(path), mapped=True), str(path), read_share)

    @classmethod
    def of(
        cls, matrix: Vectors, *, exact_below: int = EXACT_BELOW, layout: Layout = "auto", seed: int = 0
    ) -> VectorIndex:
        """The index of `matrix` in memory, as `build_vectors` would write it.

        >>> VectorIndex.of(np.eye(3, dtype=np.float32)).search([0.0, 1.0, 0.5], 2)[0].tolist()
        [1, 2]
        """
        index = cls.__new__(cls)
        index._hold(built(matrix, exact_below, layout, seed), "the vectors in memory", READ_SHARE)
        return index

    def _hold(self, index: faiss.Index, source: str, read_share: float) -> None:
        import faiss

        self._kit, self._index, self._source, self._read_share = faiss, index, source, read_share
        self._one_at_a_time = threading.Lock()
        self._on_gpu: faiss.Index | None = None  # a copy, made when it is first of use
        inner = index
        self._padded = isinstance(inner, faiss.IndexPreTransform)
        if isinstance(inner, faiss.IndexPreTransform):
            inner = faiss.downcast_index(inner.index)
        self._refined = isinstance(inner, faiss.IndexRefine)
        try:
            self._ivf = None if isinstance(inner, faiss.IndexFlat) else faiss.extract_index_ivf(inner)
        except RuntimeError as error:
            raise self._damaged(f"its layout is none of flat, ivf and pq ({error})") from error
        if self._ivf is not None and (self._ivf.quantizer.ntotal, self._ivf.quantizer.d) != (
            self._ivf.nlist,
            self._ivf.d,
        ):
            raise self._damaged(f"it has {self._ivf.quantizer.ntotal} centroids for {self._ivf.nlist} lists")

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def search(self, query: npt.ArrayLike, k: int, *, allowed: Mask | Allowed | None = None) -> tuple[Rows, Scores]:
        """The rows with the largest inner product with `query` (dim,), among those where `allowed` is True."""
        vector = np.asarray(query, np.float32)
        if vector.ndim != 1:
            raise ValueError(f"the query has shape {vector.shape}, expected ({self.dim},)")
        rows, scores = self.search_batch(vector[np.newaxis], k, allowed=allowed)
        return rows[0], scores[0]

    def search_batch(
        self, queries: npt.ArrayLike, k: int, *, allowed: Mask | Allowed | None = None
    ) -> tuple[Rows, Scores]:
        """The same for many queries (m, dim): rows int64 and scores float32, both (m, min(k, rows allowed))."""
        asked = np.ascontiguousarray(queries, np.float32)
        if asked.ndim != 2 or asked.shape[1] != self.dim:
            raise ValueError(f"the queries have shape {asked.shape}, expected (m, {self.dim})")
        if not np.isfinite(asked).all():
            raise ValueError("a query holds NaN or infinity")
        if k < 1:
            raise ValueError(f"k is {k}, expected 1 or more")
        among = None if allowed is None else Allowed.of(allowed)
        if among is not None and len(among) != len(self):
            raise ValueError(f"allowed has shape ({len(among)},), expected ({len(self)},)")
        kept = len(self) if among is None else among.count
        found = min(k, kept)
        if not found or not len(asked):
            return np.zeros((len(asked), found), np.int64), np.zeros((len(asked), found), np.float32)
        bitmap = None if among is None or kept == len(self) else among.bitmap
        limit, lists = min(found + 1, kept), self._lists(k, kept)
        while True:
            with _threads_for(len(asked)):
                scores, rows = self._ask(asked, limit, lists, bitmap)
            if rows.max(initial=-1) >= len(self) or not np.isfinite(scores[rows >= 0]).all():
                raise self._damaged(f"it finds row {rows.max()} of {len(self)} with the score {scores.max()}")
            if (rows[:, found - 1] < 0).any():
                if lists >= self._lists(k, 0):
                    raise self._damaged(f"of {kept} vectors it finds only {int((rows >= 0).sum(axis=1).min())}")
                lists = self._lists(k, 0)
            elif limit < kept and (scores[:, limit - 1] == scores[:, found - 1]).any():
                # Rows that tie with the last must all be seen, or the cut would fall among them by chance.
                limit = min(4 * limit, kept)
            else:
                break
        order = np.lexsort((rows, np.where(rows < 0, np.inf, -scores)))[:, :found]
        return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)

    def _lists(self, k: int, candidates: int) -> int:
        """How many inverted lists to read so that enough of `candidates` songs are scored."""
        if self._ivf is None:
            return 1
        every = int(self._ivf.nlist)
        if candidates <= EVERY_LIST_UP_TO:
            return every
        share = max(
            self._read_share,
            READ_SONGS * self._read_share / READ_SHARE / len(self),
            SONGS_PER_HIT * max(k, FLOOR_K) / candidates,
        )
        return min(every, math.ceil(every * share))

    def _ask(
        self, queries: Matrix, limit: int, lists: int, bitmap: npt.NDArray[np.uint8] | None
    ) -> tuple[Scores, Rows]:
        """faiss's answer. What differs from query to query is passed along: the index object is shared by threads."""
        kit = self._kit
        # Not named inline: the parameters point at the selector, which points at the bitmap.
        chosen = None if bitmap is None else kit.IDSelectorBitmap(len(bitmap), kit.swig_ptr(bitmap))
        if self._ivf is None:
            params = kit.SearchParameters(sel=chosen)
        else:
            params = kit.SearchParametersIVF(nprobe=lists, sel=chosen)
        if self._refined:
            factor = REFINE * max(limit, FLOOR_K) / limit
            params = kit.IndexRefineSearchParameters(k_factor=factor, base_index_params=params)
        if self._padded:
            params = kit.SearchParametersPreTransform(index_params=params)
        fits_gpu = len(queries) >= GPU_MIN_QUERIES and limit <= GPU_MAX_K and lists <= GPU_MAX_LISTS
        if fits_gpu and bitmap is None and not self._refined and kit.get_num_gpus():
            with self._one_at_a_time:  # faiss's GPU resources serve one thread
                if self._on_gpu is None:
                    self._on_gpu = kit.index_cpu_to_gpu(kit.StandardGpuResources(), 0, self._index)
                return self._on_gpu.search(queries, limit, params=None if self._ivf is None else params)
        try:
            return self._index.search(queries, limit, params=params)
        except RuntimeError as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, what: str) -> IndexFormatError:
        return IndexFormatError(f"{self._source} is damaged: {what}; rebuild with `refrain build`")


@contextmanager
def _threads_for(queries: int) -> Iterator[None]:
    """One thread for one query: a second has nothing to do, and on a busy machine waiting for it takes 15 ms where
    the search takes 2. OpenMP keeps this number for the calling thread only; the caller's is put back."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(min(queries, before))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
