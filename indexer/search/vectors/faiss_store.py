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
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.search.allowed import Allowed, Mask
from indexer.search.vectors.base import BLOCK, Matrix, Rows, Scores, Vectors
from indexer.store.files import open_regular, writing

if TYPE_CHECKING:
    import faiss

Layout = Literal["auto", "flat", "ivf", "pq"]

# Songs from which the layouts change: exact search of 50,000 x 60 takes 2 ms; past 4 million even one byte
# a number is read too slowly, and 4 bits a number choose what is worth reading in full.
EXACT_BELOW, PQ_FROM = 50_000, 4_000_000

LISTS = 4  # inverted lists per sqrt(songs), the low end of faiss's guideline 4 to 16
SAMPLE_PER_LIST = 64  # vectors k-means learns a list from; faiss warns below 39
LANES = 16  # faiss scores bytes with AVX-512 only where this divides the columns: zeros are added, or it is 3 x slower

# Lists a search reads: a share of them (on shared/data recall@100 is 0.99 for whole vectors, 0.94 for lyrics
# alone, in 1.3 ms; twice the lists give 0.97 for lyrics in twice the time), enough for READ_SONGS songs,
# and more where many hits are wanted or few songs allowed. The share is high because one partition serves
# every weighting of the parts: songs near in one part alone are spread over many lists. Up to FLOOR_K hits the
# number does not change: a smaller k only cuts the result.
READ_SHARE, READ_SONGS, SONGS_PER_HIT, FLOOR_K = 1 / 8, 10_000, 12, 500
# A filter that keeps no more songs than this reads every list: few are scored, and none is missed.
EVERY_LIST_UP_TO = 20_000
REFINE = 4  # times max(k, FLOOR_K) candidates of a "pq" index are scored again with one byte a number

# What the GPU kernels of faiss take; batches below the minimum are answered sooner by the CPU.
GPU_MAX_K, GPU_MAX_LISTS, GPU_MIN_QUERIES = 2048, 2048, 64

_SEAL = b"refrain vectors\x01"


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


def build_vectors(
    matrix: Vectors,
    path: Path,
    *,
    exact_below: int = EXACT_BELOW,
    layout: Layout = "auto",
    seed: int = 0,
    scale: Scores | None = None,
) -> None:
    """Write the index of `matrix`, float32 (songs, dim), inner product, row = position, to `path`.

    layout "flat" is exact; "ivf" keeps one byte a number in k-means lists; "pq" scores 4 bits a number,
    32 songs at a time, and keeps one byte a number to score the best again. "auto" takes flat below
    `exact_below` songs, pq from PQ_FROM, ivf between. k-means runs on the GPU where faiss sees one.
    scale   float32 (dim,), above 0 or 0: the lists gather songs that are near once each column is multiplied by it.
            A list is read for what it holds: where queries weigh some columns far more than others, and these do when
            songs are gathered, half the lists hold what is looked for

    Same matrix, same seed, same machine: same file. `matrix` is read in blocks (see `StackedParts`).
    ValueError where it is no finite float32 matrix, RefrainError where the disk is full.
    """
    _write(_built(matrix, exact_below, layout, seed, scale), Path(path))


def add_vectors(old_path: Path, new_path: Path, matrix: Vectors, *, scale: Scores | None = None) -> None:
    """Write the index at `old_path` with the rows of `matrix` after its own to `new_path`, without training.

    scale   that of the build
    """
    _check_shape(matrix)
    index = _read(Path(old_path), mapped=False)  # faiss aborts the process on adding to a mapped index
    if matrix.shape[1] != index.d:
        raise ValueError(f"the matrix has {matrix.shape[1]} columns, the index {index.d}")
    _add(index, matrix, scale)
    _write(index, Path(new_path))


def _built(matrix: Vectors, exact_below: int, layout: Layout, seed: int, scale: Scores | None = None) -> faiss.Index:
    import faiss

    _check_shape(matrix)
    n, dim = matrix.shape
    if layout == "auto":
        layout = "flat" if n < exact_below else "ivf" if n < PQ_FROM else "pq"
    index: faiss.Index = faiss.IndexFlatIP(dim) if layout == "flat" or n == 0 else _trained(matrix, layout, seed, scale)
    _add(index, matrix, scale)
    return index


