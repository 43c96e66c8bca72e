"""Candidates for tests: built by hand, or drawn by hypothesis with everything that real ones lack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from engine.playlist.tracks import Candidates
from indexer.text.names import stem_number

NAN = float("nan")
AUDIO = ("key", "mode", "tempo", "energy", "valence", "duration_ms")


def table(
    n: int,
    *,
    rows: Sequence[int] | None = None,
    scores: Sequence[float] | None = None,
    artists: Sequence[int] | Sequence[Sequence[int]] | None = None,
    albums: Sequence[int] | None = None,
    stems: Sequence[str] | None = None,
    **audio: Sequence[float],
) -> Candidates:
    """n songs, best first, each by an artist of its own, with another title, and with nothing known of the audio."""

    def column(values, default, dtype):
        return np.array(default if values is None else values, dtype)

    return Candidates(
        rows=column(rows, range(n), np.int64),
        scores=column(scores, -np.arange(n), np.float32),
        artists=column(artists, range(n), np.int64).reshape(n, -1 if n else 1),
        albums=column(albums, [-1] * n, np.int64),
        stems=column(None if stems is None else list(map(stem_number, stems)), range(1, n + 1), np.int64),
        **{name: column(audio.get(name), [NAN] * n, np.float64) for name in AUDIO},
    )


def named(candidates):
    """(artist, stem) for each known artist of each song that has a title."""
    places = range(len(candidates))
    return [(artist, candidates.stems[i]) for i in places for artist in candidates.artists_of(i) if candidates.stems[i]]


def several_artists(rng, n, artists):
    """(n, 3): up to three of so many artists a song, each once; -1 fills up, alone it is unknown."""
    drawn = np.full((n, 3), -1, np.int64)
    for row in drawn:
        own = rng.permutation(artists + 1)[: rng.choice(4, p=[0.15, 0.6, 0.15, 0.1])]
        row[: len(own)] = own
    return drawn


@st.composite
def songs(draw, min_size=1, max_size=30, artists=6, titles=12):
    """Songs by few artists and with few titles, so that caps and versions matter; some audio is unknown.

    Hypothesis draws the size and a seed, numpy the rest: far quicker than drawing every value.
    """
    n = draw(st.integers(min_size, max_size))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    unknown = draw(st.sampled_from([0.0, 0.2, 1.0]))

    def maybe(values):
        return np.where(rng.random(n) < unknown, NAN, values)

    return table(
        n,
        rows=rng.permutation(n) + 100,
        scores=rng.integers(-20, 21, n),
        artists=several_artists(rng, n, artists),
        albums=rng.integers(-1, 5, n),
        stems=[f"t{t}" if t else "" for t in rng.integers(0, titles + 1, n)],
        key=maybe(rng.integers(0, 12, n)),
        mode=maybe(rng.integers(0, 2, n)),
        tempo=maybe(rng.uniform(50, 200, n)),
        energy=maybe(rng.random(n)),
        valence=maybe(rng.random(n)),
        duration_ms=maybe(rng.integers(60_000, 600_000, n)),
    )
