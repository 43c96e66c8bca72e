"""The pipelines of two papers as peers: Pinheiro, Floody, Sharma 2020, and Kelly et al. 2021."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.systems.content.vectors import Cosine
from benchmarks.systems.content.words import SeedWords
from benchmarks.systems.scoring import Floats, PeerUnavailableError, Scored, best
from benchmarks.systems.system import Fold, Rows
from benchmarks.systems.tuning import METRIC_K, TuningFold
from engine.score.fusion import normalise
from engine.tune.golden import golden_section
from indexer.models.audio_scaler import AudioScaler
from indexer.models.autoencoder import AutoencoderConfig, train_autoencoder
from indexer.models.mlp import Activation, DenseStack

FloatMatrix = npt.NDArray[np.float32]

LYRICS_LATENT, LYRICS_WIDTHS = 50, (200, 100)  # its table 2, experiment 5, the best
AUDIO_LATENT, AUDIO_WIDTHS = 10, (20, 16)  # its table 1, experiment 5, the best
EPOCHS = 30  # at most, with early stopping
SQUARED_ERROR = AutoencoderConfig(linear_path=False, neighbour_weight=0.0, weight_decay=0.0)  # and nothing else

CANDIDATES = 1_000  # of the inverted index; twice what the longest ranking takes
_TOLERANCE = 0.02
_RELU: Activation = "relu"


class Nearest(Scored):
    """Songs by their distance from the mean of the seeds, the nearest first.

    places   float32 (rows of the index, d); a zero row is a song of which nothing is known
    """

    def __init__(self, name: str, places: FloatMatrix):
        self.name = name
        self.places = places

    def learn(self, fold: Fold) -> None:
        self.candidates = fold.candidates
        self._near = self.places[fold.candidates]
        self._unknown = ~self._near.any(axis=1)

    def score(self, seeds: Rows) -> Floats:
        asked = self.places[seeds]
        middle = asked.sum(axis=0) / max(len(asked), 1)
        return np.where(self._unknown, np.nan, -((self._near - middle) ** 2).sum(axis=1))


class NeuralPlaylist(Nearest):
    """Pinheiro, Floody, Sharma 2020: two autoencoders on squared error, their latents side by side, nearest first.

    Sentence vectors -> 50 and min-max scaled audio features -> 10, relu, the latent linear. Both latents are centred
    and scaled to the same total variance, for one is not to drown the other by how its training ended; a song without
    lyrics or without features stands in the middle of that part. Several seeds are their mean. The paper's sentiment
    scores are left out; `python -m benchmarks reproduce neural-playlist` has a counterpart, and the other experiments.
    """

    tuning = "sizes and activations of the paper's best experiments"

    def __init__(self) -> None:
        super().__init__("neural-playlist", np.zeros((0, 0), np.float32))

    def learn(self, fold: Fold) -> None:
        index = fold.index
        scaled = minmax(AudioScaler.fit(index.songs.audio).transform(index.songs.audio))
        lyrics = _latents(np.asarray(index.sentence, np.float32), LYRICS_LATENT, LYRICS_WIDTHS)
        audio = _latents(scaled, AUDIO_LATENT, AUDIO_WIDTHS)
        self.places = np.hstack([lyrics, audio])
        super().learn(fold)


def minmax(rows: FloatMatrix) -> FloatMatrix:
    """Each column scaled to 0..1 over the rows that are not zero; zero rows stay.

    >>> minmax(np.array([[1, -2], [0, 0], [3, -1]], np.float32)).tolist()
    [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    """
    known = rows.any(axis=1)
    out = np.zeros_like(rows)
    if known.any():
        low, high = rows[known].min(axis=0), rows[known].max(axis=0)
        out[known] = (rows[known] - low) / np.where(high > low, high - low, 1)
    return out


def _latents(rows: FloatMatrix, latent: int, widths: tuple[int, ...]) -> FloatMatrix:
    relus = (_RELU,) * len(widths)
    config = replace(SQUARED_ERROR, latent=latent, widths=widths, activations=relus, epochs=EPOCHS)
    return balanced(rows, train_autoencoder(rows, config).encoder)


def balanced(rows: FloatMatrix, encoder: DenseStack | None = None) -> FloatMatrix:
    """Latents of the rows, or the rows, centred, total variance 1 over the songs that have one; else 0."""
    known = rows.any(axis=1)
    found = rows[known] if encoder is None else encoder.apply(rows[known])
    found = found - found.mean(axis=0)
    out = np.zeros((len(rows), found.shape[1]), np.float32)
    out[known] = found / max(float(np.sqrt((found**2).sum(axis=1).mean())), 1e-12)
    return out


class SongBert(Scored):
    """The song paper's retrieval: the seeds' TF-IDF keywords find candidates, tBERT's hidden layer orders them again.

    score = (1 - weight) z(BM25) + weight z(cosine), over the CANDIDATES that the inverted index finds; the weight by
    golden section. A song that has none of the keywords is never found.
    """

    name = "song-bert"
    tuning = "the weight of tBERT is 0.5, for want of tuning playlists"

    def __init__(self) -> None:
        self.weight = 0.5

    def fit(self, fold: Fold) -> None:
        trial = TuningFold.of(fold)
        self.learn(trial.fold)
        if trial.queries:
            found = {query.seeds.tobytes(): self._candidates_of(query.seeds) for query in trial.queries}

            def metric(weight: float) -> float:
                def rank(seeds: Rows, k: int) -> Rows:
                    rows, signals = found[seeds.tobytes()]
                    return best(_mixed(signals, weight), rows, k, without=seeds)

                return trial.metric(rank)

            optimum = golden_section(metric, 0.0, 1.0, tolerance=_TOLERANCE)
            self.weight = optimum.x
            self.tuning = (
                f"the weight of tBERT: golden section, {len(optimum.evaluations)} weights tried ({self.weight:.2f}) by "
                f"NDCG@{METRIC_K} on {trial.described}"
            )
        self.learn(fold)

    def learn(self, fold: Fold) -> None:
        index = fold.index
        if not index.tbert.any():
            raise PeerUnavailableError(
                f"{index.path} has no tBERT embeddings, which {self.name} reranks by; rebuild the index from a "
                "catalogue with tags or named playlists, or leave the peer out"
            )
        self.candidates = fold.candidates
        self._lexical = index.lexical
        self._seed_words = SeedWords(index)
        self._allowed = np.zeros(len(index.songs), bool)
        self._allowed[fold.candidates] = True
        self._cosine = Cosine(index.tbert, fold.candidates)

    def score(self, seeds: Rows) -> Floats:
        rows, signals = self._candidates_of(seeds)
        scores = np.full(len(self.candidates), np.nan)
        scores[np.searchsorted(self.candidates, rows)] = _mixed(signals, self.weight)
        return scores

    def _candidates_of(self, seeds: Rows) -> tuple[Rows, npt.NDArray[np.float32]]:
        """The candidates that the inverted index finds, and their BM25 and cosine, z-scored over them."""
        allowed = self._allowed.copy()
        allowed[seeds] = False
        found: Any = self._lexical.search_terms(self._seed_words.of(seeds), CANDIDATES, allowed=allowed)
        rows, bm25 = found
        cosine = self._cosine.to_rows(seeds)[np.searchsorted(self.candidates, rows)]
        return rows, normalise(np.column_stack([bm25, cosine]))


def _mixed(signals: npt.NDArray[np.float32], weight: float) -> Floats:
    return signals @ np.array([1 - weight, weight], np.float32)
