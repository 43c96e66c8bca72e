"""Dense layers in plain numpy: a trained encoder as an index holds and applies it, without keras or torch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError

FloatMatrix = npt.NDArray[np.float32]
Activation = Literal["linear", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "tanh", "sigmoid"]

_APPLY_ROWS = 8_192  # rows that go through the layers at once; bounds memory on a million songs


@dataclass(frozen=True, slots=True)
class Layer:
    """A dense layer: activation(rows @ kernel + bias). kernel float32 (inputs, outputs), bias (outputs,)."""

    kernel: FloatMatrix
    bias: FloatMatrix
    activation: Activation


@dataclass(frozen=True, slots=True)
class DenseStack:
    """Dense layers in plain numpy, and beside them, where there is one, a linear path from input to output."""

    layers: tuple[Layer, ...]
    linear: FloatMatrix | None = None

    @property
    def inputs(self) -> int:
        return len(self.layers[0].kernel)

    def apply(self, matrix: npt.ArrayLike) -> FloatMatrix:
        """The output of the last layer, float32 (rows, outputs)."""
        rows = checked_matrix(matrix, self.inputs)
        parts = [self._forward(rows[i : i + _APPLY_ROWS]) for i in range(0, max(1, len(rows)), _APPLY_ROWS)]
        return np.concatenate(parts)

    def encode(self, matrix: npt.ArrayLike) -> FloatMatrix:
        """Latents of length 1, float32 (rows, latent); a zero row (nothing is known) stays a zero row."""
        rows = checked_matrix(matrix, self.inputs)
        latent = self.apply(rows)
        latent /= np.maximum(np.linalg.norm(latent, axis=1, keepdims=True), 1e-12)
        latent[~rows.any(axis=1)] = 0.0
        return latent

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write encoder.npy, all weights in one array, and encoder.json, their shapes and `facts` about them."""
        arrays = [array for layer in self.layers for array in (layer.kernel, layer.bias)]
        if self.linear is not None:
            arrays.append(self.linear)
        np.save(folder / "encoder.npy", np.concatenate([a.ravel() for a in arrays]), allow_pickle=False)
        described = {
            "inputs": self.inputs,
            "widths": [len(layer.bias) for layer in self.layers],
            "activations": [layer.activation for layer in self.layers],
            "linear_path": self.linear is not None,
            **facts,
        }
        (folder / "encoder.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")

    def _forward(self, rows: FloatMatrix) -> FloatMatrix:
        out = rows
        for layer in self.layers:
            out = _activate(out @ layer.kernel + layer.bias, layer.activation)
        return out if self.linear is None else out + rows @ self.linear


def load_encoder(folder: Path) -> DenseStack:
    """The encoder that Autoencoder.save wrote, from its plain copy: neither keras nor torch is loaded."""
    try:
        described = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
        weights = np.load(folder / "encoder.npy", allow_pickle=False)
        sizes = [int(described["inputs"]), *map(int, described["widths"])]
        activations = described["activations"]
        shapes = [shape for a, b in pairwise(sizes) for shape in ((a, b), (b,))]
        if described["linear_path"]:
            shapes.append((sizes[0], sizes[-1]))
        ends = np.cumsum([math.prod(shape) for shape in shapes])
        if weights.shape != (ends[-1],) or weights.dtype != np.float32 or not np.isfinite(weights).all():
            raise ValueError(
                f"encoder.npy is {weights.dtype} {weights.shape}, expected float32 ({ends[-1]},), all finite"
            )
        if len(activations) != len(sizes) - 1 or not set(activations) <= set(get_args(Activation)):
            raise ValueError(f"activations are {activations}")
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise IndexFormatError(
            f"{folder} holds no encoder ({type(error).__name__}: {error}); expected encoder.npy and encoder.json "
            "as a build writes them; rebuild the index"
        ) from error
    arrays = [part.reshape(shape) for part, shape in zip(np.split(weights, ends[:-1]), shapes, strict=True)]
    layers = tuple(Layer(arrays[2 * i], arrays[2 * i + 1], a) for i, a in enumerate(activations))
    return DenseStack(layers, arrays[-1] if described["linear_path"] else None)


def untrained_stacks(
    rows: FloatMatrix,
    latent: int,
    widths: tuple[int, ...],
    activations: tuple[Activation, ...],
    *,
    linear_path: bool,
    rng: np.random.Generator,
) -> tuple[DenseStack, DenseStack]:
    """An encoder and the decoder that mirrors it, before training.

    With a linear path both start as the truncated SVD: the path holds the first right singular vectors,
    the hidden layers add nothing yet (their last kernel is 0) and learn what a linear map cannot keep.
    """
    inputs, columns = rows.shape[1], min(latent, rows.shape[1])
    linear = np.zeros((inputs, latent), np.float32)
    linear[:, :columns] = np.linalg.eigh(rows.T.astype(np.float64) @ rows)[1][:, ::-1][:, :columns]
    stacks = []
    for sizes, between, path in (
        ((inputs, *widths, latent), activations, linear),
        ((latent, *widths[::-1], inputs), activations[::-1], linear.T.copy()),
    ):
        layers = []
        each: tuple[Activation, ...] = (*between, "linear")
        for (fan_in, fan_out), activation in zip(pairwise(sizes), each, strict=True):
            limit = math.sqrt(6.0 / (fan_in + fan_out))  # Glorot and Bengio 2010, the Keras default
            kernel = rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32)
            layers.append(Layer(kernel, np.zeros(fan_out, np.float32), activation))
        if linear_path:
            layers[-1] = Layer(np.zeros_like(layers[-1].kernel), layers[-1].bias, "linear")
        stacks.append(DenseStack(tuple(layers), path if linear_path else None))
    return stacks[0], stacks[1]


def checked_matrix(matrix: npt.ArrayLike, inputs: int | None = None) -> FloatMatrix:
    """The matrix as float32, or a ValueError where it has another shape or holds NaN or infinity."""
    rows = np.asarray(matrix, np.float32)
    if rows.ndim != 2 or rows.shape[1] != (inputs or rows.shape[1]):
        raise ValueError(f"the matrix has shape {rows.shape}, expected (rows, {inputs or 'columns'})")
    if not np.isfinite(rows).all():
        raise ValueError("the matrix holds NaN or infinity, expected finite numbers; an unknown row is all 0")
    return rows


def _activate(x: FloatMatrix, activation: Activation) -> FloatMatrix:
    """As Keras defines these; the test compares them."""
    match activation:
        case "relu":
            return np.maximum(x, 0)
        case "leaky_relu":
            return np.where(x < 0, np.float32(0.2) * x, x)
        case "elu":
            return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)
        case "gelu":
            from scipy.special import erf

            return np.asarray(x * (1 + erf(x / np.float32(math.sqrt(2)))) / 2, np.float32)
        case "silu":
            return x * _sigmoid(x)
        case "softplus":
            return np.logaddexp(x, np.float32(0))
        case "tanh":
            return np.tanh(x)
        case "sigmoid":
            return _sigmoid(x)
        case "linear":
            return x


def _sigmoid(x: FloatMatrix) -> FloatMatrix:
    return np.float32(0.5) * (1 + np.tanh(x / 2))  # does not overflow, unlike 1 / (1 + exp(-x))
