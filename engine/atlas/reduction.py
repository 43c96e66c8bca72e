"""Reduction: songs' vectors to few dimensions by UMAP, from their nearest neighbours; the home of umap-learn.

McInnes, Healy & Melville 2020. One graph of neighbours serves every number of dimensions, and who wants the neighbours.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from indexer.errors import RefrainError
from indexer.progress import Track, quiet
from indexer.search.vectors.faiss_store import VectorIndex

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]

LEAST_SONGS = 30  # with fewer, each song is a neighbour of half of them, and there is nothing to see
NEIGHBOURS = 15  # umap-learn's own default, the song itself included
EXACT_BELOW = 200_000  # songs up to which neighbours are searched exhaustively: 79,000 take 40 s on two cores
BLOCK = 4_000  # songs asked for at once, between two steps of the progress bar


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Each song's nearest others.

    positions   int64 (songs, k): positions among the vectors, nearest first, ties by position; never the song itself
    cosines     float32 (songs, k)
    """

    positions: Rows
    cosines: FloatMatrix


def known_songs(index: OpenIndex, weights: Mapping[str, float]) -> tuple[Rows, FloatMatrix]:
    """The living rows about which anything is known, ascending, and their places: float32 (songs, dim), unit.

    The inner product of two places is what `similar` searches by, the sum of weight x cosine over the stored parts.

    weights   signal -> weight, as the engine has them for one seed; where no part has one, all count alike

    Chosen on shared/data by 122 clusters: silhouette of 8,000 songs, the share of songs that have their cluster's most
    frequent of six genres, and how much likelier two songs of a playlist (of 310 that no stage learned from) are in
    one cluster than any two songs.

                                             silhouette  genre  playlist
        these                                     0.447  0.837      22.3
        the taste part alone                      0.443  0.807      21.8
        parts weighted 1/2, 1/2 and 1             0.413  0.684      22.3
        the three parts weighted alike            0.369  0.574      14.9
        tBERT's hidden layer                      0.295  0.497      13.4
    """
    layout = index.layout
    roots = {name: max(weights.get(name, 0.0), 0.0) ** 0.5 for name in layout.names}
    if not any(roots.values()):
        roots = dict.fromkeys(layout.names, 1.0)
    vectors = np.array(index.parts, np.float32)
    for name, root in roots.items():
        vectors[:, layout.slice(name)] *= np.float32(root)
    lengths = np.linalg.norm(vectors, axis=1)
    rows = np.flatnonzero(np.asarray(index.songs.alive) & (lengths > 0))
    return rows, vectors[rows] / lengths[rows, None]


def nearest(vectors: FloatMatrix, k: int, *, track: Track = quiet) -> Neighbours:
    """The k nearest others of each of the unit vectors; exact up to EXACT_BELOW of them."""
    n = len(vectors)
    if not 1 <= k < n:
        raise ValueError(f"k is {k}, expected 1..{n - 1}: there are {n} songs")
    positions, cosines = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    index = VectorIndex.of(vectors, exact_below=EXACT_BELOW)
    for start in track(range(0, n, BLOCK), "neighbours"):
        own = np.arange(start, min(start + BLOCK, n))
        rows, scores = index.search_batch(vectors[own], k + 1)
        other = rows != own[:, None]
        other[other.all(axis=1), k] = False  # more than k others are as near as the song itself
        positions[own], cosines[own] = rows[other].reshape(-1, k), scores[other].reshape(-1, k)
    return Neighbours(positions, cosines)


@dataclass(frozen=True, slots=True)
class Graph:
    """What UMAP keeps of the vectors: how likely two songs are neighbours."""

    vectors: FloatMatrix
    weights: coo_matrix


def graph_of(vectors: FloatMatrix, neighbours: Neighbours, *, seed: int = 0) -> Graph:
    """UMAP's fuzzy graph of the nearest NEIGHBOURS."""
    fuzzy_simplicial_set, _, _ = _umap()
    k = min(NEIGHBOURS - 1, neighbours.positions.shape[1])
    own = np.arange(len(vectors))[:, None]
    indices = np.hstack([own, neighbours.positions[:, :k]]).astype(np.int32)
    distances = np.hstack([np.zeros_like(own), np.maximum(1.0 - neighbours.cosines[:, :k], 0.0)]).astype(np.float32)
    weights, _, _ = fuzzy_simplicial_set(
        vectors, k + 1, np.random.RandomState(seed), "cosine", knn_indices=indices, knn_dists=distances
    )
    return Graph(vectors, weights)


def reduce(graph: Graph, dims: int, *, min_dist: float, epochs: int | None = None, seed: int = 0) -> FloatMatrix:
    """Places of the songs, float32 (songs, dims); the same graph and seed, the same places. One thread, hence slow.

    min_dist   how near two places may come: 0 packs clusters densely, 0.1 leaves points that can be seen apart
    epochs     None is umap-learn's own choice: 500 up to 10,000 songs, else 200
    """
    _, simplicial_set_embedding, find_ab_params = _umap()
    a, b = find_ab_params(1.0, min_dist)
    places, _ = simplicial_set_embedding(
        graph.vectors, graph.weights.copy(), dims, 1.0, a, b, 1.0, 5, epochs, _start(graph.vectors, dims),
        np.random.RandomState(seed), "cosine", {}, False, {}, False,
    )  # fmt: skip
    return np.asarray(places, np.float32)


def _start(vectors: FloatMatrix, dims: int) -> FloatMatrix:
    """Where the songs start: the first principal components, and where there are fewer, a little chance.

    UMAP's own start, by the graph's eigenvectors, takes longer and fails on graphs of several pieces.
    """
    centred = vectors - vectors.mean(axis=0)
    values, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = axes[:, np.argsort(-values, kind="stable")[:dims]]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # either sign is an eigenvector
    start = np.zeros((len(vectors), dims))
    start[:, : axes.shape[1]] = centred @ axes
    noise = np.random.default_rng(0).standard_normal(start.shape)  # songs that are alike must not start in one place
    return np.asarray(start / max(np.abs(start).max(), 1e-12) + 1e-4 * noise, np.float32)


def _umap() -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The three functions of umap-learn that its class and others' programs build on."""
    try:
        with warnings.catch_warnings():
            # umap says so when it is imported without tensorflow, which nothing here needs.
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding
    except ImportError as error:
        raise RefrainError(
            f"clusters and maps are made with umap-learn, which cannot be imported ({error}); "
            "pip install 'refrain[map]'"
        ) from error
    return fuzzy_simplicial_set, simplicial_set_embedding, find_ab_params
