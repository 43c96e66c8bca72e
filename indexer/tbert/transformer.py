"""Fine-tuning: the last layers of the sentence encoder learn moods together with a tBERT head."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from indexer.encoders import SentenceEncoder, model_folder
from indexer.errors import EncoderError, IndexFormatError
from indexer.progress import Track, quiet
from indexer.tbert.model import Sizes, TBertConfig
from indexer.tbert.training import cross_entropy, dimmed, new_network

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
        encoder.__dict__["_transformer"] = transformer.eval()  # where the cached property would put it
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
                "rebuild the index"
            )
        return cls(str(folder), precision="float32", window=window)

    def save(self, folder: Path) -> None:
        """Write the model as sentence-transformers does, weights as safetensors."""
        self._transformer.save(str(folder), create_model_card=False, safe_serialization=True)
        (folder / "window.json").write_text(json.dumps({"window": self.window}) + "\n", "utf-8")


def fine_tune(
    encoder: SentenceEncoder,
    texts: Sequence[str],
    inputs: FloatMatrix,
    labels: FloatMatrix,
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
    from sentence_transformers import SentenceTransformer

    transformer = SentenceTransformer(str(model_folder(encoder.model)), model_kwargs={"dtype": torch.float32})
    layers = _last_layers(transformer, config.tuned_layers)
    rng = np.random.default_rng(config.seed)
    sung = np.flatnonzero([bool(text.strip()) for text in texts])
    seen, unseen = (rng.permutation(sung[valid[sung] == held])[: config.tuned_sample] for held in (False, True))
    unseen = unseen[: max(1, config.tuned_sample // 10)]
    rows, wanted = torch.from_numpy(inputs), torch.from_numpy(labels)

    def joined(batch: npt.NDArray[np.int64]) -> torch.Tensor:
        vectors = _first_windows(transformer, [texts[i] for i in batch], encoder.window)
        return torch.cat([vectors * math.sqrt(sizes.sentence), rows[batch][:, sizes.sentence :]], dim=1)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        body, head = network = new_network(sizes, labels.shape[1], config)
        optimizer = torch.optim.AdamW(
            [
                {"params": list(layers.parameters()), "lr": config.tuned_rate},
                {"params": [*body.parameters(), *head.parameters()], "lr": config.learning_rate},
            ],
            weight_decay=config.weight_decay,
        )

        def held_out_loss() -> float:
            body.eval()
            transformer.eval()
            with torch.no_grad():
                losses = [cross_entropy(network, joined(b), wanted[b]).item() * len(b) for b in _batches(unseen)]
            return sum(losses) / len(unseen)

        best, kept = math.inf, copy.deepcopy(layers.state_dict())
        steps = [batch for _ in range(config.tuned_epochs) for batch in _batches(rng.permutation(seen))]
        each = max(1, math.ceil(len(steps) / config.tuned_epochs))
        for number, batch in enumerate(track(steps, "fine-tune transformer"), 1):
            body.train()
            transformer.train()
            optimizer.zero_grad()
            loss = cross_entropy(network, dimmed(joined(batch), sizes, config.modality_dropout), wanted[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if number % each == 0:
                held = held_out_loss() if len(unseen) else loss.item()
                if held < best:
                    best, kept = held, copy.deepcopy(layers.state_dict())
    layers.load_state_dict(kept)
    return TunedEncoder.of(transformer, encoder.window)


def _batches(rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [rows[i : i + _BATCH] for i in range(0, len(rows), _BATCH)]


def _last_layers(transformer: SentenceTransformer, count: int) -> torch.nn.ModuleList:
    """The last layers of the longest stack of layers, and they alone learn: whatever the architecture calls them."""
    from torch import nn

    stacks = [list(module) for module in transformer.modules() if isinstance(module, nn.ModuleList)]
    if not stacks:
        raise EncoderError("the encoder has no stack of layers to fine-tune; leave transformer at 'frozen'")
    transformer.requires_grad_(False)
    last = nn.ModuleList(max(stacks, key=len)[-count:])
    last.requires_grad_(True)
    return last


def _first_windows(transformer: SentenceTransformer, texts: Sequence[str], window: int) -> torch.Tensor:
    """Unit vectors, one row a text, through which gradients flow."""
    from torch.nn.functional import normalize

    tokenizer: Any = transformer.tokenizer
    limit = min(window, transformer.max_seq_length or window)
    tokens = tokenizer(list(texts), truncation=True, max_length=limit, padding=True, return_tensors="pt")
    features = {name: tokens[name].to(transformer.device) for name in ("input_ids", "attention_mask")}
    return normalize(transformer(features)["sentence_embedding"].float(), dim=1).cpu()
