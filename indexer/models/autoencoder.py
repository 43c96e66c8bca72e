"""The autoencoders of lyrics, sound and timbre: vectors to short vectors that keep neighbours; the home of keras."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from indexer.errors import ConfigError
from indexer.models.mlp import Activation, DenseStack, Layer, checked_matrix, untrained_stacks
from indexer.models.training import EarlyStopping
from indexer.progress import Track, quiet
from indexer.settings import Count, NotNegative, Positive, Seed, Share, Whole, Width, settings

FloatMatrix = npt.NDArray[np.float32]

BACKEND = "torch"
_WARM_UP = 20  # steps over which the learning rate rises; Adam's first steps are otherwise as large as later ones
MIN_HELD_OUT = 10  # fewer songs measure nothing: the training loss decides then
_ALMOST_ZERO = 1e-9
_FAR = -1e4  # takes a pair out of a softmax


@settings()
class AutoencoderConfig:
    """What an autoencoder is and how it is trained. The decoder mirrors the encoder; the latent has no activation.

    The defaults are for lyrics, 384 -> 48; for audio features see AUDIO, for timbre TIMBRE.

    latent            size of the latent
    widths            hidden layers of the encoder, from the input on
    activations       one per hidden layer
    linear_path       add a linear map beside the hidden layers, started at the truncated SVD
    neighbour_weight  weight of the term that keeps neighbourhoods; 0 leaves squared error alone
    temperature       of that term's softmax over the inputs' cosines; lower looks at nearer songs only
    latent_temperature  of its softmax over the latents' cosines, which spread wider than the inputs'
    epochs, patience  at most, and without a better loss on held-out songs
    batch             songs per step; the term sees only neighbours within a batch
    learning_rate     highest rate of AdamW, reached after a warm-up, falling to 0 along a cosine
    weight_decay      of AdamW; what keeps the hidden layers from learning songs by heart
    held_out          share of the songs for early stopping
    sample            songs that are used at most, so that a large collection takes no longer
    """

    latent: Width = 48
    widths: tuple[Width, ...] = (1024,)
    activations: tuple[Activation, ...] = ("relu",)
    linear_path: bool = True
    neighbour_weight: NotNegative = 1.0
    temperature: Positive = 0.04
    latent_temperature: Positive = 0.055
    epochs: Count = 30
    patience: Count = 5
    batch: Annotated[Whole, Field(ge=2)] = 512
    learning_rate: Positive = 2e-3
    weight_decay: NotNegative = 0.1
    held_out: Share = 0.1
    sample: Annotated[Whole, Field(ge=2)] = 50_000
    seed: Seed = 0

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.activations):
            raise ConfigError(
                f"{len(self.widths)} widths and {len(self.activations)} activations, expected one for each"
            )


# Audio, 14 -> 12. Ten epochs keep 0.94 of the ten nearest neighbours; thirty keep 0.01 more in six times the time.
AUDIO = AutoencoderConfig(
    latent=12,
    widths=(128,),
    temperature=0.05,
    latent_temperature=0.05,
    epochs=10,
    batch=1024,
    learning_rate=1e-2,
    sample=20_000,
)
# Timbre, 66 -> 16: the same objective, wider.
TIMBRE = replace(AUDIO, latent=16)


@dataclass(frozen=True, slots=True)
class Epoch:
    """Losses of one pass over the songs; `valid` ones on songs that the training does not see (NaN without any).

    loss            what is minimised: reconstruction + neighbour_weight * neighbours
    reconstruction  mean squared error as a share of the mean square of the input: 0 is perfect, 1 is no better than 0
    neighbours      KL divergence of the latents' similarity distribution from the inputs', in nats
    """

    train_loss: float
    train_reconstruction: float
    train_neighbours: float
    valid_loss: float
    valid_reconstruction: float
    valid_neighbours: float


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """A trained autoencoder, of which only the encoder is kept; what it computes needs numpy only."""

    encoder: DenseStack
    config: AutoencoderConfig
    history: tuple[Epoch, ...] = field(repr=False)

    def encode(self, matrix: npt.ArrayLike) -> FloatMatrix:
        """Latents of length 1, float32 (rows, latent); a zero row stays a zero row."""
        return self.encoder.encode(matrix)

    def save(self, folder: Path) -> None:
        """Write the encoder as `load_encoder` reads it, with its configuration and history (None: not measured)."""
        history = [
            {name: value if math.isfinite(value) else None for name, value in asdict(epoch).items()}
            for epoch in self.history
        ]
        self.encoder.save(folder, {"config": asdict(self.config), "history": history})


def train_autoencoder(matrix: npt.ArrayLike, config: AutoencoderConfig, *, track: Track = quiet) -> Autoencoder:
    """Train on the rows of `matrix`, float (songs, inputs); zero rows (nothing is known) are left out.

    The loss is the squared error of the reconstruction, as a share of the mean square of the input, plus
    the KL divergence between two distributions over the other songs of a batch: softmax(cosine /
    temperature) of the inputs and of the latents. Squared error alone spends the latent on what varies
    most; the second term spends it on who is near whom, which is all that a search reads.
    The same matrix, config, machine and number of threads give the same weights.
    """
    rows = checked_matrix(matrix)
    rows = rows[rows.any(axis=1)]
    if len(rows) < 2:
        raise ValueError(f"{len(rows)} rows are not zero, expected at least 2 to train on")
    keras = keras_on_torch()
    rng = np.random.default_rng(config.seed)
    rows = rows[rng.permutation(len(rows))[: config.sample]]
    held_out = round(config.held_out * len(rows))
    if held_out < MIN_HELD_OUT:
        held_out = 0
    valid, rows = rows[:held_out], rows[held_out:]

    starts = untrained_stacks(
        rows, config.latent, config.widths, config.activations, linear_path=config.linear_path, rng=rng
    )
    encoder, decoder = (_keras_model(stack, name) for stack, name in zip(starts, ("encoder", "decoder"), strict=True))
    trainer = _trainer(keras, encoder, decoder, config, rows)
    history: list[Epoch] = []
    best: DenseStack | None = None
    stopping = EarlyStopping(config.patience)
    for _ in track(range(config.epochs), "train autoencoder"):
        order = rng.permutation(len(rows))
        trainer.reset_metrics()
        for batch in np.array_split(order, math.ceil(len(rows) / config.batch)):
            losses = trainer.train_on_batch(rows[batch], [rows[batch]] * 2, return_dict=True)
        trainer.reset_metrics()
        seen = trainer.test_on_batch(valid, [valid] * 2, return_dict=True) if held_out else {}
        history.append(Epoch(*_losses(losses), *_losses(seen)))
        watched = history[-1].valid_loss if held_out else history[-1].train_loss
        if stopping.improves(watched):
            best = _stack(encoder, (*config.activations, "linear"), linear_path=config.linear_path)
        if stopping.stop:
            break
    if best is None:
        raise ValueError(
            f"the loss is {watched} after the first epoch; lower learning_rate, now {config.learning_rate:g}"
        )
    return Autoencoder(best, config, tuple(history))


def _trainer(keras: Any, encoder: Any, decoder: Any, config: AutoencoderConfig, rows: FloatMatrix) -> Any:
    """The Keras model that is fitted: rows -> (latent, reconstruction), one loss on each, the target is the input."""
    ops = keras.ops
    mean_square = float(np.mean(rows.astype(np.float64) ** 2))

    def unit(part: Any) -> Any:
        # not ops.normalize: its gradient is NaN where a latent is all 0, as behind hidden layers whose relus are off
        return part * ops.rsqrt(ops.sum(ops.square(part), axis=1, keepdims=True) + _ALMOST_ZERO)

    def neighbours(target: Any, latent: Any) -> Any:
        apart = _FAR * ops.eye(ops.shape(target)[0])
        target, latent = unit(target), unit(latent)
        wanted = ops.log_softmax(ops.matmul(target, ops.transpose(target)) / config.temperature + apart, axis=1)
        found = ops.log_softmax(ops.matmul(latent, ops.transpose(latent)) / config.latent_temperature + apart, axis=1)
        return ops.mean(ops.sum(ops.exp(wanted) * (wanted - found), axis=1))

    def reconstruction(target: Any, decoded: Any) -> Any:
        return ops.mean(ops.square(target - decoded)) / mean_square

    row = keras.Input((rows.shape[1],))
    latent = encoder(row)
    trainer = keras.Model(row, [latent, decoder(latent)])
    steps = config.epochs * math.ceil(len(rows) / config.batch)
    warm_up = min(_WARM_UP, steps // 2)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm_up), warmup_target=config.learning_rate, warmup_steps=warm_up
    )
    trainer.compile(
        keras.optimizers.AdamW(rate, weight_decay=config.weight_decay),
        loss=[neighbours, reconstruction],
        loss_weights=[config.neighbour_weight, 1.0],
        jit_compile=False,
    )
    return trainer


def _losses(log: dict[str, float]) -> tuple[float, float, float]:
    """Loss, reconstruction and neighbours from Keras's log, NaN where nothing was measured."""
    loss, reconstruction, neighbours = (float(log.get(n, math.nan)) for n in ("loss", "decoder_loss", "encoder_loss"))
    return loss, reconstruction, neighbours


