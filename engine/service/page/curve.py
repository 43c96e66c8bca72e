"""The curve of a playlist: how energy runs from song to song, and how each song goes into the next, as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.answer.hits import Hit
from engine.playlist.transitions import camelot, camelot_distance, key_clash, tempo_distance

WIDTH, HEIGHT, MARGIN = 640, 130, 14  # units of the drawing
NEAR_TEMPO = 0.17  # `tempo_distance` of 6 percent, what a deck's pitch fader bridges


@dataclass(frozen=True, slots=True)
class Step:
    """How one song goes into the next.

    keys    "8A to 9A"; tempi "112 to 118"; "" where one is unknown
    fit     "smooth": both fit; "fair": one does; "rough": neither; "unknown"
    x       where it lies in the drawing
    """

    keys: str
    tempi: str
    fit: str
    x: float

    @property
    def description(self) -> str:
        """In words.

        >>> Step("8A to 9A", "", "smooth", 0.0).description
        'smooth: key 8A to 9A'
        """
        parts = [f"key {self.keys}" if self.keys else "", f"tempo {self.tempi}" if self.tempi else ""]
        known = ", ".join(part for part in parts if part)
        return f"{self.fit}: {known}" if known else "key and tempo unknown"


@dataclass(frozen=True, slots=True)
class Curve:
    """A playlist as a drawing of WIDTH x HEIGHT.

    points   (x, y, label) of the songs whose energy is known
    line     the points as SVG's polyline has them
    steps    between each song and the next
    description     the curve in words, for those who do not see it
    """

    points: tuple[tuple[float, float, str], ...]
    line: str
    steps: tuple[Step, ...]
    description: str


def curve_of(songs: Sequence[Hit]) -> Curve:
    """The curve of the songs in their order."""
    across = (WIDTH - 2 * MARGIN) / max(1, len(songs) - 1)
    points = tuple(
        (
            round(MARGIN + place * across, 1),
            round(MARGIN + (1 - song.energy) * (HEIGHT - 2 * MARGIN), 1),
            f"{place + 1}. {song.title}: energy {song.energy:.2f}",
        )
        for place, song in enumerate(songs)
        if song.energy is not None
    )
    steps = tuple(
        _step(one, two, round(MARGIN + (place + 0.5) * across, 1)) for place, (one, two) in enumerate(pairwise(songs))
    )
    return Curve(points, " ".join(f"{x},{y}" for x, y, _ in points), steps, _described(songs, steps))


def _described(songs: Sequence[Hit], steps: Sequence[Step]) -> str:
    known = [(place, song.energy) for place, song in enumerate(songs, start=1) if song.energy is not None]
    if not known:
        return "The energy of these songs is unknown."
    low, high = min(known, key=lambda each: each[1]), max(known, key=lambda each: each[1])
    smooth = sum(step.fit == "smooth" for step in steps)
    return (
        f"Energy begins at {known[0][1]:.2f} and ends at {known[-1][1]:.2f}; lowest {low[1]:.2f} at song {low[0]}, "
        f"highest {high[1]:.2f} at song {high[0]}. {smooth} of {len(steps)} transitions fit in key and tempo."
    )


def _step(one: Hit, two: Hit, x: float) -> Step:
    keys = [camelot(song.key, song.mode) for song in (one, two)]
    fits = []
    if all(keys):
        steps = camelot_distance(one.key, one.mode, two.key, two.mode)  # type: ignore[arg-type]  # both are known
        fits.append(float(key_clash(steps)) < 0.5)
    tempi = ""
    if one.tempo and two.tempo:
        fits.append(float(tempo_distance(one.tempo, two.tempo)) <= NEAR_TEMPO)
        tempi = f"{one.tempo:.0f} to {two.tempo:.0f}"
    fit = "unknown" if not fits else "smooth" if all(fits) else "fair" if any(fits) else "rough"
    return Step(" to ".join(key for key in keys if key) if all(keys) else "", tempi, fit, x)
