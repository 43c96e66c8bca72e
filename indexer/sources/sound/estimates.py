"""Estimates: energy, danceability and their like, 0..1, by formulas; their order within a library is what counts.

Nobody outside Spotify knows its formulas, so these are not on its scale. Valence and liveness are never estimated.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimates:
    """Each 0..1; None where it would be a guess."""

    energy: float | None = None
    danceability: float | None = None
    acousticness: float | None = None
    speechiness: float | None = None
    instrumentalness: float | None = None
