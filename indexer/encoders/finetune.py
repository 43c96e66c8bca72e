"""Learning with the last layers of a sentence encoder: one loop for whatever loss stands behind its vectors."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.encoders.sentence import SentenceEncoder
from indexer.errors import EncoderError
from indexer.models.training import EarlyStopping
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

Rows = npt.NDArray[np.int64]
Losses = tuple[float, float]  # of an epoch: on the songs that were learned from, on those held out


def learn(
    parts: Sequence[tuple[torch.nn.Module, float]],
    loss: Callable[[Rows, bool], torch.Tensor],
    seen: Rows,
    unseen: Rows,
    rng: np.random.Generator,
    *,
    epochs: int,
    batch: int,
    weight_decay: float,
    watch: Callable[[int, float], None] = lambda epoch, loss: None,
    track: Track = quiet,
) -> list[Losses]:
    """Train with AdamW; the parts end with the weights of the best epoch on `unseen`, which may be the first ones.

    parts   what learns, each with its rate; what does not learn beside them is the caller's to freeze
    loss    mean loss of some rows; True while it is learned from, for dropout
    watch   called with each epoch's number, from 1, and its held-out loss; what it raises ends the training
    Without `unseen` rows the last batch's loss decides.
    """
    import torch

    modules = torch.nn.ModuleList([part for part, _ in parts])
    optimizer = torch.optim.AdamW(
        [{"params": list(part.parameters()), "lr": rate} for part, rate in parts], weight_decay=weight_decay
    )
    stopping, best = EarlyStopping(epochs), copy.deepcopy(modules.state_dict())  # all epochs are trained
    orders = [batches(rng.permutation(seen), batch) for _ in range(epochs)]
    history: list[Losses] = []
    total, value = 0.0, math.nan
    steps = [(epoch, rows, rows is order[-1]) for epoch, order in enumerate(orders, 1) for rows in order]
    for epoch, rows, is_last in track(steps, "fine-tune transformer"):
        optimizer.zero_grad()
        of_batch = loss(rows, True)
        of_batch.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        value = of_batch.item()
        total += value * len(rows)
        if is_last:
            watched = held_out_loss(loss, unseen, batch) if len(unseen) else value
            history.append((total / len(seen), watched))
            total = 0.0
            if stopping.improves(watched):
                best = copy.deepcopy(modules.state_dict())
            watch(epoch, watched)
    modules.load_state_dict(best)
    return history


def held_out_loss(loss: Callable[[Rows, bool], torch.Tensor], rows: Rows, batch: int) -> float:
    """Mean loss of rows that are not learned from."""
    import torch

    with torch.no_grad():
        return sum(loss(each, False).item() * len(each) for each in batches(rows, batch)) / len(rows)


def batches(rows: Rows, batch: int) -> list[Rows]:
    return [rows[i : i + batch] for i in range(0, len(rows), batch)]


def copy_of(encoder: SentenceEncoder) -> SentenceTransformer:
    """The encoder's model, read from its files once more in float32, to be trained."""
    return SentenceEncoder(encoder.model, precision="float32", window=encoder.window).transformer


def last_layers(transformer: SentenceTransformer, count: int) -> torch.nn.ModuleList:
    """The last layers of the longest stack of layers, and they alone learn: whatever the architecture calls them."""
    from torch import nn

    stacks = [list(module) for module in transformer.modules() if isinstance(module, nn.ModuleList)]
    if not stacks:
        raise EncoderError("the encoder has no stack of layers to fine-tune; leave transformer at 'frozen'")
    transformer.requires_grad_(False)
    last = nn.ModuleList(max(stacks, key=len)[-count:])
    last.requires_grad_(True)
    return last


def first_windows(transformer: SentenceTransformer, texts: Sequence[str], window: int) -> torch.Tensor:
    """Unit vectors, one row a text, through which gradients flow."""
    from torch.nn.functional import normalize

    tokenizer: Any = transformer.tokenizer
    limit = min(window, transformer.max_seq_length or window)
    tokens = tokenizer(list(texts), truncation=True, max_length=limit, padding=True, return_tensors="pt")
    features = {name: tokens[name].to(transformer.device) for name in ("input_ids", "attention_mask")}
    return normalize(transformer(features)["sentence_embedding"].float(), dim=1).cpu()
