"""Autoencoders: neighbours are kept, numpy computes what Keras computes, files are safe to open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import ConfigError
from indexer.models import autoencoder as autoencoders
from indexer.models.autoencoder import Autoencoder, AutoencoderConfig, train_autoencoder
from indexer.models.mlp import Activation, DenseStack, Layer, load_encoder

SMALL = AutoencoderConfig(latent=6, widths=(32, 16), activations=("relu", "tanh"), epochs=4, batch=128)


def clustered(n: int, columns: int = 40, *, seed: int = 0, noise: float = 0.1) -> np.ndarray:
    """n unit rows around 60 centres that lie near a curved surface of 8 dimensions, with noise in all columns."""
    rng = np.random.default_rng(0)  # the surface is the same for every seed
    low, bend = rng.standard_normal((60, 8)), rng.standard_normal((8, columns))
    rng = np.random.default_rng(seed + 1)
    at = low[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, 8))
    rows = np.tanh(at @ bend / 2) + noise * rng.standard_normal((n, columns))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> Autoencoder:
    return train_autoencoder(clustered(500), SMALL)


def neighbours_in_common(one: np.ndarray, other: np.ndarray, k: int = 10) -> float:
    """The share of each row's k nearest rows by cosine that are its nearest in the other matrix, too."""

    def nearest(matrix: np.ndarray) -> np.ndarray:
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        scores = unit @ unit.T
        np.fill_diagonal(scores, -np.inf)
        return np.argsort(-scores, axis=1)[:, :k]

    pairs = zip(nearest(one), nearest(other), strict=True)
    return float(np.mean([len(set(a.tolist()) & set(b.tolist())) / k for a, b in pairs]))


def test_more_neighbours_survive_than_by_svd_in_rows_that_training_did_not_see() -> None:
    config = AutoencoderConfig(
        latent=6, widths=(128,), activations=("relu",), epochs=25, batch=256, temperature=0.05, learning_rate=0.01
    )
    rows, unseen = clustered(1200), clustered(300, seed=1)
    directions = np.linalg.svd(rows, full_matrices=False)[2][:6]
    ours = neighbours_in_common(unseen, train_autoencoder(rows, config).encode(unseen))
    assert ours > neighbours_in_common(unseen, unseen @ directions.T) + 0.03


def test_with_a_linear_path_training_starts_at_the_truncated_svd() -> None:
    rows = clustered(300)
    untrained = train_autoencoder(rows, replace(SMALL, epochs=1, learning_rate=1e-12, held_out=0.0))
    directions = np.linalg.svd(rows, full_matrices=False)[2][:6]
    assert neighbours_in_common(rows @ directions.T, untrained.encode(rows)) > 0.999
    np.testing.assert_allclose(
        untrained.encoder.apply(rows) @ untrained.encoder.linear.T, rows @ directions.T @ directions, atol=1e-4
    )  # type: ignore[union-attr]


def test_encode_gives_unit_rows_and_keeps_zero_rows(trained: Autoencoder) -> None:
    rows = clustered(20, seed=2)
    rows[[3, 11]] = 0.0
    found = trained.encode(rows)
    assert found.dtype == np.float32
    assert found.shape == (20, 6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [float(i not in (3, 11)) for i in range(20)], atol=1e-5)
    assert trained.encode(np.zeros((0, 40))).shape == (0, 6)


@given(st.lists(st.integers(0, 199), min_size=1, max_size=9))
def test_a_row_does_not_depend_on_its_batch(trained: Autoencoder, rows: list[int]) -> None:
    matrix = clustered(200, seed=3)
    np.testing.assert_allclose(trained.encode(matrix[rows]), trained.encode(matrix)[rows], atol=1e-5)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained: Autoencoder) -> None:
    again, other = (train_autoencoder(clustered(500), replace(SMALL, seed=seed)) for seed in (0, 1))
    rows = clustered(50, seed=4)
    np.testing.assert_allclose(again.encode(rows), trained.encode(rows), atol=1e-5)
    assert np.abs(other.encode(rows) - trained.encode(rows)).max() > 1e-3


def test_the_latent_has_no_activation(trained: Autoencoder) -> None:
    def shape(stack: DenseStack) -> list[tuple[int, int, str]]:
        return [(*layer.kernel.shape, layer.activation) for layer in stack.layers]

    assert shape(trained.encoder) == [(40, 32, "relu"), (32, 16, "tanh"), (16, 6, "linear")]


def test_the_architecture_search_of_the_paper_is_a_loop() -> None:
    """Pinheiro et al. 2020, table 1: dense layers only, squared error only; a latent of 1 loses most."""
    matrix = clustered(300, 26)
    searched: list[tuple[int, tuple[int, ...], Activation]] = [
        (10, (20, 16), "relu"),
        (4, (20, 18, 12, 6), "tanh"),
        (1, (24, 20, 16, 12, 8, 4, 2), "relu"),
    ]
    left = {}
    for latent, widths, activation in searched:
        history = train_autoencoder(
            matrix,
            AutoencoderConfig(
                latent,
                widths,
                (activation,) * len(widths),
                linear_path=False,
                neighbour_weight=0.0,
                epochs=10,
                batch=64,
                learning_rate=0.01,
            ),
        ).history
        assert history[-1].train_loss == pytest.approx(history[-1].train_reconstruction, rel=1e-3)
        left[latent] = history[-1].valid_reconstruction
    assert left[10] < left[1] - 0.1
    assert left[4] < left[1] - 0.1


