"""Windows: how long texts are cut, encoded in batches of like length, and averaged; whatever computes the vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from indexer.progress import Track, quiet

FloatMatrix = npt.NDArray[np.float32]

MAX_WINDOWS = 8  # 2,000 tokens of different lines: 99.9 % of songs are shorter
TEXTS_AT_ONCE = 1_000  # through the tokenizer
# Padded tokens that go through the model at once. Measured on 2 cores with AMX: 4k to 16k are within 5 %.
BATCH_TOKENS = 8_192

Tokens = tuple[int, list[int]]  # the place of a text, and the ids of one of its windows, special tokens included


class WindowEncoder(ABC):
    """Reads long texts in windows of tokens.

    The vectors of a text's windows are averaged, weighted by their tokens, and scaled to length 1. Windows are sorted
    by length before they are batched, so hardly any padding is computed.
    """

    @property
    @abstractmethod
    def dim(self) -> int: ...

    @property
    def _batch_tokens(self) -> int:
        return BATCH_TOKENS

    @abstractmethod
    def _tokens(self, texts: Sequence[str]) -> Iterator[Tokens]:
        """All windows of each text, in order."""

    @abstractmethod
    def _forward(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> FloatMatrix:
        """Unit vectors of a batch of windows; the mask is 1 where there is a token."""

    def encode(self, texts: Sequence[str], *, track: Track = quiet) -> FloatMatrix:
        """Unit vectors, float32 (len(texts), dim); an empty text is the zero vector."""
        windows, owner = self._windows(texts)
        out = np.zeros((len(texts), self.dim), np.float32)
        if not windows:
            return out
        lengths = np.array([len(w) for w in windows])
        vectors = np.empty((len(windows), self.dim), np.float32)
        batches = _batches(lengths, self._batch_tokens)
        for batch in track(batches, "encode lyrics", len(batches)):
            ids = np.zeros((len(batch), int(lengths[batch].max())), np.int64)
            for row, window in enumerate(batch.tolist()):
                ids[row, : lengths[window]] = windows[window]
            mask = np.arange(ids.shape[1]) < lengths[batch][:, None]
            vectors[batch] = self._forward(ids, mask.astype(np.int64))
        np.add.at(out, owner, vectors * lengths[:, None])
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return out

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], npt.NDArray[np.int64]]:
        """Token ids of every window that is encoded, and the text that each belongs to."""
        filled = [i for i, text in enumerate(texts) if text.strip()]
        windows: list[list[int]] = []
        owner: list[int] = []
        for start in range(0, len(filled), TEXTS_AT_ONCE):
            chunk = filled[start : start + TEXTS_AT_ONCE]
            seen: Counter[int] = Counter()
            for place, ids in self._tokens([texts[i] for i in chunk]):
                seen[place] += 1
                if seen[place] <= MAX_WINDOWS:
                    windows.append(ids)
                    owner.append(chunk[place])
        return windows, np.array(owner, np.int64)


def _batches(lengths: npt.NDArray[np.int64], tokens: int) -> list[npt.NDArray[np.int64]]:
    """Windows of like length together, longest first, at most so many padded tokens in a batch."""
    order = np.argsort(-lengths, kind="stable")
    batches = []
    start = 0
    while start < len(order):
        size = max(1, tokens // int(lengths[order[start]]))
        batches.append(order[start : start + size])
        start += size
    return batches
