"""Training a tBERT with torch, on songs that listeners' playlists or tags label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import DenseStack, Layer, checked_matrix
from indexer.models.tbert.model import ACTIVATIONS, FLAGS, Sizes, TBert, TBertConfig, join
from indexer.models.training import EarlyStopping
from indexer.progress import Track, quiet

if TYPE_CHECKING:
    import torch
    from scipy.sparse import csr_array

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


class LabelRows:
    """Label distributions, kept sparse and made dense a batch at a time.

    shape   (songs, labels);  known  bool (songs,): has a label;  names  labels that any song has
    """

    def __init__(self, labels: npt.ArrayLike | csr_array):
        from scipy.sparse import csr_array, issparse

        self._rows = csr_array(labels if issparse(labels) else checked_matrix(labels), dtype=np.float32)
        self._rows.eliminate_zeros()
        if not np.isfinite(self._rows.data).all():
            raise ValueError("the labels hold NaN or infinity, expected finite numbers")

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self._rows.shape
        return int(rows), int(columns)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        return np.asarray(np.diff(self._rows.indptr) > 0)

    @property
    def names(self) -> int:
        return len(np.unique(self._rows.indices))

    def of(self, rows: Rows) -> LabelRows:
        return LabelRows(self._rows[rows])

    def dense(self, rows: Rows) -> torch.Tensor:
        """float32 (len(rows), labels)."""
        import torch

        return torch.from_numpy(self._rows[rows].toarray())


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


def drop_modalities(rows: torch.Tensor, sizes: Sizes, share: float) -> torch.Tensor:
    """The rows, of `share` of the songs with lyrics and audio without the lyrics, of as many without the audio."""
    import torch

    draw = torch.rand(len(rows))
    both = rows[:, -FLAGS:].all(dim=1)
    no_lyrics, no_audio = (both & (draw < share))[:, None], (both & (draw >= 1 - share))[:, None]
    of_lyrics = torch.zeros(sizes.joined, dtype=torch.bool)
    of_lyrics[: sizes.lyrics] = of_lyrics[-FLAGS] = True
    return rows.masked_fill((no_lyrics & of_lyrics) | (no_audio & ~of_lyrics), 0.0)


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
