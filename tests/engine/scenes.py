"""A small index whose groups are known by construction: three scenes, each with its words, genre and sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from indexer import Catalogue, IndexConfig, build_index, update_index

SCENES = {
    "rain": ("rain grey window umbrella puddle", "slowcore",
             {"acousticness": 0.9, "energy": 0.1, "valence": 0.1, "danceability": 0.5, "tempo": 70.0}),
    "neon": ("neon taxi skyline bassline mirror", "techno",
             {"acousticness": 0.1, "energy": 0.9, "valence": 0.5, "danceability": 0.9, "tempo": 150.0}),
    "porch": ("porch banjo river whiskey fiddle", "bluegrass",
              {"acousticness": 0.5, "energy": 0.5, "valence": 0.9, "danceability": 0.1, "tempo": 70.0}),
}  # fmt: skip
EACH = 30  # songs of a scene, by 6 artists
ODD_TITLES = (
    '</script><script>document.title="broken"</script>',
    "<!-- <script> -->",
    "\"double\" 'single' \\back\\ /*DATA*/ &nosuch; <b>",
    "사랑 ❤ 🎵 \\u003c",
)


def build_scenes(folder: Path, config: IndexConfig) -> None:
    """refrain.index: EACH songs of a scene, one of them deleted since the build, and one of which nothing is known."""
    rng = np.random.default_rng(0)
    songs = []
    for s, (scene, (words, genre, sound)) in enumerate(SCENES.items()):
        for i in range(EACH):
            sung = rng.permutation(words.split()).tolist()
            title = ODD_TITLES[i] if scene == "rain" and i < len(ODD_TITLES) else f"{sung[0].title()} Number {i}"
            audio = {name: float(value * rng.uniform(0.95, 1.05)) for name, value in sound.items()}
            songs.append(
                {"song_id": f"{scene}-{i:02d}", "title": title, "artist": f"Band {s}{i % 6}", "genres": [genre],
                 "lyrics": "\n".join(" ".join(sung[j:] + sung[:j]) for j in range(3)), **audio}
            )  # fmt: skip
    songs.append({"song_id": "unheard", "title": "Unheard", "artist": "Nobody"})
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        build_index(catalogue, folder / "refrain.index", config)
        catalogue.delete(["neon-29"])
        update_index(catalogue, folder / "refrain.index")
