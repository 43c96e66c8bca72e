"""The timbre model: what a recording sounds like, standardised and compressed to a short vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from indexer.models.autoencoder import AutoencoderConfig, train_autoencoder
from indexer.models.mlp import DenseStack, checked_matrix, load_encoder, untrained_stacks
from indexer.progress import Track, quiet
from indexer.store.weights import Arrays, load_model, save_model

FloatMatrix = npt.NDArray[np.float32]

CLIP = 5.0  # a z-score beyond this is clipped: one recording of noise must not decide what "far" means
LEAST_TRAINED = 200  # songs below which principal components are the whole model: fewer teach hidden layers by heart


@dataclass(frozen=True, slots=True)
class TimbreModel:
    """Timbre to latents: the z-score of each number, then the encoder.

    means, gains   float32 (inputs,): mean, and 1 / standard deviation; gain 0 for a number that is alike in all songs
    encoder        of an autoencoder with the objective of the audio features', or principal components
    trained        whether it is that of an autoencoder
    """

    means: FloatMatrix
    gains: FloatMatrix
    encoder: DenseStack
    trained: bool

    @classmethod
    def fit(cls, matrix: npt.ArrayLike, config: AutoencoderConfig, *, track: Track = quiet) -> Self:
        """Fit to timbres, float (songs, inputs); ValueError for fewer than two songs.

        From LEAST_TRAINED songs on by `train_autoencoder`; below, its untrained start: the principal components.
        """
        rows = checked_matrix(matrix)
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} timbres, expected at least 2 to compare")
        means, spread = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
        useful = spread > 1e-6 * np.maximum(1.0, np.abs(means))
        gains = np.where(useful, 1.0 / np.where(useful, spread, 1.0), 0.0)
        means, gains = means.astype(np.float32), gains.astype(np.float32)
        scaled = _standardised(rows, means, gains)
        trained = len(rows) >= LEAST_TRAINED and bool(scaled.any())
        if trained:
            encoder = train_autoencoder(scaled, config, track=track).encoder
        else:
            rng = np.random.default_rng(config.seed)
            encoder, _ = untrained_stacks(scaled, config.latent, (), (), linear_path=True, rng=rng)
        return cls(means, gains, encoder, trained)

    def encode(self, matrix: npt.ArrayLike) -> FloatMatrix:
        """Latents of length 1, float32 (songs, latent); zero where a timbre is the mean of all in everything."""
        return self.encoder.encode(_standardised(checked_matrix(matrix, len(self.means)), self.means, self.gains))

    def save(self, folder: Path) -> None:
        """Write the scale and the encoder into a folder that exists."""
        scale = {"means": self.means, "gains": self.gains}
        save_model(folder, "scale", scale, {"inputs": len(self.means), "trained": self.trained})
        self.encoder.save(folder, {})

    @classmethod
    def load(cls, folder: Path) -> TimbreModel:
        """Read what `save` wrote; neither keras nor torch is loaded."""
        encoder = load_encoder(folder)

        def read(arrays: Arrays, facts: Mapping[str, Any]) -> TimbreModel:
            means, gains = (arrays.take(name, (encoder.inputs,)) for name in ("means", "gains"))
            return cls(means, gains, encoder, bool(facts["trained"]))

        return load_model(folder, "scale", read, what="a scale of timbres")


def _standardised(rows: FloatMatrix, means: FloatMatrix, gains: FloatMatrix) -> FloatMatrix:
    return np.asarray(np.clip((rows - means) * gains, -CLIP, CLIP), np.float32)
