"""What the catalogue tests share: example files in the order of import or alone, rows as a file, all that is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from indexer.catalogue import Catalogue, Snapshot

FORMATS = Path(__file__).parent.parent / "formats"
IN_ORDER = (
    "songs.csv",
    "songs.jsonl",
    "spotify_features.csv",
    "hit_predictor.csv",
    "mpd.slice.0-2.json",
    "deezer_moods.csv",
    "lyrics_only.csv",
    "playlists.csv",
    "playlists.jsonl",
    "playlist_entries.csv",
    "song_tags.csv",
    "artist_tags.csv",
)
ALONE = (
    "genius_songs.csv",
    "pandas_index.tsv",
    "songs_with_playlists.jsonl",
    "track_genres.csv",
    "pipes.csv",
)


def rows(folder: Path, *songs: dict[str, Any], name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    return path


def everything(catalogue: Catalogue | Snapshot) -> object:
    return (
        list(catalogue.songs()),
        list(catalogue.playlists()),
        list(catalogue.artist_tags()),
        list(catalogue.labels("deezer_valence")),
        list(catalogue.digests()),
        catalogue.fingerprint(),
    )


def many(folder: Path, count: int = 5_000) -> Path:
    return rows(folder, *({"song_id": f"s{i:05}", "title": f"T{i}"} for i in range(count)), name="many.jsonl")