def keras_on_torch() -> Any:
    """Keras with the torch backend; the one place that imports it."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = BACKEND
    import keras

    backend = keras.backend.backend()
    if backend != BACKEND:
        raise ConfigError(
            f"keras is already loaded with the backend {backend!r}, expected {BACKEND!r}; "
            f"set KERAS_BACKEND={BACKEND} before the first import of keras in this process"
        )
    return keras


def _keras_model(stack: DenseStack, name: str) -> Any:
    """The stack as a Keras model of Dense and Add layers.

    The layers' names carry the model's: the torch backend clears gradients by the variables' paths, so of two
    layers with one name in one trainer only the last is cleared, and the other's gradients pile up (Keras 3.15.1).
    """
    keras = keras_on_torch()
    row = keras.Input((stack.inputs,), name="row")
    out = row
    for number, layer in enumerate(stack.layers):
        out = keras.layers.Dense(len(layer.bias), activation=layer.activation, name=f"{name}_dense_{number}")(out)
    if stack.linear is not None:
        straight = keras.layers.Dense(stack.linear.shape[1], use_bias=False, name=f"{name}_linear")(row)
        out = keras.layers.Add(name=f"{name}_sum")([out, straight])
    model = keras.Model(row, out, name=name)
    for number, layer in enumerate(stack.layers):
        model.get_layer(f"{name}_dense_{number}").set_weights([layer.kernel, layer.bias])
    if stack.linear is not None:
        model.get_layer(f"{name}_linear").set_weights([stack.linear])
    return model


def _stack(model: Any, activations: tuple[Activation, ...], *, linear_path: bool) -> DenseStack:
    """A copy of the model's weights."""
    layers = []
    for number, activation in enumerate(activations):
        kernel, bias = model.get_layer(f"{model.name}_dense_{number}").get_weights()
        layers.append(Layer(kernel, bias, activation))
    linear = model.get_layer(f"{model.name}_linear").get_weights()[0] if linear_path else None
    return DenseStack(tuple(layers), linear)
