"""Sentence vectors by the hash of the text: what was encoded once, in an earlier build or a broken one, is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.encoders.sentence import Encoder
from indexer.progress import Track, quiet
from indexer.store.generations import Draft

CHUNK = 2_048  # lyrics that are encoded and saved at once: half a minute's work is what a crash can cost

Hashes = npt.NDArray[np.uint8]
HalfMatrix = npt.NDArray[np.float16]


def encode_once(
    texts: Sequence[str],
    hashes: Hashes,
    encoder: Encoder,
    folder: Path,
    draft: Draft,
    *,
    track: Track = quiet,
) -> HalfMatrix:
    """Sentence vectors, float16 (texts, encoder.dim), a zero row for an empty text.

    A text whose vector is in the draft's base, or in `folder` where an unfinished build left it, is not
    encoded again. New vectors are saved in `folder` chunk by chunk; the caller removes it when they are safe.

    hashes   uint8 (texts, 16): `facets.lyrics_hash` of each text, zero for an empty one
    """
    keys = [row.tobytes() for row in np.ascontiguousarray(hashes)]
    known = _known(folder, encoder, draft)
    out = np.zeros((len(texts), encoder.dim), np.float16)
    first: dict[bytes, int] = {}
    for i, key in enumerate(keys):
        if texts[i] and key not in known:
            first.setdefault(key, i)
    missing = list(first.values())
    folder.mkdir(parents=True, exist_ok=True)
    for n, start in enumerate(track(range(0, len(missing), CHUNK), "encode lyrics", -(-len(missing) // CHUNK))):
        rows = missing[start : start + CHUNK]
        vectors = encoder.encode([texts[i] for i in rows]).astype(np.float16)
        _save(folder, encoder, n, hashes[rows], vectors)
        known.update(zip((keys[i] for i in rows), vectors, strict=True))
    for i, key in enumerate(keys):
        if texts[i]:
            out[i] = known[key]
    return out


def _known(folder: Path, encoder: Encoder, draft: Draft) -> dict[bytes, HalfMatrix]:
    known: dict[bytes, HalfMatrix] = {}
    base = draft.base
    if base is not None and base.manifest["encoder"]["name"] == encoder.name:
        vectors = base.array("sentence")
        known.update((row.tobytes(), vectors[i]) for i, row in enumerate(base.array("songs/lyrics_hash")) if row.any())
    for path in sorted(folder.glob(f"{_stem(encoder)}.*.hashes.npy")):
        try:
            hashes = np.load(path, allow_pickle=False)
            vectors = np.load(path.with_name(path.name.replace(".hashes.", ".vectors.")), allow_pickle=False)
        except (OSError, ValueError):  # cut short by the crash that left it: encoded again
            continue
        if vectors.shape == (len(hashes), encoder.dim):
            known.update(zip((row.tobytes() for row in hashes), vectors, strict=True))
    return known


def _save(folder: Path, encoder: Encoder, number: int, hashes: Hashes, vectors: HalfMatrix) -> None:
    stem = f"{_stem(encoder)}.{os.getpid()}-{number:06d}"
    np.save(folder / f"{stem}.vectors.npy", vectors, allow_pickle=False)
    np.save(folder / f"{stem}.hashes.npy", hashes, allow_pickle=False)  # last: only then the chunk counts


def _stem(encoder: Encoder) -> str:
    return "".join(c if c.isalnum() else "-" for c in encoder.name)


def forget(folder: Path) -> None:
    """Remove what an unfinished build left."""
    shutil.rmtree(folder, ignore_errors=True)
