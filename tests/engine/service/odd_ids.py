"""A small catalogue whose song_ids are as long, and as like addresses, as they may be."""

from __future__ import annotations

import json
from pathlib import Path

from indexer import Catalogue, build_index
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

LONG = 110  # songs of 200 characters, each of which an address writes in six or nine
LIKE_ROUTES = ("velvets/sound", "velvets/cover", "velvets", "sound", "a/sound/sound", "b/sound/cover", "q?x=1#y/sound")


def song_ids() -> list[str]:
    long = [
        f"{'артист' if i % 2 else '歌手の名前'}|{i:03d}|".ljust(200, "жыщ"[i % 3] if i % 2 else "語")
        for i in range(LONG)
    ]
    return [*long, *LIKE_ROUTES]


def build_odd_ids(folder: Path) -> None:
    """refrain.db and refrain.index: the song_ids, all of one sound and one genre, by five artists."""
    songs = [
        {
            "song_id": song_id, "title": f"Песня {i}", "artist": f"Артист {i % 5}", "genres": ["folk"],
            "popularity": i % 90, "danceability": 0.5, "energy": (i % 40) / 40, "key": i % 12, "loudness": -7.5,
            "mode": 1, "speechiness": 0.1, "acousticness": 0.2, "instrumentalness": 0.01, "liveness": 0.3,
            "valence": 0.6, "tempo": 90 + i % 40, "duration_ms": 200_000,
            "lyrics": f"дождь над рекой {i} и долгая дорога домой",
        }
        for i, song_id in enumerate(song_ids())
    ]  # fmt: skip
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        build_index(catalogue, folder / "refrain.index", SMALL, encoder=HashEncoder())
