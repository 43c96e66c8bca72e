"""A trained tBERT as an index holds it, applied with numpy: an MLP of sentence vector, topics and audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from indexer.errors import ConfigError
from indexer.models.mlp import Activation, DenseStack, checked_matrix, softmax, unit_rows
from indexer.settings import Count, NotNegative, Number, Positive, Seed, Share, Whole, settings
from indexer.store.weights import Arrays, load_model, save_model

if TYPE_CHECKING:
    from indexer.models.tbert.transformer import TunedEncoder

FloatMatrix = npt.NDArray[np.float32]
Transformer = Literal["frozen", "fine-tuned"]

# Of the two hidden layers. The second is linear, scaled to length 1 and only then read by the head, so that training
# sees what reranking compares.
ACTIVATIONS: tuple[Activation, Activation] = ("relu", "linear")
FLAGS = 2  # are lyrics known, is audio known
_ROWS = 8_192  # songs that are joined and computed at once; bounds memory on a million songs


@settings("tbert")
class TBertConfig:
    """What the network is and how it is trained.

    With the defaults nothing is held out and all epochs are trained: the network learns the songs of the playlists
    that it saw nearly by heart, which reranks songs like these better and says little of songs without labels.

    hidden            size of the last hidden layer, the reranking embedding
    width             of the hidden layer before it
    dropout           share of the wide layer's units that a step does not see; of the inputs half as many
    modality_dropout  share of the songs with lyrics and audio that a step sees without lyrics, likewise without audio
    epochs, patience  at most, and epochs without a better loss on held-out artists that are allowed
    learning_rate     highest rate of AdamW, falling to 0 along a cosine
    held_out          share of the labelled songs, whole artists, for early stopping; 0 trains all epochs.
                      Probabilities of unseen songs want 0.1, reranking wants 0
    sample            labelled songs that are used at most, so that a large collection takes no longer
    transformer       "frozen" takes the sentence vectors as they are; "fine-tuned" trains the last `tuned_layers` of
                      the encoder first, on `tuned_sample` songs with lyrics (5 to 10 songs/s on a CPU core)
    """

    hidden: Count = 128
    width: Count = 1024
    dropout: Share = 0.1
    modality_dropout: Annotated[Number, Field(ge=0, lt=0.5)] = 0.1
    epochs: Count = 60
    patience: Count = 4
    batch: Annotated[Whole, Field(ge=2)] = 1024
    learning_rate: Positive = 3e-3
    weight_decay: NotNegative = 0.01
    held_out: Share = 0.0
    sample: Annotated[Whole, Field(ge=2)] = 100_000
    seed: Seed = 0
    transformer: Transformer = "frozen"
    tuned_layers: Count = 2
    tuned_epochs: Count = 2
    tuned_rate: Positive = 2e-5
    tuned_sample: Annotated[Whole, Field(ge=2)] = 8_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """Columns of the three inputs: sentence vector, topics, audio."""

    sentence: int
    topics: int
    audio: int

    @property
    def lyrics(self) -> int:
        return self.sentence + self.topics

    @property
    def joined(self) -> int:
        return self.lyrics + self.audio + FLAGS


def join(sentence: npt.ArrayLike, topics: npt.ArrayLike, audio: npt.ArrayLike, sizes: Sizes) -> FloatMatrix:
    """The network's input, float32 (rows, sizes.joined): [sentence | topics | audio | lyrics known | audio known].

    A unit vector is scaled to mean square 1 and topics to mean 1, so that the three start with an equal say.
    """
    parts = [
        checked_matrix(part, size)
        for part, size in ((sentence, sizes.sentence), (topics, sizes.topics), (audio, sizes.audio))
    ]
    if len({len(part) for part in parts}) != 1:
        raise ValueError(
            f"sentence, topics and audio have {', '.join(str(len(p)) for p in parts)} rows, expected equally many"
        )
    vectors, mixtures, features = parts
    has_lyrics = vectors.any(axis=1) | mixtures.any(axis=1)
    flags = np.stack([has_lyrics, features.any(axis=1)], axis=1).astype(np.float32)
    scaled = vectors * np.float32(np.sqrt(sizes.sentence)), mixtures * np.float32(sizes.topics)
    return np.hstack([*scaled, features, flags])


@dataclass(frozen=True, slots=True)
class TBert:
    """A trained tBERT: dense layers over a sentence vector that another model made, not a transformer of its own.

    body     joined inputs -> hidden
    head     hidden -> logits of the labels that it was trained with
    names    of the labels: moods and other words of playlists' titles
    history  cross-entropy in nats of each epoch: on the songs that were learned from, on held-out ones if there are any
    encoder  the fine-tuned sentence encoder; None where the transformer was frozen
    """

    body: DenseStack
    head: DenseStack
    names: tuple[str, ...]
    sizes: Sizes
    config: TBertConfig
    history: tuple[tuple[float, float | None], ...] = field(repr=False)
    encoder: TunedEncoder | None = None

    def embed(self, sentence: npt.ArrayLike, topics: npt.ArrayLike, audio: npt.ArrayLike) -> FloatMatrix:
        """Unit rows, float32 (rows, hidden); a song with neither lyrics nor audio is a zero row.

        Of a fine-tuned tBERT `sentence` are the vectors of its own encoder.
        """
        parts = [np.asarray(part) for part in (sentence, topics, audio)]
        embedded = []
        for start in range(0, max(1, max(map(len, parts))), _ROWS):
            vectors, mixtures, features = (part[start : start + _ROWS] for part in parts)
            rows = join(vectors, mixtures, features, self.sizes)
            hidden = unit_rows(self.body.apply(rows))
            hidden[~rows[:, -FLAGS:].any(axis=1)] = 0.0
            embedded.append(hidden)
        return np.concatenate(embedded)

    def probabilities(self, sentence: npt.ArrayLike, topics: npt.ArrayLike, audio: npt.ArrayLike) -> FloatMatrix:
        """float32 (rows, names), rows sum to 1: of the labels. Nothing in the library reads them; a build does not
        compute them.

        A song with neither lyrics nor audio is a zero row: unknown, not the labels of the average song.
        """
        hidden = self.embed(sentence, topics, audio)
        probabilities = softmax(self.head.apply(hidden))
        probabilities[~hidden.any(axis=1)] = 0.0
        return probabilities

    def embed_texts(self, texts: Sequence[str], topics: npt.ArrayLike, audio: npt.ArrayLike) -> FloatMatrix:
        """As `embed`, from lyrics ("" where there are none); only of a fine-tuned tBERT."""
        if self.encoder is None:
            raise ValueError("this tBERT was trained on frozen sentence vectors; encode the texts and call embed")
        return self.embed(self.encoder.encode(texts), topics, audio)

    def save(self, folder: Path) -> None:
        """Write tbert.safetensors and tbert.json into `folder`, and transformer/ where it was fine-tuned."""
        facts = {
            "names": self.names,
            "sizes": asdict(self.sizes),
            "config": asdict(self.config),
            "history": self.history,
        }
        save_model(folder, "tbert", self.body.arrays("body") | self.head.arrays("head"), facts)
        if self.encoder is not None:
            self.encoder.save(folder / "transformer")


def load_tbert(folder: Path) -> TBert:
    """Read what TBert.save wrote; torch is loaded only when a fine-tuned one encodes texts."""

    def read(arrays: Arrays, facts: dict[str, Any]) -> TBert:
        names, sizes = tuple(map(str, facts["names"])), Sizes(**{k: int(v) for k, v in facts["sizes"].items()})
        try:
            config = TBertConfig(**facts["config"])
        except ConfigError as error:
            raise ValueError(str(error)) from error
        body = DenseStack.of(arrays, "body", (sizes.joined, config.width, config.hidden), ACTIVATIONS)
        head = DenseStack.of(arrays, "head", (config.hidden, len(names)), ("linear",))
        history = tuple(
            (float(train), None if held_out is None else float(held_out)) for train, held_out in facts["history"]
        )
        encoder = None
        if config.transformer == "fine-tuned":
            from indexer.models.tbert.transformer import TunedEncoder

            encoder = TunedEncoder.load(folder / "transformer")
        return TBert(body, head, names, sizes, config, history, encoder)

    return load_model(folder, "tbert", read, what="a tBERT")
