"""A small index of songs that Spotify's shape has no simple answer for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.service.spotify.ids import digest_id
from indexer import Catalogue, IndexConfig, build_index

REAL = "4uLU6hMCjMI75M1A2tKUQC"  # of the song "real"
STOLEN = digest_id("track", "robbed")  # another song's real id is what "robbed" would be called
HOSTILE = '<script>alert("1")</script>\u202e'
ISRC = "USABC1100002"

_SOUND = {
    "danceability": 0.5, "energy": 0.8, "key": 4, "loudness": -7.5, "mode": 1, "speechiness": 0.1,
    "acousticness": 0.2, "instrumentalness": 0.01, "liveness": 0.3, "valence": 0.6, "tempo": 120.0,
    "duration_ms": 200_000,
}  # fmt: skip

SONGS: dict[str, dict[str, object]] = {
    "real": {"title": "Harbour", "artist": "Ada", "spotify_id": REAL, "popularity": 60, "year": 1994},
    "robbed": {"title": "Pier", "artist": "Ada", "popularity": 50},
    "robber": {"title": "Quay", "artist": "Bo", "spotify_id": STOLEN},
    "bare": {"title": "Nothing Known", "artist": ""},
    "keyless": {"title": "No Key", "artist": "Bo", "key": None, "tempo": None},
    "partial": {"title": "Half", "artist": "Bo", "valence": None},
    "measured": {"title": "From a File", "artist": "Cy"},
    "hostile": {"title": HOSTILE, "artist": "Ada feat. Bo", "album": HOSTILE},
    "coded": {"title": "By Code", "artist": "Cy", "isrc": ISRC},
}


def build_odd(folder: Path, config: IndexConfig) -> None:
    """refrain.index, refrain.db: SONGS, all but `bare` with _SOUND; filler-00.. of one genre, written in two ways."""
    songs = [{"song_id": song_id, **({} if song_id == "bare" else _SOUND), **facts} for song_id, facts in SONGS.items()]
    songs += [
        {
            "song_id": f"filler-{i:02d}",
            "title": f"Filler {i}",
            "artist": "Filler",
            **_SOUND,
            "energy": i / 40,
            "genres": ["hip hop" if i % 2 else "hip-hop"],
        }
        for i in range(40)
    ]
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
    with closing(sqlite3.connect(folder / "refrain.db")) as database, database:
        database.execute("UPDATE songs SET audio_origin = 'measured' WHERE song_id = 'measured'")
    with Catalogue(folder / "refrain.db") as catalogue:
        build_index(catalogue, folder / "refrain.index", config)
