"""Encoding: lyrics a second of the library's encoder beside the same model called plainly, turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.report.run import Run, Setting
from benchmarks.tasks.running import Job, opened, run_of
from indexer.encoders.sentence import SentenceEncoder
from indexer.progress import Track
from indexer.text.tokens import unique_lines

LYRICS, ROUNDS = 256, 5
BATCH = 32  # sentence-transformers' own default
BAR = 0.9  # of the plain model's rate
ONE_WINDOW = "one-window lyrics"


def texts(encoder: SentenceEncoder, lyrics: Sequence[str], count: int = LYRICS) -> list[str]:
    """Beginnings of lyrics that the model reads in one window, so that both read the same; whole where they fit."""
    tokenizer: Any = encoder._transformer.tokenizer
    found: list[str] = []
    for i in np.random.default_rng(0).permutation(len(lyrics)).tolist():
        text = unique_lines(lyrics[i])
        while len(tokenizer(text)["input_ids"]) > encoder.window:
            text = text[: len(text) // 2]
        if text.strip():
            found.append(text)
        if len(found) == count:
            break
    return found


def rates(ways: dict[str, Callable[[], object]], count: int, rounds: int, track: Track) -> dict[str, list[float]]:
    """Lyrics a second of each way in each round; they take turns, so that a slow minute is slow for all."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for call in ways.values():
        call()
    for turn in track(range(rounds), "encode"):
        for name, call in list(ways.items())[:: 1 if turn % 2 else -1]:
            start = time.perf_counter()
            call()
            found[name].append(round(count / (time.perf_counter() - start), 2))
    return found


def measure_encoding(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each way, of the same rounds; `share` is refrain's rate over the plain one's."""
    dataset = opened(job.warm)
    encoder = dataset.index.encoder
    songs = dataset.index.songs
    lyrics = [songs.lyrics[row] for row in np.flatnonzero(songs.alive & songs.has_lyrics).tolist()]
    chosen = texts(encoder, lyrics, min(LYRICS, job.limit or LYRICS))
    plain = encoder._transformer
    ways: dict[str, Callable[[], object]] = {
        "refrain": lambda: encoder.encode(chosen),
        "sentence-transformers": lambda: plain.encode(
            chosen, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        ),
    }
    found = rates(ways, len(chosen), ROUNDS, track)
    share = float(np.median(found["refrain"]) / np.median(found["sentence-transformers"]))
    for name in systems:
        facts = {"lyrics": len(chosen), "share": round(share, 3), "bar": BAR}
        settings = {ONE_WINDOW: Setting(f"{ROUNDS} x {len(chosen)}", {"lyrics/s": found[name]}, facts=facts)}
        yield run_of(job, name, settings, dataset, tuning=f"none; {encoder.precision}, the same loaded model")
