"""Hits: one song of an answer, with its score, what made the score, and why in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hit:
    """A song that a query found; None is unknown.

    score         higher is better; comparable inside one answer only
    rank          place in the answer, from 1
    signals       name -> contribution; together they are the score
    reason        one short sentence
    line          the lyric line that fits the query best
    duration_ms   milliseconds
    tempo         beats per minute
    key, mode     pitch class 0..11 (0 = C), 1 major or 0 minor
    energy        0..1
    spotify_id    the 22 characters after "spotify:track:"
    """

    song_id: str
    title: str
    artist: str
    score: float
    rank: int
    signals: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    line: str | None = None
    album: str | None = None
    duration_ms: float | None = None
    year: int | None = None
    tempo: float | None = None
    key: float | None = None
    mode: float | None = None
    energy: float | None = None
    spotify_id: str | None = None

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError(f"rank of {self.song_id} is {self.rank}, expected 1 or more")
        if not math.isfinite(self.score):
            raise ValueError(f"score of {self.song_id} is {self.score}, expected a finite number")