def test_training_stops_early_and_keeps_the_best_weights() -> None:
    noise = np.random.default_rng(0).standard_normal((200, 30)).astype(np.float32)
    config = replace(SMALL, epochs=60, patience=2, learning_rate=0.02)
    found = train_autoencoder(noise, config)
    losses = [epoch.valid_loss for epoch in found.history]
    assert len(losses) < 60, "noise cannot be learnt"
    assert np.argmin(losses) == len(losses) - 1 - (config.patience + 1)
    stopped = train_autoencoder(noise, replace(config, epochs=60, patience=60))
    assert [epoch.valid_loss for epoch in stopped.history][: len(losses)] == pytest.approx(losses, rel=1e-3)
    best = train_autoencoder(noise, replace(config, patience=60))
    np.testing.assert_allclose(found.encode(noise), best.encode(noise), atol=1e-4)


def test_gradients_of_every_layer_are_cleared_between_steps() -> None:
    """Keras on torch clears them by variable path: two layers of one name would pile theirs up and never settle."""
    rows = clustered(64)
    config = replace(SMALL, epochs=40, held_out=0.0, neighbour_weight=0.0, learning_rate=0.005, batch=64)
    losses = [epoch.train_loss for epoch in train_autoencoder(rows, config).history]
    assert losses[-1] < 0.9 * losses[0]
    assert max(losses) == losses[0]


def test_progress_is_reported() -> None:
    seen: list[tuple[str, int]] = []

    def track(steps: Iterable[int], label: str, total: int | None = None) -> Iterable[int]:
        for number, step in enumerate(steps):
            seen.append((label, number))
            yield step

    train_autoencoder(clustered(60), SMALL, track=track)
    assert seen[0] == ("train autoencoder", 0)
    assert len(seen) <= SMALL.epochs


@pytest.mark.parametrize("rows", [2, 5, 30])
def test_tiny_collections_train(rows: int) -> None:
    found = train_autoencoder(clustered(rows), SMALL)
    assert np.isfinite(found.encode(clustered(rows))).all()


def test_a_latent_wider_than_the_input_and_no_hidden_layer_work() -> None:
    rows = clustered(100, 8)
    assert train_autoencoder(rows, AutoencoderConfig(12, (16,), ("elu",), epochs=2)).encode(rows).shape == (100, 12)
    assert train_autoencoder(rows, AutoencoderConfig(4, (), (), epochs=2)).encode(rows).shape == (100, 4)


# Files


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize("activation", get_args(Activation))
def test_numpy_computes_what_keras_computes(activation: Activation, linear_path: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def layer(inputs: int, outputs: int, name: Activation) -> Layer:
        draw = rng.standard_normal((inputs + 1, outputs), dtype=np.float32)
        return Layer(draw[:-1], draw[-1], name)

    path = rng.standard_normal((9, 4), dtype=np.float32) if linear_path else None
    encoder = DenseStack((layer(9, 12, activation), layer(12, 4, "linear")), path)
    Autoencoder(encoder, SMALL, ()).save(tmp_path)
    rows = 2 * rng.standard_normal((50, 9), dtype=np.float32)
    expected = np.asarray(autoencoders._keras_model(encoder, "encoder")(rows).detach())
    np.testing.assert_allclose(load_encoder(tmp_path).apply(rows), expected, atol=1e-5, rtol=1e-5)


def test_a_saved_encoder_is_the_same_and_loads_without_keras_and_torch(trained: Autoencoder, tmp_path: Path) -> None:
    trained.save(tmp_path)
    rows = clustered(30, seed=6)
    np.save(tmp_path / "rows.npy", rows)
    script = (
        "import sys; from pathlib import Path; import numpy as np; from indexer.models.mlp import load_encoder; "
        f"folder = Path({str(tmp_path)!r}); latents = load_encoder(folder).encode(np.load(folder / 'rows.npy')); "
        "np.save(folder / 'latents.npy', latents); "
        "assert not {'keras', 'torch', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    np.testing.assert_allclose(np.load(tmp_path / "latents.npy"), trained.encode(rows), atol=1e-6)
    described = json.loads((tmp_path / "encoder.json").read_text())
    assert described["config"]["widths"] == [32, 16]
    assert len(described["history"]) == len(trained.history)


# Mistakes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activations": ("relu",)}, "2 widths and 1 activations"),
        ({"activations": ("relu", "eval")}, "activations.1 is 'eval', expected one of 'linear', 'relu'"),
        ({"latent": 0}, "latent is 0, expected 1 or more"),
        ({"widths": (3, 0)}, "widths.1 is 0, expected 1 or more"),
        ({"held_out": 1.0}, "held_out is 1"),
        ({"temperature": 0.0}, "temperature"),
        ({"weight_decay": -1.0}, "weight_decay"),
    ],
)
def test_a_wrong_configuration_cannot_be_built(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_wrong_matrices_are_named(trained: Autoencoder) -> None:
    with pytest.raises(ValueError, match="1 rows are not zero"):
        train_autoencoder(np.eye(3)[:2] * [[1], [0]], SMALL)
    with pytest.raises(ValueError, match=r"shape \(3,\), expected \(rows, columns\)"):
        train_autoencoder(np.ones(3), SMALL)
    with pytest.raises(ValueError, match="NaN or infinity"):
        train_autoencoder(np.full((9, 3), np.nan), SMALL)
    with pytest.raises(ValueError, match=r"shape \(2, 7\), expected \(rows, 40\)"):
        trained.encode(np.ones((2, 7)))


def test_another_keras_backend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoencoders.keras_on_torch().backend, "backend", lambda: "jax")
    with pytest.raises(
        ConfigError, match=r"already loaded with the backend 'jax', expected 'torch'; set KERAS_BACKEND"
    ):
        train_autoencoder(clustered(20), SMALL)
