"""A trained tBERT as an index holds it, applied with numpy: an MLP of sentence vector, topics and audio."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.errors import ConfigError
from indexer.models.mlp import DenseStack, softmax, unit_rows
from indexer.models.tbert.inputs import ACTIVATIONS, FLAGS, Sizes, TBertConfig, join
from indexer.store.weights import Arrays, load_model, save_model

if TYPE_CHECKING:
    from indexer.models.tbert.transformer import TunedEncoder

FloatMatrix = npt.NDArray[np.float32]

_ROWS = 8_192  # songs that are joined and computed at once; bounds memory on a million songs


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

    def of_names(self, names: Collection[str]) -> TBert:
        """The model without the other labels; embeddings do not change."""
        keep = [column for column, name in enumerate(self.names) if name in names]
        (layer,) = self.head.layers
        head = DenseStack((replace(layer, kernel=layer.kernel[:, keep], bias=layer.bias[keep]),), self.head.linear)
        return replace(self, head=head, names=tuple(self.names[column] for column in keep))

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
