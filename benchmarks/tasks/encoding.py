"""Encoding: lyrics a second of the library's encoder beside the same model called plainly, turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.report.run import Result, Run
from benchmarks.tasks.running import Job, opened, run_of
from indexer.encoders.sentence import SentenceEncoder
from indexer.progress import Track
from indexer.text.tokens import unique_lines

LYRICS, ROUNDS = 256, 5
BATCH = 32  # sentence-transformers' own default
ONE_WINDOW = "one-window lyrics"


def texts(encoder: SentenceEncoder, lyrics: Sequence[str], count: int = LYRICS) -> list[str]:
    """Beginnings of lyrics that the model reads in one window, so that both read the same; whole where they fit."""
    tokenizer: Any = encoder.transformer.tokenizer
    chosen: list[str] = []
    for i in np.random.default_rng(0).permutation(len(lyrics)).tolist():
        text = unique_lines(lyrics[i])
        while len(tokenizer(text)["input_ids"]) > encoder.window:
            text = text[: len(text) // 2]
        if text.strip():
            chosen.append(text)
        if len(chosen) == count:
            break
    return chosen


def rates(ways: dict[str, Callable[[], object]], count: int, rounds: int, track: Track) -> dict[str, list[float]]:
    """Lyrics a second of each way in each round; they take turns, so that a slow minute is slow for all."""
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for call in ways.values():
        call()
    for turn in track(range(rounds), "encode"):
        for name, call in list(ways.items())[:: 1 if turn % 2 else -1]:
            start = time.perf_counter()
            call()
            measured[name].append(round(count / (time.perf_counter() - start), 2))
    return measured


def measure_encoding(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each way, of the same rounds; `share` is refrain's rate over the plain one's."""
    dataset = opened(job.warm)
    encoder = dataset.index.encoder
    songs = dataset.index.songs
    lyrics = [songs.lyrics[row] for row in np.flatnonzero(songs.alive & songs.has_lyrics).tolist()]
    chosen = texts(encoder, lyrics, min(LYRICS, job.limit or LYRICS))
    plain = encoder.transformer
    ways: dict[str, Callable[[], object]] = {
        "refrain": lambda: encoder.encode(chosen),
        "sentence-transformers": lambda: plain.encode(
            chosen, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        ),
    }
    measured = rates(ways, len(chosen), ROUNDS, track)
    share = float(np.median(measured["refrain"]) / np.median(measured["sentence-transformers"]))
    for name in systems:
        facts = {"lyrics": len(chosen), "share": round(share, 3)}
        settings = {
            ONE_WINDOW: Result(digest=f"{ROUNDS} x {len(chosen)}", scores={"lyrics/s": measured[name]}, facts=facts)
        }
        yield run_of(job, name, settings, dataset, tuning=f"nothing; {encoder.precision}, the same loaded model")
