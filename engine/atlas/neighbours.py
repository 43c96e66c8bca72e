"""Neighbours: the songs about which anything is known as unit vectors, and the nearest others of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from indexer.progress import Track, quiet
from indexer.search.vectors.faiss_store import VectorIndex

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
    roots = {name: max(weights.get(name, 0.0), 0.0) ** 0.5 for name in index.parts}
    if not any(roots.values()):
        roots = dict.fromkeys(index.parts, 1.0)
    scaled = [part * np.float32(roots[name]) for name, part in index.parts.items()]
    vectors = np.concatenate(scaled, axis=1, dtype=np.float32)
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