def _trained(matrix: Vectors, layout: Layout, seed: int, scale: Scores | None) -> faiss.Index:
    """An empty index whose lists and codes are learned from a sample.

    faiss's factory takes unit vectors as centroids for inner products. Here the centroid is the mean of its
    songs: q . mean is the mean score of a list whatever the weights in q, also where a part is missing and
    songs are shorter. With weights 1 and 0.3 reading 128 of 1,125 lists finds 0.97 of the best 100, not 0.83.
    """
    import faiss

    n, dim = matrix.shape
    lists = max(1, min(round(LISTS * math.sqrt(n)), n // 39))
    chosen = np.sort(np.random.default_rng(seed).choice(n, min(n, lists * SAMPLE_PER_LIST), replace=False))
    sample = _finite(matrix[chosen])
    width = -(-dim // LANES) * LANES
    means = faiss.Kmeans(width, lists, niter=10, seed=seed, gpu=faiss.get_num_gpus() > 0)
    means.train(np.pad(sample if scale is None else sample * scale, ((0, 0), (0, width - dim))))
    quantizer = faiss.IndexFlatIP(width)
    quantizer.add(_unscaled(sample, means, scale, width))
    inner, byte = faiss.METRIC_INNER_PRODUCT, faiss.ScalarQuantizer.QT_8bit
    index: faiss.Index
    if layout == "ivf":
        index = faiss.IndexIVFScalarQuantizer(quantizer, width, lists, byte, inner, False)
    else:
        coarse = faiss.IndexIVFPQFastScan(quantizer, width, lists, width, 4, inner)
        coarse.by_residual = False
        index = faiss.IndexRefine(coarse, faiss.IndexScalarQuantizer(width, byte, inner))
    if width != dim:
        columns = np.where(np.arange(width) < dim, np.arange(width), -1).astype(np.int32)  # -1 is a zero
        index = faiss.IndexPreTransform(faiss.RemapDimensionsTransform(dim, width, faiss.swig_ptr(columns)), index)
    index.train(sample)
    return index


def _unscaled(sample: Matrix, means: faiss.Kmeans, scale: Scores | None, width: int) -> Matrix:
    """float32 (lists, width): the means of the songs of each list as they are, for products with a query."""
    centroids = np.asarray(means.centroids, np.float32)
    if scale is None:
        return centroids
    dim = len(scale)
    whole = np.zeros_like(centroids)
    whole[:, :dim] = centroids[:, :dim] / np.where(scale > 0, scale, 1.0)
    if not (scale > 0).all():  # what was multiplied by 0 is left to be asked for
        own = means.index.search(np.pad(sample * scale, ((0, 0), (0, width - dim))), 1)[1][:, 0]
        counts = np.maximum(np.bincount(own, minlength=len(centroids)), 1)
        for column in np.flatnonzero(scale == 0):
            whole[:, column] = np.bincount(own, sample[:, column], minlength=len(centroids)) / counts
    return whole


def _add(index: faiss.Index, matrix: Vectors, scale: Scores | None = None) -> None:
    """Add rows; each goes to the list with the nearest mean, though lists are later read by inner product."""
    import faiss

    ivf = None if isinstance(index, faiss.IndexFlat) else faiss.extract_index_ivf(index)
    if ivf is not None:
        by_product = ivf.quantizer
        by_distance: faiss.Index = faiss.IndexFlatL2(ivf.d)
        if scale is not None:
            diagonal = faiss.LinearTransform(ivf.d, ivf.d, False)
            stretched = np.diag(np.pad(np.asarray(scale, np.float32), (0, ivf.d - len(scale))))
            faiss.copy_array_to_vector(stretched.ravel(), diagonal.A)
            diagonal.is_trained = True
            by_distance = faiss.IndexPreTransform(diagonal, by_distance)
        by_distance.add(by_product.reconstruct_n(0, ivf.nlist))
        ivf.quantizer = by_distance
    try:
        for start in range(0, matrix.shape[0], BLOCK):
            index.add(_finite(matrix[start : start + BLOCK]))
    finally:
        if ivf is not None:
            ivf.quantizer = by_product


class VectorIndex:
    """A FAISS index opened for reading, memory-mapped; safe to use from several threads.

    Every search returns min(k, rows allowed) rows: best first, ties by row. For k up to FLOOR_K a
    smaller k only cuts the list.
    """

    def __init__(self, path: Path) -> None:
        """Open what `build_vectors` wrote; IndexMissingError where there is none, IndexFormatError where it is
        damaged, also when a search meets the damage."""
        self._hold(_read(Path(path), mapped=True), str(path))

    @classmethod
    def of(
        cls, matrix: Vectors, *, exact_below: int = EXACT_BELOW, layout: Layout = "auto", seed: int = 0
    ) -> VectorIndex:
        """The index of `matrix` in memory, as `build_vectors` would write it.

        >>> VectorIndex.of(np.eye(3, dtype=np.float32)).search([0.0, 1.0, 0.5], 2)[0].tolist()
        [1, 2]
        """
        index = cls.__new__(cls)
        index._hold(_built(matrix, exact_below, layout, seed), "the vectors in memory")
        return index

    def _hold(self, index: faiss.Index, source: str) -> None:
        import faiss

        self._kit, self._index, self._source = faiss, index, source
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
        share = max(READ_SHARE, READ_SONGS / len(self), SONGS_PER_HIT * max(k, FLOOR_K) / candidates)
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


def _check_shape(matrix: Vectors) -> None:
    if len(matrix.shape) != 2 or matrix.dtype != np.float32:
        raise ValueError(f"the matrix is {matrix.dtype} {matrix.shape}, expected float32 (songs, dim)")


def _finite(block: Matrix) -> Matrix:
    if not np.isfinite(block).all():
        raise ValueError("the matrix holds NaN or infinity")
    return np.ascontiguousarray(block)


def _write(index: faiss.Index, path: Path) -> None:
    """Write the index and, after it, a seal with the length: faiss itself opens a file that lost its last bytes."""
    import faiss

    with writing(path, RuntimeError):
        faiss.write_index(index, str(path))
        with path.open("ab") as file:
            file.write(_SEAL + (file.tell() + len(_SEAL) + 8).to_bytes(8, "little"))


def _read(path: Path, *, mapped: bool) -> faiss.Index:
    import faiss

    if not path.exists() and not path.is_symlink():
        raise IndexMissingError(f"there is no vector index at {path}; build one with `refrain build`")
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_SEAL) - 8))
        if file.read() != _SEAL + size.to_bytes(8, "little"):
            raise IndexFormatError(f"{path} is cut short or no vector index; rebuild with `refrain build`")
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except (RuntimeError, MemoryError) as error:
        raise IndexFormatError(f"{path} is damaged; rebuild with `refrain build` ({error})") from error
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise IndexFormatError(f"{path} is no index by inner product; rebuild with `refrain build`")
    return index
