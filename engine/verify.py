"""Verification of an index: every file as it was written, and a sample of songs derived again from their texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from indexer.progress import Track, quiet
from indexer.store.generations import verify
from indexer.text.tokens import unique_lines

SAMPLE = 32  # songs derived again: a wrong model or a shifted row shows on the first few
CLOSE = 0.995  # cosine; bfloat16 and float32, or two batch sizes, differ by 0.001 at most


def verify_index(index: str | Path, *, track: Track = quiet) -> list[str]:
    """A sentence for everything that is wrong with an index; none where it is sound."""
    problems = verify(index, track=track)
    if problems:
        return problems  # what was derived from damaged files says nothing more
    opened = OpenIndex(index)
    try:
        return _derived_again(opened)
    finally:
        opened.close()


def _derived_again(index: OpenIndex) -> list[str]:
    songs = index.songs
    rng = np.random.default_rng(0)
    problems = []
    sung = np.flatnonzero(songs.alive & songs.has_lyrics)
    rows = rng.choice(sung, min(SAMPLE, len(sung)), replace=False)
    if len(rows):
        vectors = index.encoder.encode([unique_lines(songs.lyrics[row]) for row in rows])
        stored = index.sentence[rows].astype(np.float32)
        problems += _differing("sentence vector", index, rows, (vectors * stored).sum(axis=1))
        if index.compress_lyrics is not None:
            latents = index.compress_lyrics.encode(stored)
            kept = index.parts["lyrics"][rows]
            problems += _differing("lyrics latent", index, rows, (latents * kept).sum(axis=1))
    heard = np.flatnonzero(songs.alive & songs.has_audio)
    rows = rng.choice(heard, min(SAMPLE, len(heard)), replace=False)
    if len(rows):
        again = index.scaler.transform(songs.audio[rows])
        off = np.abs(again - index.audio[rows]).max(axis=1)
        problems += _differing("audio row", index, rows, np.where(off < 1e-3, 1.0, 0.0))
    living = int(songs.alive.sum())
    if len(index.lexical) != living:
        problems.append(f"the inverted index holds {len(index.lexical):,} songs, expected {living:,}")
    return problems


def _differing(
    what: str, index: OpenIndex, rows: npt.NDArray[np.int64], likeness: npt.NDArray[np.floating]
) -> list[str]:
    return [
        f"the {what} of {index.songs.song_ids[int(row)]} is not what its content gives (likeness {value:.3f})"
        for row, value in zip(rows, likeness, strict=True)
        if value < CLOSE
    ]
