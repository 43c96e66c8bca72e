"""Halves: places in taste by half of the playlists alone, to measure what taste says of labels of the other half."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.models.factors import FactorsConfig, learn_factors
from indexer.models.mlp import unit_rows
from indexer.songs.splits import PlaylistRows

FloatMatrix = npt.NDArray[np.float32]

SIZE, ITERATIONS = 32, 4  # of the factors of a half: enough to place a song, in a tenth of the time of the index's own
LEAST_SONGS = 20 * SIZE  # in both halves' playlists: fewer fit the map from factors to taste to themselves
_PENALTY = 1.0
_NO_WINDOWS = 1_000_000_000


def half_places(
    playlists: Sequence[PlaylistRows], places: FloatMatrix, seed: int = 0
) -> tuple[FloatMatrix, FloatMatrix] | None:
    """Unit rows float32 (songs, size), of playlists 0, 2, 4 ... alone and of 1, 3, 5 ... alone; zero outside them.

    places   the songs' places in taste, learned from all the playlists
    None with fewer than LEAST_SONGS songs in either half.

    Factors of a half are learned afresh, and a linear map takes them into taste: of some thousand numbers for all
    songs, so that it can carry next to nothing of one song's other playlists. A song's content is left out, so that
    these places are less exact than the index's own.
    """
    halves = []
    config = FactorsConfig(size=SIZE, iterations=ITERATIONS, window=_NO_WINDOWS, seed=seed)
    for half in (0, 1):
        factors = learn_factors([playlist.rows for playlist in playlists[half::2]], len(places), config)
        known = np.flatnonzero(factors.any(axis=1) & places.any(axis=1))
        if len(known) < LEAST_SONGS:
            return None
        inputs = unit_rows(factors[known]).astype(np.float64)
        square = inputs.T @ inputs + _PENALTY * np.eye(SIZE)
        mapping = np.linalg.solve(square, inputs.T @ places[known].astype(np.float64))
        out = np.zeros(places.shape, np.float32)
        out[known] = unit_rows(inputs @ mapping)
        halves.append(out)
    return halves[0], halves[1]
