"""Dense layers in plain numpy, as an index holds and applies them without keras or torch, and the small functions of
every network: sigmoid, softmax, rows of length 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from indexer.store.weights import Arrays, load_model, save_model

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
        latent = unit_rows(self.apply(rows))
        latent[~rows.any(axis=1)] = 0.0
        return latent

    def arrays(self, part: str) -> dict[str, FloatMatrix]:
        """The weights by name, "{part}.0.kernel" ..., as `DenseStack.of` takes them."""
        named = {} if self.linear is None else {f"{part}.linear": self.linear}
        for number, layer in enumerate(self.layers):
            named |= {f"{part}.{number}.kernel": layer.kernel, f"{part}.{number}.bias": layer.bias}
        return named

    @classmethod
    def of(
        cls, arrays: Arrays, part: str, sizes: Sequence[int], activations: Sequence[str], *, linear_path: bool = False
    ) -> DenseStack:
        """The stack that `arrays` named, of layers sizes[0] -> sizes[1] -> ...; ValueError where one does not fit."""
        if len(sizes) < 2 or len(activations) != len(sizes) - 1 or not set(activations) <= set(get_args(Activation)):
            raise ValueError(f"{part} has the sizes {list(sizes)} and the activations {list(activations)}")
        layers = tuple(
            Layer(
                arrays.take(f"{part}.{number}.kernel", (inputs, outputs)),
                arrays.take(f"{part}.{number}.bias", (outputs,)),
                cast(Activation, activation),
            )
            for number, ((inputs, outputs), activation) in enumerate(zip(pairwise(sizes), activations, strict=True))
        )
        return cls(layers, arrays.take(f"{part}.linear", (sizes[0], sizes[-1])) if linear_path else None)

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write encoder.safetensors and encoder.json: the weights, their shapes and `facts` about them."""
        described = {
            "inputs": self.inputs,
            "widths": [len(layer.bias) for layer in self.layers],
            "activations": [layer.activation for layer in self.layers],
            "linear_path": self.linear is not None,
            **facts,
        }
        save_model(folder, "encoder", self.arrays("encoder"), described)

    def _forward(self, rows: FloatMatrix) -> FloatMatrix:
        out = rows
        for layer in self.layers:
            out = _activate(out @ layer.kernel + layer.bias, layer.activation)
        return out if self.linear is None else out + rows @ self.linear


def load_encoder(folder: Path) -> DenseStack:
    """The encoder that Autoencoder.save wrote; neither keras nor torch is loaded."""

    def read(arrays: Arrays, facts: dict[str, Any]) -> DenseStack:
        sizes = [int(facts["inputs"]), *map(int, facts["widths"])]
        return DenseStack.of(arrays, "encoder", sizes, facts["activations"], linear_path=bool(facts["linear_path"]))

    return load_model(folder, "encoder", read, what="an encoder")


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
            return x * sigmoid(x)
        case "softplus":
            return np.logaddexp(x, np.float32(0))
        case "tanh":
            return np.tanh(x)
        case "sigmoid":
            return sigmoid(x)
        case "linear":
            return x


def sigmoid(x: npt.NDArray[np.floating]) -> FloatMatrix:
    """float32 1 / (1 + e^-x), exact for small chances too; neither side overflows, NaN stays.

    >>> sigmoid(np.array([-200.0, 0.0, 200.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    falling = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, falling) / (1.0 + falling), np.float32)


def softmax(logits: npt.NDArray[np.floating]) -> FloatMatrix:
    """float32 (rows, outputs), rows sum to 1.

    >>> softmax(np.array([[1000.0, 1000.0]])).tolist()
    [[0.5, 0.5]]
    """
    shares: FloatMatrix = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def unit_rows(matrix: npt.NDArray[np.floating]) -> FloatMatrix:
    """float32: each row scaled to length 1; a zero row stays zero.

    >>> unit_rows(np.array([[0.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    return np.asarray(matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12), np.float32)
