"""A small index of odd names: namesakes, titles without a letter, one-word titles by the hundred, unknown artists."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from indexer import Catalogue, IndexConfig, build_index

NAMESAKES = 14  # songs called "Intro", each by another artist; more than a look-up by name compares
SILENT = {"!!!": "???", "♥": "♪"}  # title -> artist, without a letter
WORDS = ["".join(parts).title() for parts in product(("ba", "ki", "lo", "mu", "ze", "rho"), repeat=3)]  # 216 titles
NOBODY = 3  # songs called "Outro" whose artists are unknown, all drone


def build_names(folder: Path, config: IndexConfig) -> None:
    """refrain.index: intro-00.., silent-0 and silent-1, word-000.., nobody-0.."""
    names = {
        **{f"intro-{i:02d}": ("Intro", f"Band {i}") for i in range(NAMESAKES)},
        **{f"silent-{i}": name for i, name in enumerate(SILENT.items())},
        **{f"word-{i:03d}": (word, f"Singer {i % 40}") for i, word in enumerate(WORDS)},
        **{f"nobody-{i}": ("Outro", "") for i in range(NOBODY)},
    }
    songs = [
        {"song_id": song_id, "title": title, "artist": artist, "energy": i % 97 / 97, "valence": i % 31 / 31,
         "tempo": 80.0 + i % 53, "duration_ms": 180_000 + 100 * i, "genres": ["drone"] if artist == "" else []}
        for i, (song_id, (title, artist)) in enumerate(names.items())
    ]  # fmt: skip
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        build_index(catalogue, folder / "refrain.index", config)
