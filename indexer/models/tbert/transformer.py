"""Fine-tuning: the last layers of the sentence encoder learn moods together with a tBERT head."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from indexer.encoders.finetune import Rows, batches, copy_of, first_windows, last_layers, learn
from indexer.encoders.sentence import SentenceEncoder, without_bars
from indexer.errors import IndexFormatError
from indexer.models.tbert.inputs import Sizes, TBertConfig
from indexer.models.tbert.network import LabelRows, cross_entropy, drop_modalities, new_network
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

FloatMatrix = npt.NDArray[np.float32]

_BATCH = 32  # songs per step; what BERT is commonly fine-tuned with, and what fits beside it in memory
_NO_CODE = "sentence_transformers."  # modules.json names classes to import: none but that library's own
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt", "*.py")


class TunedEncoder(SentenceEncoder):
    """A fine-tuned sentence encoder; encodes long texts in windows as the one it comes from."""

    @classmethod
    def of(cls, transformer: SentenceTransformer, window: int) -> Self:
        encoder = cls("fine-tuned", precision="float32", window=window)
        encoder._loaded = transformer.eval()
        return encoder

    @classmethod
    def load(cls, folder: Path) -> Self:
        """One that `save` wrote. Its files say which classes to make, so they are read first: torch is not loaded."""
        window = int(json.loads((folder / "window.json").read_text("utf-8"))["window"])
        classes = [str(module["type"]) for module in json.loads((folder / "modules.json").read_text("utf-8"))]
        foreign = [name for name in classes if not name.startswith(_NO_CODE)]
        foreign += [path.name for pattern in _PICKLES for path in folder.rglob(pattern)]
        foreign += [path.name for path in folder.rglob("*config*.json") if "auto_map" in path.read_text("utf-8")]
        if foreign or not any(folder.rglob("*.safetensors")):
            raise IndexFormatError(
                f"{folder} is no encoder as a build writes them: it holds {', '.join(foreign) or 'no weights'}; "
                "run `refrain build --force` to make the index anew"
            )
        return cls(str(folder), precision="float32", window=window)

    def encode_beginnings(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of the texts' first windows, float32 (len(texts), dim): what fine-tuning reads of them."""
        import torch

        out = np.zeros((len(texts), self.dim), np.float32)
        with torch.inference_mode():
            for rows in batches(np.arange(len(texts)), _BATCH):
                out[rows] = first_windows(self.transformer, [texts[i] for i in rows], self.window).numpy()
        return out

    def save(self, folder: Path) -> None:
        """Write the model as sentence-transformers does, weights as safetensors."""
        with without_bars():
            self.transformer.save(str(folder), create_model_card=False, safe_serialization=True)
        (folder / "window.json").write_text(json.dumps({"window": self.window}) + "\n", "utf-8")


def fine_tune(
    encoder: SentenceEncoder,
    texts: Sequence[str],
    inputs: FloatMatrix,
    labels: LabelRows,
    valid: npt.NDArray[np.bool_],
    sizes: Sizes,
    config: TBertConfig,
    *,
    track: Track = quiet,
) -> TunedEncoder:
    """Train the encoder's last layers with a head of their own on the joined `inputs`; `encoder` stays as it is.

    A step reads each text's first window; the vectors of the tuned encoder are again of all windows. The
    weights with the best loss on `valid` songs are kept, which may be those before the first step.
    """
    import torch

    transformer = copy_of(encoder)
    layers = last_layers(transformer, config.tuned_layers)
    rng = np.random.default_rng(config.seed)
    with_lyrics = np.flatnonzero([bool(text.strip()) for text in texts])
    seen, unseen = (
        rng.permutation(with_lyrics[valid[with_lyrics] == held_out])[: config.tuned_sample]
        for held_out in (False, True)
    )
    unseen = unseen[: max(1, config.tuned_sample // 10)]
    rows = torch.from_numpy(inputs)

    def joined(batch: Rows) -> torch.Tensor:
        vectors = first_windows(transformer, [texts[i] for i in batch], encoder.window)
        return torch.cat([vectors * math.sqrt(sizes.sentence), rows[batch][:, sizes.sentence :]], dim=1)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        body, head = network = new_network(sizes, labels.shape[1], config)

        def loss(batch: Rows, learning: bool) -> torch.Tensor:
            for part in (body, transformer):
                part.train(learning)
            shown = joined(batch)
            if learning:
                shown = drop_modalities(shown, sizes, config.modality_dropout)
            return cross_entropy(network, shown, labels.dense(batch))

        learn(
            [(layers, config.tuned_rate), (body, config.learning_rate), (head, config.learning_rate)],
            loss, seen, unseen, rng,
            epochs=config.tuned_epochs, batch=_BATCH, weight_decay=config.weight_decay, track=track,
        )  # fmt: skip
    return TunedEncoder.of(transformer, encoder.window)
