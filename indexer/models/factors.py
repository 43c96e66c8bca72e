"""Song factors: the playlists as a product of two thin matrices, learned by alternating least squares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from indexer.progress import Track, quiet
from indexer.settings import Count, Number, Positive, Seed, Whole, Width, settings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = npt.NDArray[np.int64]
FloatVector = npt.NDArray[np.float32]
FloatMatrix = npt.NDArray[np.float32]

STEPS = 3  # of conjugate gradients in each half of an iteration; two end at the same NDCG
AGAIN = 2  # iterations of an update, which starts from the factors that it finds
TINY = np.float32(1e-20)
CHUNK = 1_000  # pairs of a playlist and a song that are multiplied at once: their rows stay in the cache
TRAINING_SEEDS = 8.0  # seeds for which a listener is regularised as in training


@settings("factors")
class FactorsConfig:
    """Of alternating least squares on playlists.

    size             of a song's factors
    confidence       how much more a song that is in a playlist counts than one that is not (alpha)
    regularization   of a playlist or song of the mean number of entries
    frequency        power of a row's own number of entries in its regularisation (Rendle et al. 2022, nu)
    window           songs that stand this near in a playlist are learned as a playlist of their own as well, for they
                     are likelier chosen for one another
    window_weight    what a song in a window counts; in a playlist it is 1
    """

    size: Width = 128
    confidence: Positive = 30.0
    regularization: Positive = 150.0
    frequency: Annotated[Number, Field(ge=0, le=1)] = 0.5
    window: Annotated[Whole, Field(ge=2)] = 20
    window_weight: Positive = 0.5
    iterations: Count = 12
    seed: Seed = 0


def learn_factors(
    playlists: Sequence[Rows],
    songs: int,
    config: FactorsConfig,
    *,
    start: FloatMatrix | None = None,
    watch: Callable[[int, float], None] = lambda iteration, change: None,
    track: Track = quiet,
) -> FloatMatrix:
    """float32 (songs, size): factors whose products tell which playlist holds which song; 0 for songs of none.

    Minimises sum over p that hold s of (1 + w confidence) (1 - x_p . y_s)^2 + sum over the rest of (x_p . y_s)^2 +
    sum over rows r of lambda_r |z_r|^2, lambda_r = regularization (entries of r / mean entries) ^ frequency (Hu, Koren
    & Volinsky 2008), by STEPS of conjugate gradients a half (Takacs, Pilaszy & Tikk 2011). p are the playlists, in the
    listener's order, and their windows; w is 1 in a playlist, window_weight in a window. The same seed gives the same
    factors.

    start   float (songs, size), factors to go on from, for AGAIN iterations: a song's earlier ones, zero if new
    watch   called with each iteration's number, from 1, and the change of the factors in it as a share of their length
    ValueError where the factors are no longer finite.
    """
    from scipy.sparse import csr_matrix

    whole = [rows for rows in playlists if len(rows)]
    if not whole:
        return np.zeros((songs, config.size), np.float32)
    lists = [np.unique(rows) for rows in (*whole, *_windows(whole, config.window))]
    known, columns = np.unique(np.concatenate(lists), return_inverse=True)
    lengths = [len(rows) for rows in lists]
    weights = np.repeat([1.0] * len(whole) + [config.window_weight] * (len(lists) - len(whole)), lengths)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    entries = csr_matrix((weights.astype(np.float32), columns, ends), shape=(len(lists), len(known)))
    holders = csr_matrix(entries.T)
    if start is None:
        noise = np.random.default_rng(config.seed).standard_normal((len(known), config.size), dtype=np.float32)
        of_songs, rounds = 0.01 * noise, config.iterations
    else:
        of_songs, rounds = start[known].astype(np.float32), AGAIN
    of_playlists = np.zeros((len(lists), config.size), np.float32)
    for iteration in track(range(1, rounds + 1), "learn factors", rounds):
        before = of_songs
        of_playlists = _improved(of_playlists, of_songs, entries, config)
        of_songs = _improved(of_songs, of_playlists, holders, config)
        change = float(np.linalg.norm(of_songs - before) / max(float(np.linalg.norm(of_songs)), 1e-12))
        if not np.isfinite(change):
            raise ValueError(
                f"the factors are not finite after iteration {iteration}; raise factors.regularization, now "
                f"{config.regularization:g}, or lower factors.confidence, now {config.confidence:g}"
            )
        watch(iteration, change)
    factors = np.zeros((songs, config.size), np.float32)
    factors[known] = of_songs
    return factors


def _windows(playlists: Sequence[Rows], size: int) -> Iterator[Rows]:
    """Runs of `size` songs, each half over the next, of playlists that are longer than one and a half."""
    for rows in playlists:
        if 2 * len(rows) > 3 * size:
            for at in range(0, len(rows) - size // 2, size // 2):
                yield rows[at : at + size]


def _improved(rows: FloatMatrix, others: FloatMatrix, entries: csr_matrix, config: FactorsConfig) -> FloatMatrix:
    """The rows nearer to the least squares, the others held: STEPS of conjugate gradients for all rows at once.

    The matrix of row r is Y'Y + confidence Y_r' W Y_r + lambda_r I, which is never made: only its product with r is.
    """
    from scipy.sparse import csr_matrix

    counts = np.diff(entries.indptr)
    penalty = config.regularization * (counts / counts.mean()) ** config.frequency
    penalty = penalty.astype(np.float32)[:, None]
    gram = others.T @ others
    owners = np.repeat(np.arange(len(rows)), counts)
    confidence = config.confidence * entries.data
    wanted = csr_matrix((1.0 + confidence, entries.indices, entries.indptr), shape=entries.shape) @ others

    def product(vectors: FloatMatrix) -> FloatMatrix:
        scores = np.empty(len(owners), np.float32)
        for at in range(0, len(owners), CHUNK):
            part = slice(at, at + CHUNK)
            scores[part] = np.einsum("ij,ij->i", vectors[owners[part]], others[entries.indices[part]])
        observed = csr_matrix((confidence * scores, entries.indices, entries.indptr), shape=entries.shape)
        return np.asarray(vectors @ gram + penalty * vectors + observed @ others)

    residual = wanted - product(rows)
    direction, left = residual, _squares(residual)
    for _ in range(STEPS):
        ahead = product(direction)
        stride = left / np.maximum(np.einsum("ij,ij->i", direction, ahead), TINY)[:, None]
        rows = rows + stride * direction
        residual = residual - stride * ahead
        before, left = left, _squares(residual)
        direction = residual + left / np.maximum(before, TINY) * direction
    return rows


def _squares(rows: FloatMatrix) -> FloatMatrix:
    squares: FloatMatrix = np.einsum("ij,ij->i", rows, rows)[:, None]
    return squares


def gram_of(factors: npt.NDArray[np.floating]) -> FloatMatrix:
    """float32 (size, size): Y'Y, which `FoldIn` needs and no query should compute."""
    return np.asarray(factors.T.astype(np.float32) @ factors.astype(np.float32))


