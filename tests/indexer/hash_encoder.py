"""A stand-in for the encoder: texts that share words are close; no download, no torch, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.progress import Track, quiet


class HashEncoder:
    """Sum of a random direction for each word, scaled to length 1; `texts` lists all that was encoded."""

    dim = 32
    precision = "float32"

    def __init__(self, seed: int = 0, window: int = 256) -> None:
        self.seed, self.window = seed, window
        self.texts: list[str] = []

    @property
    def name(self) -> str:
        return f"hash@{self.sha256[:12]}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"hash {self.seed}".encode()).hexdigest()

    @property
    def settings(self) -> dict[str, Any]:
        return {"window": self.window, "precision": "float32"}

    def encode(self, texts: Sequence[str], *, track: Track = quiet) -> npt.NDArray[np.float32]:
        self.texts.extend(texts)
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(out, texts, strict=True):
            for word in text.lower().split()[: self.window]:
                row += _direction(word, self.seed, self.dim)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


@cache
def _direction(word: str, seed: int, dim: int) -> npt.NDArray[np.float32]:
    number = int.from_bytes(hashlib.blake2b(f"{seed} {word}".encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(number).standard_normal(dim, dtype=np.float32)
