"""Training a tBERT with torch, on songs that listeners' playlists or tags label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import DenseStack
from indexer.models.tbert.inputs import Sizes, TBertConfig, join
from indexer.models.tbert.model import TBert
from indexer.models.tbert.network import LabelRows, cross_entropy, drop_modalities, new_network, numpy_stacks
from indexer.models.training import EarlyStopping
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from indexer.encoders.sentence import SentenceEncoder

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

LEAST_LABELLED = 64  # fewer labelled songs than this teach a network nothing but themselves
MIN_HELD_OUT = 10  # fewer songs measure nothing: the training loss decides then


def train_tbert(
    sentence: npt.NDArray[Any],
    topics: npt.NDArray[Any],
    audio: npt.NDArray[Any],
    labels: npt.ArrayLike | csr_array,
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
    labels    float (songs, moods), dense or a scipy csr_array: rows sum to 1, or are 0 for songs that nobody labelled
    artists   int (songs,): songs of one number are held out together, a number below 0 is nobody's. An artist's
              songs are alike and share playlists: held out one by one, artists learned by heart would pass for moods
    texts, encoder   lyrics ("" where there are none) and what encodes them; only read to fine-tune

    The loss is the cross-entropy with the label distribution. The same arguments, machine and number of
    threads give the same weights.
    """
    config = config or TBertConfig()
    if config.transformer == "fine-tuned" and (texts is None or encoder is None):
        raise ValueError("transformer is 'fine-tuned', expected texts and the encoder to train on them")
    wanted = LabelRows(labels)
    if wanted.shape[1] != len(moods):
        raise ValueError(f"labels have {wanted.shape[1]} columns, expected {len(moods)}, one for each mood")
    sides = {"sentence": sentence, "topics": topics, "audio": audio, "artists": artists, "texts": texts}
    for name, side in sides.items():
        if side is not None and len(side) != wanted.shape[0]:
            raise ValueError(f"{name} has {len(side)} rows and labels {wanted.shape[0]}, expected equally many")
    rng = np.random.default_rng(config.seed)
    known = sentence.any(axis=1) | topics.any(axis=1) | audio.any(axis=1)
    chosen = rng.permutation(np.flatnonzero(known & wanted.known))[: config.sample]
    wanted = wanted.of(chosen)
    if len(chosen) < LEAST_LABELLED or wanted.names < 2:
        return None
    valid = _held_out(np.full(len(chosen), -1) if artists is None else artists[chosen], config.held_out, rng)
    sizes = Sizes(sentence.shape[1], topics.shape[1], audio.shape[1])
    inputs = join(sentence[chosen], topics[chosen], audio[chosen], sizes)
    tuned = None
    if config.transformer == "fine-tuned" and texts is not None and encoder is not None:
        from indexer.models.tbert.transformer import fine_tune

        lyrics = [texts[i] for i in chosen]
        tuned = fine_tune(encoder, lyrics, inputs, wanted, valid, sizes, config, track=track)
        inputs = join(tuned.encode(lyrics, track=track), topics[chosen], audio[chosen], sizes)
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
    labels: LabelRows,
    valid: npt.NDArray[np.bool_],
    sizes: Sizes,
    config: TBertConfig,
    track: Track,
) -> tuple[DenseStack, DenseStack, tuple[tuple[float, float | None], ...]]:
    """The network with the best loss on `valid` songs, and the losses of every epoch."""
    import torch

    rng = np.random.default_rng(config.seed)
    seen, unseen = np.flatnonzero(~valid), np.flatnonzero(valid)
    rows = torch.from_numpy(inputs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = new_network(sizes, labels.shape[1], config)
        parameters = [parameter for part in network for parameter in part.parameters()]
        optimizer = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
        steps = math.ceil(len(seen) / config.batch)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.epochs * steps)
        history: list[tuple[float, float | None]] = []
        best, stopping = numpy_stacks(network), EarlyStopping(config.patience)
        for _ in track(range(config.epochs), "train tBERT"):
            losses = []
            for batch in np.array_split(rng.permutation(seen), steps):
                optimizer.zero_grad()
                loss = cross_entropy(
                    network, drop_modalities(rows[batch], sizes, config.modality_dropout), labels.dense(batch)
                )
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                losses.append(loss.item() * len(batch))
            held_out = None
            if len(unseen):
                for part in network:
                    part.eval()
                with torch.no_grad():
                    held_out = sum(
                        cross_entropy(network, rows[part], labels.dense(part)).item() * len(part)
                        for part in np.array_split(unseen, math.ceil(len(unseen) / config.batch))
                    ) / len(unseen)
                for part in network:
                    part.train()
            history.append((sum(losses) / len(seen), held_out))
            if stopping.improves(history[-1][0] if held_out is None else held_out):
                best = numpy_stacks(network)
            if stopping.stop:
                break
    if not math.isfinite(stopping.best):
        raise ValueError(
            f"the loss is not finite after the first epoch; lower learning_rate, now {config.learning_rate:g}"
        )
    return *best, tuple(history)
