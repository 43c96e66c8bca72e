"""What a tBERT is made from: its settings, the sizes of its inputs, and how they are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from indexer.models.mlp import Activation, checked_matrix
from indexer.settings import Count, NotNegative, Number, Positive, Seed, Share, Whole, Width, settings

FloatMatrix = npt.NDArray[np.float32]
Transformer = Literal["frozen", "fine-tuned"]

# Of the two hidden layers. The second is linear, scaled to length 1 and only then read by the head, so that training
# sees what reranking compares.
ACTIVATIONS: tuple[Activation, Activation] = ("relu", "linear")
FLAGS = 2  # are lyrics known, is audio known


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

    hidden: Width = 128
    width: Width = 1024
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
