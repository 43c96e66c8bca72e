"""A trained tBERT as an index holds it: numpy computes, safetensors keeps the weights; torch is not loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from indexer.errors import ConfigError, IndexFormatError
from indexer.models.mlp import Activation, DenseStack, Layer, checked_matrix
from indexer.ranges import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range, check

if TYPE_CHECKING:
    from indexer.models.tbert.transformer import TunedEncoder

FloatMatrix = npt.NDArray[np.float32]
Transformer = Literal["frozen", "fine-tuned"]

# Of the two hidden layers. The second is linear, scaled to length 1 and only then read by the head, so that training
# sees what reranking compares. Precision@10 with 1 / 5 seeds after 15 epochs (see TBertConfig): linear 0.038 / 0.052,
# tanh 0.038 / 0.047, relu 0.036 / 0.050.
ACTIVATIONS: tuple[Activation, Activation] = ("relu", "linear")
FLAGS = 2  # are lyrics known, is audio known
_ROWS = 8_192  # songs that are joined and computed at once; bounds memory on a million songs


@dataclass(frozen=True, slots=True)
class TBertConfig:
    """What the network is and how it is trained.

    Measured 2026-11-20 on shared/data: precision@10 of BM25's 200 candidates reranked (mixed with BM25, the weight by
    golden section on other playlists), 8,648 songs with lyrics and audio, playlists that gave no label; one run each,
    1 seed (2,142 queries) / 5 seeds (714). BM25 alone 0.022 / 0.033, with MiniLM 0.028 / 0.040, with audio 0.027 /
    0.036. Stopped early by held-out artists, 512 wide, dropout 0.3: 37 moods of names and tags 0.032 / 0.044, 148
    words and moods 0.036 / 0.048, 200 tags of artists 0.034 / 0.041. Not stopped, 512 wide, 15 epochs: 37 moods 0.035
    / 0.046, 147 words and moods 0.038 / 0.052. 1,024 wide, batches of 512 at 2e-3 for 30 epochs 0.050 / 0.066, so with
    402 words 0.048 / 0.065; the defaults 0.052 / 0.073 (75 s of one core with the evaluation). Longer is better, it
    seems because what is learnt by heart of a song holds in other playlists. It does not help songs whose artist gave
    no label: there the seed's mood is that of 0.071 of the first 10 stopped early, 0.077 after 15 epochs, 0.065 after
    30 (BM25 0.058, chance 0.055; 492 seeds: not told apart).

    hidden            size of the last hidden layer, the reranking embedding
    width             of the hidden layer before it
    dropout           share of the wide layer's units that a step does not see; of the inputs half as many
    modality_dropout  share of the songs with lyrics and audio that a step sees without lyrics, likewise without audio
    epochs, patience  at most, and without a better loss on held-out artists
    learning_rate     highest rate of AdamW, falling to 0 along a cosine
    held_out          share of the labelled songs, whole artists, for early stopping; 0 trains all epochs. Moods as
                      honest probabilities of unseen songs want 0.1, reranking wants 0 (see above)
    sample            labelled songs that are used at most, so that a large collection takes no longer
    transformer       "frozen" takes the sentence vectors as they are; "fine-tuned" trains the last `tuned_layers` of
                      the encoder first, on `tuned_sample` songs with lyrics (5 to 10 songs/s on a CPU core)
    """

    hidden: int = 128
    width: int = 1024
    dropout: float = 0.1
    modality_dropout: float = 0.1
    epochs: int = 60
    patience: int = 4
    batch: int = 1024
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    held_out: float = 0.0
    sample: int = 100_000
    seed: int = 0
    transformer: Transformer = "frozen"
    tuned_layers: int = 2
    tuned_epochs: int = 2
    tuned_rate: float = 2e-5
    tuned_sample: int = 8_000

    def __post_init__(self) -> None:
        pairs = dict.fromkeys(("batch", "sample", "tuned_sample"), Range(2))
        ranges = dict.fromkeys(("hidden", "width", "epochs", "patience", "tuned_layers", "tuned_epochs"), COUNT) | pairs
        ranges |= {"dropout": SHARE, "modality_dropout": Range(0, 0.5, open_high=True), "held_out": SHARE}
        ranges |= {"learning_rate": POSITIVE, "tuned_rate": POSITIVE, "weight_decay": NOT_NEGATIVE}
        check(self, ranges, "tbert.")
        if self.transformer not in get_args(Transformer):
            raise ConfigError(
                f"transformer is {self.transformer!r}, expected one of {', '.join(get_args(Transformer))}"
            )


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
    sung = vectors.any(axis=1) | mixtures.any(axis=1)
    flags = np.stack([sung, features.any(axis=1)], axis=1).astype(np.float32)
    scaled = vectors * np.float32(np.sqrt(sizes.sentence)), mixtures * np.float32(sizes.topics)
    return np.hstack([*scaled, features, flags])


@dataclass(frozen=True, slots=True)
class TBert:
    """A trained tBERT.

    body     joined inputs -> hidden
    head     hidden -> logits of the moods
    names    of the moods
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
        return self._forward(sentence, topics, audio)[0]

    def moods(self, sentence: npt.ArrayLike, topics: npt.ArrayLike, audio: npt.ArrayLike) -> FloatMatrix:
        """Probabilities, float32 (rows, moods), rows sum to 1.

        A song with neither lyrics nor audio is a zero row: unknown, not the moods of the average song.
        """
        return self._forward(sentence, topics, audio)[1]

    def embed_texts(self, texts: Sequence[str], topics: npt.ArrayLike, audio: npt.ArrayLike) -> FloatMatrix:
        """As `embed`, from lyrics ("" where there are none); only of a fine-tuned tBERT."""
        if self.encoder is None:
            raise ValueError("this tBERT was trained on frozen sentence vectors; encode the texts and call embed")
        return self.embed(self.encoder.encode(texts), topics, audio)

    def save(self, folder: Path) -> None:
        """Write tbert.safetensors and tbert.json into `folder`, and transformer/ where it was fine-tuned."""
        from safetensors.numpy import save_file

        tensors = {}
        for part, stack in (("body", self.body), ("head", self.head)):
            for number, layer in enumerate(stack.layers):
                tensors[f"{part}.{number}.kernel"] = np.ascontiguousarray(layer.kernel)
                tensors[f"{part}.{number}.bias"] = np.ascontiguousarray(layer.bias)
        save_file(tensors, folder / "tbert.safetensors")
        facts = {
            "names": self.names,
            "sizes": asdict(self.sizes),
            "config": asdict(self.config),
            "history": self.history,
        }
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        (folder / "tbert.json").write_text(text + "\n", encoding="utf-8")
        if self.encoder is not None:
            self.encoder.save(folder / "transformer")

    def _forward(
        self, sentence: npt.ArrayLike, topics: npt.ArrayLike, audio: npt.ArrayLike
    ) -> tuple[FloatMatrix, FloatMatrix]:
        parts = [np.asarray(part) for part in (sentence, topics, audio)]
        hidden, moods = [], []
        for start in range(0, max(1, max(map(len, parts))), _ROWS):
            vectors, mixtures, features = (part[start : start + _ROWS] for part in parts)
            rows = join(vectors, mixtures, features, self.sizes)
            active = self.body.apply(rows)
            active /= np.maximum(np.linalg.norm(active, axis=1, keepdims=True), 1e-12)
            logits = self.head.apply(active)
            chances = np.exp(logits - logits.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            unknown = ~rows[:, -FLAGS:].any(axis=1)
            active[unknown] = chances[unknown] = 0.0
            hidden.append(active)
            moods.append(chances)
        return np.concatenate(hidden), np.concatenate(moods)


def load_tbert(folder: Path) -> TBert:
    """Read what TBert.save wrote; torch is loaded only when a fine-tuned one encodes texts."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        facts = json.loads((folder / "tbert.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "tbert.safetensors")
        names, sizes = tuple(map(str, facts["names"])), Sizes(**{k: int(v) for k, v in facts["sizes"].items()})
        config = TBertConfig(**facts["config"])
        body = _stack(tensors, "body", (sizes.joined, config.width, config.hidden), ACTIVATIONS)
        head = _stack(tensors, "head", (config.hidden, len(names)), ("linear",))
        history = tuple((float(seen), None if held is None else float(held)) for seen, held in facts["history"])
        encoder = None
        if config.transformer == "fine-tuned":
            from indexer.models.tbert.transformer import TunedEncoder

            encoder = TunedEncoder.load(folder / "transformer")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, SafetensorError, ConfigError) as error:
        raise IndexFormatError(
            f"{folder} holds no tBERT ({type(error).__name__}: {error}); expected tbert.safetensors and tbert.json "
            "as a build writes them; rebuild the index"
        ) from error
    return TBert(body, head, names, sizes, config, history, encoder)


def _stack(
    tensors: dict[str, npt.NDArray[np.float32]], part: str, sizes: Sequence[int], activations: Sequence[Activation]
) -> DenseStack:
    layers = []
    for number, activation in enumerate(activations):
        kernel, bias = (tensors[f"{part}.{number}.{name}"] for name in ("kernel", "bias"))
        for array, shape in ((kernel, (sizes[number], sizes[number + 1])), (bias, (sizes[number + 1],))):
            if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError(
                    f"layer {number} of the {part} is {array.dtype} {array.shape}, expected float32 {shape}, all finite"
                )
        layers.append(Layer(kernel, bias, activation))
    return DenseStack(tuple(layers))
