"""Sentence vectors by the hash of their text: what an earlier or a broken build encoded is not encoded again."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.encoders.sentence import Encoder, made_by
from indexer.store import artefacts
from indexer.store.generations import Generation

Hashes = npt.NDArray[np.uint8]
HalfMatrix = npt.NDArray[np.float16]

# NAME-SHA12.wWINDOW-PRECISION-RECIPE-vVERSION.TAG.{hashes,vectors}.npy; without the middle part, windows of 256 tokens
# in float32. Files that somebody put there from elsewhere may leave out recipe and version: they are believed.
_FILE = re.compile(
    r"(?P<model>.+)-(?P<sha>[0-9a-f]{12})(\.w(?P<window>\d+)-(?P<precision>[a-z0-9]+)"
    r"(-(?P<recipe>\w+)-v(?P<version>\d+))?)?\.[\w-]+\.hashes\.npy\Z"
)


class VectorCache:
    """The vectors of texts that one encoder has encoded: those of a generation, and those of files in a folder.

    A file counts where weights, window and recipe are the encoder's, and so is the precision; precision "auto" takes
    any.

    base      a generation whose vectors are the encoder's, and sound
    version   of the stage that makes texts of lyrics: another one's vectors are of other texts
    """

    def __init__(self, folder: Path, encoder: Encoder, base: Generation | None, version: int = 1):
        self._folder, self._encoder, self._version = folder, encoder, version
        self._stores: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], Hashes, HalfMatrix]] = []
        self._saved = 0
        if base is not None and base.has(artefacts.SENTENCE):
            self._add(base.array(artefacts.LYRICS_HASH), base.array(artefacts.SENTENCE))
        for path in sorted(folder.glob("*.hashes.npy")) if folder.is_dir() else ():
            name = _FILE.match(path.name)
            if name is None or not self._counts(name.groupdict()):
                continue
            try:
                hashes = np.load(path, mmap_mode="r", allow_pickle=False)
                vectors = np.load(path.with_name(path.name.replace(".hashes.", ".vectors.")), mmap_mode="r")
            except (OSError, ValueError, EOFError):  # cut short by the crash that left it: encoded again
                continue
            if hashes.dtype == np.uint8 and hashes.shape == (len(vectors), 16):
                self._add(hashes, vectors)

    def encode(self, texts: Sequence[str], hashes: Hashes) -> HalfMatrix:
        """Sentence vectors, float16 (texts, encoder.dim), a zero row for an empty text; new ones are saved at once.

        hashes   uint8 (texts, 16): `songs.write.lyrics_hash` of the lyrics that each text was made from, zero for none
        """
        out = np.zeros((len(texts), self._encoder.dim), np.float16)
        missing = np.array([bool(text) for text in texts], bool)
        keys = _keys(hashes)
        for sorted_keys, order, known, vectors in self._stores:
            at = np.flatnonzero(missing)
            if not len(at) or not len(order) or vectors.shape[1] != out.shape[1]:
                continue
            place = order[np.minimum(np.searchsorted(sorted_keys, keys[at]), len(order) - 1)]
            same = (known[place] == hashes[at]).all(axis=1)
            out[at[same]] = vectors[place[same]]
            missing[at[same]] = False
        at = np.flatnonzero(missing)
        if len(at):
            _, first, inverse = np.unique(hashes[at], axis=0, return_index=True, return_inverse=True)
            encoded = self._encoder.encode([texts[i] for i in at[first]]).astype(np.float16)
            self._save(hashes[at[first]], encoded)
            out[at] = encoded[inverse]
        return out

    def forget(self) -> None:
        """Remove the files, and the folder if nothing else is in it: a generation holds their vectors by now."""
        for path in self._folder.glob("*.npy"):
            if _FILE.match(path.name.replace(".vectors.npy", ".hashes.npy")):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _counts(self, name: Mapping[str, str | None]) -> bool:
        """Whether the vectors of a file with these parts of a name are the encoder's, of texts made as today's are."""
        settings = self._encoder.settings
        said = {"sha256": self._encoder.sha256, "window": int(name["window"] or 256)}
        said |= {"precision": name["precision"] or "float32", "recipe": settings.get("recipe")}
        same = name["sha"] == self._encoder.sha256[:12] and int(name["version"] or 1) == self._version
        return same and name["recipe"] in (None, settings.get("recipe", "none")) and made_by(self._encoder, said)

    def _add(self, hashes: Hashes, vectors: HalfMatrix) -> None:
        if vectors.ndim != 2:
            return
        keys = _keys(hashes)
        order = np.argsort(keys, kind="stable")
        order = order[hashes[order].any(axis=1)]
        self._stores.append((keys[order], order, hashes, vectors))

    def _save(self, hashes: Hashes, vectors: HalfMatrix) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        made_with = self._encoder
        model = "".join(c if c.isalnum() else "-" for c in made_with.name.partition("@")[0])
        recipe = made_with.settings.get("recipe", "none")
        settings = f"w{made_with.settings['window']}-{made_with.precision}-{recipe}-v{self._version}"
        tag = f"{os.getpid()}-{time.time_ns()}-{self._saved:06d}"
        stem = f"{model}-{made_with.sha256[:12]}.{settings}.{tag}"
        self._saved += 1
        np.save(self._folder / f"{stem}.vectors.npy", vectors, allow_pickle=False)
        np.save(self._folder / f"{stem}.hashes.npy", hashes, allow_pickle=False)  # last: only then the file counts


def _keys(hashes: Hashes) -> npt.NDArray[np.uint64]:
    """The first 8 of each hash's 16 bytes as a number; the rest is compared when two of these agree."""
    return np.ascontiguousarray(hashes[:, :8]).view(np.uint64).ravel()
