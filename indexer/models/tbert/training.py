"""Training a tBERT with torch, on songs that have labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import DenseStack, Layer, checked_matrix
from indexer.models.tbert.model import ACTIVATIONS, FLAGS, Sizes, TBert, TBertConfig, join
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    import torch

    from indexer.encoders.sentence import SentenceEncoder

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Network = tuple["torch.nn.Sequential", "torch.nn.Linear"]  # body: joined inputs -> hidden; head: hidden -> logits

LEAST_LABELLED = 64  # fewer labelled songs than this teach a network nothing but themselves
MIN_HELD_OUT = 10  # fewer songs measure nothing: the training loss decides then
_SHARP = 10.0  # spread of the head's first weights: logits are cosines, which alone could not tell moods apart


def train_tbert(
    sentence: npt.NDArray[Any],
    topics: npt.NDArray[Any],
    audio: npt.NDArray[Any],
    labels: npt.ArrayLike,
    moods: Sequence[str],
    config: TBertConfig | None = None,
    *,
    artists: npt.NDArray[Any] | None = None,
    texts: Sequence[str] | None = None,
    encoder: SentenceEncoder | None = None,
    track: Track = quiet,
) -> TBert | None:
    """Learn moods; None with fewer than LEAST_LABELLED songs that have a label and lyrics or audio, or with one mood.

    sentence, topics, audio   float (songs, columns), zero rows where a song has none
    labels    float (songs, moods): rows sum to 1, or are 0 for songs that nobody labelled
    artists   int (songs,): songs of one number are held out together, a number below 0 is nobody's. An artist's
              songs are alike and share playlists: held out one by one, artists learnt by heart would pass for moods
    texts, encoder   lyrics ("" where there are none) and what encodes them; only read to fine-tune

    The loss is the cross-entropy with the label distribution. The same arguments, machine and number of
    threads give the same weights.
    """
    config = config or TBertConfig()
    if config.transformer == "fine-tuned" and (texts is None or encoder is None):
        raise ValueError("transformer is 'fine-tuned', expected texts and the encoder to train on them")
    wanted = checked_matrix(labels)
    if wanted.shape[1] != len(moods):
        raise ValueError(f"labels have {wanted.shape[1]} columns, expected {len(moods)}, one for each mood")
    sides = {"sentence": sentence, "topics": topics, "audio": audio, "artists": artists, "texts": texts}
    for name, side in sides.items():
        if side is not None and len(side) != len(wanted):
            raise ValueError(f"{name} has {len(side)} rows and labels {len(wanted)}, expected equally many")
    rng = np.random.default_rng(config.seed)
    known = sentence.any(axis=1) | topics.any(axis=1) | audio.any(axis=1)
    chosen = rng.permutation(np.flatnonzero(known & wanted.any(axis=1)))[: config.sample]
    if len(chosen) < LEAST_LABELLED or wanted[chosen].any(axis=0).sum() < 2:
        return None
    wanted = wanted[chosen]
    valid = _held_out(np.full(len(chosen), -1) if artists is None else artists[chosen], config.held_out, rng)
    sizes = Sizes(sentence.shape[1], topics.shape[1], audio.shape[1])
    inputs = join(sentence[chosen], topics[chosen], audio[chosen], sizes)
    tuned = None
    if config.transformer == "fine-tuned" and texts is not None and encoder is not None:
        from indexer.models.tbert.transformer import fine_tune

        sung = [texts[i] for i in chosen]
        tuned = fine_tune(encoder, sung, inputs, wanted, valid, sizes, config, track=track)
        inputs = join(tuned.encode(sung, track=track), topics[chosen], audio[chosen], sizes)
    body, head, history = _fit(inputs, wanted, valid, sizes, config, track)
    return TBert(body, head, tuple(moods), sizes, config, history, tuned)


def _held_out(artists: npt.NDArray[Any], share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """bool (songs,): whole artists, drawn until they have `share` of the songs; none where that is too few songs."""
    own = artists.astype(np.int64, copy=True)
    nobody = own < 0
    own[nobody] = own.max(initial=0) + 1 + np.arange(nobody.sum())
    _, group, counts = np.unique(own, return_inverse=True, return_counts=True)
    order = rng.permutation(len(counts))
    before = np.cumsum(counts[order]) - counts[order]
    drawn = np.zeros(len(counts), bool)
    # An artist with more songs than may be held out stays in training: held out, it could be half of a small catalogue.
    drawn[order[(before < share * len(own)) & (counts[order] <= max(1.0, share * len(own)))]] = True
    valid: npt.NDArray[np.bool_] = drawn[group]
    return valid if valid.sum() >= MIN_HELD_OUT else np.zeros(len(own), bool)


def _fit(
    inputs: FloatMatrix,
    labels: FloatMatrix,
    valid: npt.NDArray[np.bool_],
    sizes: Sizes,
    config: TBertConfig,
    track: Track,
) -> tuple[DenseStack, DenseStack, tuple[tuple[float, float | None], ...]]:
    """The network with the best loss on `valid` songs, and the losses of every epoch."""
    import torch

    rng = np.random.default_rng(config.seed)
    seen, unseen = np.flatnonzero(~valid), np.flatnonzero(valid)
    rows, wanted = torch.from_numpy(inputs), torch.from_numpy(labels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = new_network(sizes, labels.shape[1], config)
        parameters = [parameter for part in network for parameter in part.parameters()]
        optimizer = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
        steps = math.ceil(len(seen) / config.batch)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.epochs * steps)
        history: list[tuple[float, float | None]] = []
        best, waited, kept = math.inf, 0, numpy_stacks(network)
        for _ in track(range(config.epochs), "train tBERT"):
            losses = []
            for batch in np.array_split(rng.permutation(seen), steps):
                optimizer.zero_grad()
                loss = cross_entropy(network, dimmed(rows[batch], sizes, config.modality_dropout), wanted[batch])
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                losses.append(loss.item() * len(batch))
            held = None
            if len(unseen):
                for part in network:
                    part.eval()
                with torch.no_grad():
                    held = cross_entropy(network, rows[unseen], wanted[unseen]).item()
                for part in network:
                    part.train()
            history.append((sum(losses) / len(seen), held))
            watched = history[-1][0] if held is None else held
            if watched < best:
                best, waited, kept = watched, 0, numpy_stacks(network)
            else:
                waited += 1
            if waited > config.patience or not math.isfinite(watched):
                break
    if not math.isfinite(best):
        raise ValueError(
            f"the loss is not finite after the first epoch; lower learning_rate, now {config.learning_rate:g}"
        )
    return *kept, tuple(history)


def new_network(sizes: Sizes, moods: int, config: TBertConfig) -> Network:
    """The network before training; torch draws its weights."""
    from torch import nn

    body = nn.Sequential(
        nn.Dropout(config.dropout / 2),
        nn.Linear(sizes.joined, config.width),
        nn.ReLU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.width, config.hidden),
    )
    head = nn.Linear(config.hidden, moods)
    head.weight.data *= _SHARP
    return body, head


def cross_entropy(network: Network, rows: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean over songs of -sum over moods of wanted * log softmax(head(body(row) / |body(row)|))."""
    from torch.nn.functional import log_softmax, normalize

    body, head = network
    return -(wanted * log_softmax(head(normalize(body(rows), dim=1)), dim=1)).sum(dim=1).mean()


def dimmed(rows: torch.Tensor, sizes: Sizes, share: float) -> torch.Tensor:
    """The rows, of `share` of the songs with lyrics and audio without the lyrics, of as many without the audio."""
    import torch

    draw = torch.rand(len(rows))
    both = rows[:, -FLAGS:].all(dim=1)
    silent, unheard = (both & (draw < share))[:, None], (both & (draw >= 1 - share))[:, None]
    of_lyrics = torch.zeros(sizes.joined, dtype=torch.bool)
    of_lyrics[: sizes.lyrics] = of_lyrics[-FLAGS] = True
    return rows.masked_fill((silent & of_lyrics) | (unheard & ~of_lyrics), 0.0)


def numpy_stacks(network: Network) -> tuple[DenseStack, DenseStack]:
    """Copies of the weights, as numpy applies them."""
    from torch import nn

    body, head = network
    hidden = [part for part in body if isinstance(part, nn.Linear)]
    layers = [
        Layer(part.weight.detach().numpy().T.copy(), part.bias.detach().numpy().copy(), activation)
        for part, activation in zip((*hidden, head), (*ACTIVATIONS, "linear"), strict=True)
    ]
    return DenseStack(tuple(layers[:-1])), DenseStack((layers[-1],))
