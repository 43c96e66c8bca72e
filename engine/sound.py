"""Audio features in words, the same in reasons and on the map."""

from __future__ import annotations

SOUND: dict[str, tuple[str, str]] = {  # what a song is called of which the feature is low, or high
    "acousticness": ("electric", "acoustic"),
    "energy": ("calm", "energetic"),
    "valence": ("dark", "bright"),
    "danceability": ("loose", "danceable"),
    "instrumentalness": ("sung", "instrumental"),
    "speechiness": ("melodic", "spoken"),
    "liveness": ("studio", "live"),
    "tempo": ("slow", "fast"),
    "loudness": ("quiet", "loud"),
    "duration_ms": ("short", "long"),
    "mode": ("minor", "major"),
}
