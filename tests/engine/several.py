"""A small index of songs by several artists: by lists, by "feat." in artist and title, and names that stay one."""

from __future__ import annotations

import json
from pathlib import Path

from indexer import Catalogue, IndexConfig, build_index

# song_id -> title, artist (a list is one of the file's cells), main artists, guests
SONGS: dict[str, tuple[str, str | list[str], list[str], list[str]]] = {
    "pier": ("Copper Pier", "Tin Heron feat. Mo Vale", ["Tin Heron"], ["Mo Vale"]),
    "mill": ("Copper Mill", "Tin Heron", ["Tin Heron"], []),
    "yard": ("Copper Yard", "Mo Vale; Tin Heron", ["Mo Vale", "Tin Heron"], []),
    "lane": ("Copper Lane", ["Tin Heron", "Uma Pike"], ["Tin Heron", "Uma Pike"], []),
    "moss": ("Moss (feat. Uma Pike)", "Slow Ladder", ["Slow Ladder"], ["Uma Pike"]),
    "step": ("Glass Steps", "7,500 Steps", ["7,500 Steps"], []),
    "rope": ("October Twice", "Salt, Tar & Rope", ["Salt, Tar & Rope"], []),
    "reed": ("Reed", "Mo Vale", ["Mo Vale"], []),
    "hush": ("Nobody Sang This", "", [], []),
    **{f"band-{i}": (f"Filler {i}", f"Band {i}", [f"Band {i}"], []) for i in range(12)},
}  # fmt: skip


def build_several(folder: Path, config: IndexConfig) -> None:
    """refrain.db and refrain.index."""
    songs = [
        {"song_id": song_id, "title": title, "artist": artist, "energy": i % 7 / 7, "valence": i % 5 / 5,
         "tempo": 90.0 + i, "duration_ms": 200_000, "genres": ["folk"]}
        for i, (song_id, (title, artist, _, _)) in enumerate(SONGS.items())
    ]  # fmt: skip
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        build_index(catalogue, folder / "refrain.index", config)
