"""The network of a tBERT in torch: its layers, its loss, and its weights as numpy applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import DenseStack, Layer, checked_matrix
from indexer.models.tbert.inputs import ACTIVATIONS, FLAGS, Sizes, TBertConfig

if TYPE_CHECKING:
    import torch
    from scipy.sparse import csr_array

Rows = npt.NDArray[np.int64]

Network = tuple["torch.nn.Sequential", "torch.nn.Linear"]  # body: joined inputs -> hidden; head: hidden -> logits
_SHARP = 10.0  # spread of the head's first weights: logits are cosines, which alone could not tell moods apart


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
