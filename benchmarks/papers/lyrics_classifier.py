"""A sentence encoder fine-tuned to tell classes of lyrics apart: trained, saved, loaded and asked.

As the lyrics-to-quadrants paper does it (see PAPERS): a transformer with one layer on top, fine-tuned on the beginnings
of lyrics.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from benchmarks.papers.preprocessing import preprocess
from benchmarks.papers.product import (
    ConfigError,
    Count,
    IndexFormatError,
    Losses,
    NotNegative,
    Positive,
    Rows,
    SentenceEncoder,
    Share,
    Track,
    TunedEncoder,
    Whole,
    copy_of,
    first_windows,
    last_layers,
    learn,
    quiet,
    settings,
)

if TYPE_CHECKING:
    import torch

FloatMatrix = npt.NDArray[np.float32]

_FACTS, _HEAD, _TRANSFORMER = "classifier.json", "head.safetensors", "transformer"


@settings()
class ClassifierConfig:
    """What is trained, and how.

    layers         last layers of the encoder that learn, with the head
    max_length     tokens of a lyric that are read; what follows is cut off
    learning_rate  of the layers; the head, which starts from nothing, has `head_rate`
    dropout        share of the vector that the head does not see in a step
    preprocessed   lyrics are read as `preprocess` leaves them, not as they are sung
    """

    layers: Count = 2
    max_length: Annotated[Whole, Field(ge=8)] = 128
    epochs: Count = 4
    batch: Count = 64
    learning_rate: Positive = 2.5e-5
    head_rate: Positive = 1e-3
    dropout: Share = 0.1
    weight_decay: NotNegative = 0.01
    preprocessed: bool = False
    seed: Whole = 0

    def read(self, lyrics: str) -> str | None:
        """What the encoder is given of a lyric; None where there is too little of it."""
        return preprocess(lyrics) if self.preprocessed else (lyrics if lyrics.strip() else None)


@dataclass(frozen=True, slots=True)
class LyricsClassifier:
    """A trained classifier.

    names    of the classes
    kernel   float32 (encoder.dim, classes) and bias (classes,): the head, on vectors of mean square 1
    history  losses in nats of each epoch; the weights are those of the best on held-out songs
    """

    names: tuple[str, ...]
    encoder: TunedEncoder
    kernel: FloatMatrix
    bias: FloatMatrix
    config: ClassifierConfig
    history: tuple[Losses, ...] = field(repr=False)

    def probabilities(self, lyrics: Sequence[str]) -> FloatMatrix:
        """float32 (len(lyrics), classes), rows sum to 1; a zero row where there is too little to read."""
        read = [self.config.read(text) for text in lyrics]
        known = [i for i, text in enumerate(read) if text is not None]
        out = np.zeros((len(lyrics), len(self.names)), np.float32)
        if known:
            vectors = self.encoder.encode_beginnings([read[i] or "" for i in known])
            logits = np.float32(math.sqrt(vectors.shape[1])) * vectors @ self.kernel + self.bias
            chances = np.exp(logits - logits.max(axis=1, keepdims=True))
            out[known] = chances / chances.sum(axis=1, keepdims=True)
        return out

    def predict(self, lyrics: str) -> str | None:
        """The likeliest class of one song; None where there is too little to read."""
        chances = self.probabilities([lyrics])[0]
        return self.names[int(chances.argmax())] if chances.any() else None

    def save(self, folder: Path) -> None:
        """Write classifier.json, head.safetensors and the encoder in transformer/ into an empty or new folder."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder / _TRANSFORMER)
        save_file({"kernel": self.kernel, "bias": self.bias}, folder / _HEAD)
        facts = {"names": self.names, "config": asdict(self.config), "history": self.history}
        (folder / _FACTS).write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. It runs nobody's code, and loads torch only when it is asked."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            facts = json.loads((folder / _FACTS).read_text("utf-8"))
            names = tuple(map(str, facts["names"]))
            config = ClassifierConfig(**facts["config"])
            head = load_file(folder / _HEAD)
            kernel, bias = head["kernel"], head["bias"]
            if kernel.shape[1:] != (len(names),) or bias.shape != (len(names),):
                raise ValueError(f"the head is {kernel.shape} and {bias.shape}, expected {len(names)} classes")
            if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
                raise ValueError("the head holds NaN or infinity")
            encoder = TunedEncoder.load(folder / _TRANSFORMER)
            history = tuple((float(seen), float(held)) for seen, held in facts["history"])
        except (OSError, ValueError, TypeError, KeyError, SafetensorError, ConfigError) as error:
            raise IndexFormatError(
                f"{folder} holds no lyrics classifier ({type(error).__name__}: {error}); expected {_FACTS}, {_HEAD} "
                f"and {_TRANSFORMER}/ as LyricsClassifier.save writes them; train it again"
            ) from error
        return cls(names, encoder, kernel, bias, config, history)


def train_classifier(
    encoder: SentenceEncoder,
    lyrics: Sequence[str],
    classes: Rows,
    names: Sequence[str],
    held_out: npt.NDArray[np.bool_],
    config: ClassifierConfig | None = None,
    *,
    watch: Callable[[int, float], None] = lambda epoch, held: None,
    track: Track = quiet,
) -> LyricsClassifier:
    """Fine-tune a copy of the encoder on songs of known class; cross-entropy, songs with too little to read left out.

    classes    int (songs,), each an entry of `names`
    held_out   bool (songs,): songs that only choose the epoch
    watch      told each epoch's number, from 1, and its held-out loss; what it raises ends the training
    """
    import torch
    from torch.nn.functional import cross_entropy

    config = config or ClassifierConfig()
    if not len(lyrics) == len(classes) == len(held_out):
        raise ValueError(
            f"there are {len(lyrics)} lyrics, {len(classes)} classes and {len(held_out)} marks, expected equally many"
        )
    if len(classes) and not 0 <= classes.min() <= classes.max() < len(names):
        raise ValueError(f"classes go from {classes.min()} to {classes.max()}, expected 0 to {len(names) - 1}")
    read = [config.read(text) for text in lyrics]
    known = np.array([text is not None for text in read], bool)
    seen, unseen = np.flatnonzero(known & ~held_out), np.flatnonzero(known & held_out)
    if len(np.unique(classes[seen])) < 2:
        raise ValueError(f"{len(seen)} songs to learn from are all of one class, expected two classes or more")
    rng = np.random.default_rng(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        transformer = copy_of(encoder)
        layers = last_layers(transformer, config.layers)
        head = torch.nn.Linear(encoder.dim, len(names))
        dropout = torch.nn.Dropout(config.dropout)
        wanted = torch.from_numpy(np.asarray(classes, np.int64))

        def loss(rows: Rows, learning: bool) -> torch.Tensor:
            transformer.train(learning)
            dropout.train(learning)
            vectors = first_windows(transformer, [read[i] or "" for i in rows], config.max_length)
            return cross_entropy(head(dropout(vectors * math.sqrt(encoder.dim))), wanted[rows])

        history = learn(
            [(layers, config.learning_rate), (head, config.head_rate)],
            loss, seen, unseen, rng,
            epochs=config.epochs, batch=config.batch, weight_decay=config.weight_decay, watch=watch, track=track,
        )  # fmt: skip
    kernel = np.ascontiguousarray(head.weight.detach().numpy().T)
    tuned = TunedEncoder.of(transformer, config.max_length)
    return LyricsClassifier(tuple(names), tuned, kernel, head.bias.detach().numpy().copy(), config, tuple(history))