class FoldIn:
    """Finds the factors of a playlist that holds some songs, by least squares.

    The fewer the songs, the more it is regularised, towards what most playlists share: lambda = regularization x
    TRAINING_SEEDS / k. The system of `size` equations differs from query to query by k rows and by lambda alone: with
    the eigenvectors of Y'Y, which are found once, k equations are left (Woodbury's identity).

    gram   float32 (size, size): Y'Y, as `gram_of` gives it
    """

    def __init__(self, gram: FloatMatrix, config: FactorsConfig):
        self._config = config
        values, self._vectors = np.linalg.eigh(gram.astype(np.float64))
        self._values = np.maximum(values, 0.0)

    def __call__(self, songs: FloatMatrix) -> FloatVector:
        """float32 (size,): the factors of a playlist that holds the songs (k, size)."""
        many = max(1, len(songs))
        confidence = self._config.confidence
        damped = 1.0 / (self._values + self._config.regularization * TRAINING_SEEDS / many)
        turned = songs.astype(np.float64) @ self._vectors
        wanted = (1.0 + confidence) * damped * turned.sum(axis=0)
        if confidence and len(songs):
            inner = np.eye(many) / confidence + (turned * damped) @ turned.T
            wanted -= damped * (np.linalg.solve(inner, turned @ wanted) @ turned)
        listener: FloatVector = (self._vectors @ wanted).astype(np.float32)
        return listener
