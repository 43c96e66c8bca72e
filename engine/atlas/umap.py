"""UMAP: places of songs in few dimensions, from their nearest neighbours; the home of umap-learn.

McInnes, Healy & Melville 2020. One graph of neighbours serves every number of dimensions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.atlas.neighbours import NEIGHBOURS, Neighbours
from indexer.errors import RefrainError

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix

FloatMatrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Graph:
    """What UMAP reads: the vectors, and how likely two songs are neighbours."""

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
        graph.vectors, graph.weights.copy(), dims, 1.0, a, b, 1.0, 5, epochs, principal_places(graph.vectors, dims),
        np.random.RandomState(seed), "cosine", {}, False, {}, False,
    )  # fmt: skip
    return np.asarray(places, np.float32)


def principal_places(vectors: FloatMatrix, dims: int) -> FloatMatrix:
    """Where the songs start: the first principal components, and where there are fewer, a little chance.

    float32 (songs, dims), -1..1. UMAP's own start, by the graph's eigenvectors, takes longer and fails on graphs of
    several pieces. It needs no umap-learn: where there is none, this is a map, too.
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
