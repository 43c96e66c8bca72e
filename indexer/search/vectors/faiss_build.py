"""Building a FAISS index: its layout by size, the lists that songs are gathered in, and the file with its seal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.search.vectors.base import BLOCK, Matrix, Scores, Vectors
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

_SEAL = b"refrain vectors\x01"


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
    _write(built(matrix, exact_below, layout, seed, scale), Path(path))


def add_vectors(old_path: Path, new_path: Path, matrix: Vectors, *, scale: Scores | None = None) -> None:
    """Write the index at `old_path` with the rows of `matrix` after its own to `new_path`, without training.

    scale   that of the build
    """
    _check_shape(matrix)
    index = read_index(Path(old_path), mapped=False)  # faiss aborts the process on adding to a mapped index
    if matrix.shape[1] != index.d:
        raise ValueError(f"the matrix has {matrix.shape[1]} columns, the index {index.d}")
    _add(index, matrix, scale)
    _write(index, Path(new_path))


def built(matrix: Vectors, exact_below: int, layout: Layout, seed: int, scale: Scores | None = None) -> faiss.Index:
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


def read_index(path: Path, *, mapped: bool) -> faiss.Index:
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
