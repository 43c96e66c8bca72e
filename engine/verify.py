"""Verification of an index: every file as it was written and as declared, and a sample of songs derived again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from indexer.errors import RefrainError
from indexer.progress import Track, quiet
from indexer.songs.table import TERMS
from indexer.store import artefacts
from indexer.store.artefacts import ARTEFACTS, Artefact
from indexer.store.columns import check_lists
from indexer.store.generations import Generation, verify
from indexer.text.tokens import unique_lines

SAMPLE = 32  # songs derived again: a wrong model or a shifted row shows on the first few
CLOSE = 0.995  # cosine; bfloat16 and float32, or two batch sizes, differ by 0.001 at most
QUANTISED = 0.05  # what one byte a number may take from the inner product of a song with itself
BLOCK = 100_000  # rows looked through at once

# Arrays in which NaN says that nothing is known; infinity stands nowhere.
NAN_IS_UNKNOWN = (
    artefacts.SOURCE_POPULARITY,
    artefacts.AUDIO_FEATURES,
    artefacts.COMPARABLE_AUDIO,
    artefacts.POPULARITY,
    artefacts.MOOD_SCORES,
    artefacts.MOOD_PROBABILITIES,
)
MODELS = (
    "encoder",
    "compress_lyrics",
    "compress_audio",
    "scaler",
    "origin_scales",
    "timbre_model",
    "topic_model",
    "taste_model",
    "artist_tags",
    "mood_model",
    "tbert_model",
)


def verify_index(index: str | Path, *, track: Track = quiet) -> list[str]:
    """A sentence for everything that is wrong with an index; none where it is sound.

    The next step is taken where the one before found nothing: hashes, contents, models, songs derived again.
    RefrainError where the index cannot be opened at all.
    """
    problems = verify(index, track=track)
    if problems:
        return problems  # what was derived from damaged files says nothing more
    opened = OpenIndex(index)
    try:
        for step in (_contents, _models, _derived_again):
            problems = list(step(opened))
            if problems:
                break
        return problems
    finally:
        opened.close()


def _sentence(check: Callable[[], object]) -> Iterator[str]:
    """What the check raises, as a sentence."""
    try:
        check()
    except RefrainError as error:
        yield str(error)


def _contents(index: OpenIndex) -> Iterator[str]:
    """Arrays as declared, numbers that are numbers, texts that are texts, positions that are in range."""
    generation = index.generation
    for artefact in ARTEFACTS:
        if artefact.kind == "array" and generation.has(artefact):
            yield from _numbers(generation, artefact)
        elif artefact.kind == "strings" and generation.has(artefact):
            yield from _sentence(lambda artefact=artefact: generation.strings(artefact).check())  # type: ignore[misc]
    yield from _sentence(lambda: index.songs.main_artists)
    for name in TERMS:
        yield from _sentence(lambda name=name: index.songs.column(name))  # type: ignore[misc]
    yield from _sentence(lambda: index.songs.row_of(""))
    yield from _sentence(lambda: _playlists(index))
    living = int(index.songs.alive.sum())
    if len(index.lexical) != living:
        yield f"the inverted index holds {len(index.lexical):,} songs, expected {living:,}"


def _numbers(generation: Generation, artefact: Artefact) -> Iterator[str]:
    try:
        array = generation.array(artefact)
    except RefrainError as error:
        yield str(error)
        return
    if np.issubdtype(array.dtype, np.floating):
        unknown = artefact in NAN_IS_UNKNOWN
        for start in range(0, len(array), BLOCK):
            block = array[start : start + BLOCK]
            if (np.isinf(block) if unknown else ~np.isfinite(block)).any():
                yield f"{artefact.name} holds a value that is not finite, in rows {start:,} to {start + len(block):,}"
                return


def _playlists(index: OpenIndex) -> None:
    shared = index.cooccurrence
    check_lists(shared.song_starts, shared.songs, len(index.songs), artefacts.PLAYLIST_SONGS.name)
    check_lists(shared.holder_starts, shared.holders, len(shared.weights), artefacts.HOLDERS.name)


def _models(index: OpenIndex) -> Iterator[str]:
    for name in MODELS:
        yield from _sentence(lambda name=name: getattr(index, name))  # type: ignore[misc]


def _derived_again(index: OpenIndex) -> Iterator[str]:
    songs = index.songs
    rng = np.random.default_rng(0)

    def sample(known: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        rows = np.flatnonzero(songs.alive & known)
        return np.sort(rng.choice(rows, min(SAMPLE, len(rows)), replace=False))

    rows = sample(songs.has_lyrics)
    if len(rows):
        vectors = index.encoder.encode([unique_lines(songs.lyrics[row]) for row in rows.tolist()])
        stored = index.sentence[rows].astype(np.float32)
        yield from _differing("sentence vector", index, rows, (vectors * stored).sum(axis=1))
        if index.compress_lyrics is not None:
            latents = index.compress_lyrics.encode(stored)
            yield from _differing("lyrics part", index, rows, (latents * index.parts["lyrics"][rows]).sum(axis=1))
    rows = sample(songs.has_audio)
    if len(rows):
        comparable = index.origin_scales.transform(songs.audio_as_imported[rows], songs.audio_measured[rows])
        again = index.scaler.transform(comparable)
        off = np.abs(again - index.audio[rows]).max(axis=1)
        yield from _differing("audio row", index, rows, np.where(off < 1e-3, 1.0, 0.0))
    rows = sample(np.ones(len(songs), bool))
    if len(rows):
        whole = np.zeros((len(rows), index.layout.dim), np.float32)
        for name, part in index.parts.items():  # the others may have changed since
            whole[:, index.layout.slice(name)] = part[rows]
        try:
            _, scores = index.vectors.search_batch(whole, 1)
        except RefrainError as error:
            yield str(error)
            return
        # Nothing is nearer to a song than itself, but what is stored of it may be rounded.
        short = (whole * whole).sum(axis=1) - scores[:, 0]
        yield from _differing("stored vector", index, rows, np.where(short < QUANTISED, 1.0, 0.0))


def _differing(
    what: str, index: OpenIndex, rows: npt.NDArray[np.int64], likeness: npt.NDArray[np.floating]
) -> list[str]:
    return [
        f"the {what} of {index.songs.song_ids[int(row)]} is not what its content gives (likeness {value:.3f})"
        for row, value in zip(rows, likeness, strict=True)
        if not value >= CLOSE  # NaN is no likeness either
    ]
