"""Filters that keep a share of the songs: genres, tags or years of an index, chosen at random by their counts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.query.filters import Filters
from indexer.songs.table import Songs

NEAR = 1.25  # a filter keeps as many songs as it should, times or divided by this
MOST_TERMS = 8  # genres or tags of one filter at most: people name few
FEWEST = 8  # where no filter is near, so many of the nearest serve


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter as requests have it, and how many songs it keeps."""

    filters: dict[str, Any]
    songs: int


def conditions(songs: Songs, share: float, count: int, seed: int) -> list[Condition]:
    """At most `count` different filters that keep about this share of the living songs, one song at least.

    Where none keeps NEAR so many, those that come nearest; none at all where songs have neither genres, tags nor years.
    """
    living = int(np.count_nonzero(songs.alive))
    target = max(1.0, share * living)
    rng = random.Random(f"{seed} {share}")
    kinds = [_terms(songs, name, target, rng) for name in ("genre", "tag")] + [_years(songs, target, rng)]
    drawn: dict[str, Condition] = {}
    for _ in range(2 * count):
        for draw in kinds:
            filters = draw()
            if filters is not None and repr(filters) not in drawn:
                kept = int(np.count_nonzero(Filters.of(filters).mask(songs)))
                drawn[repr(filters)] = Condition(filters, kept)
        if len(near := [each for each in drawn.values() if _factor(each.songs, target) <= NEAR]) >= count:
            return near[:count]
    some = [each for each in drawn.values() if each.songs]
    return near or sorted(some, key=lambda each: _factor(each.songs, target))[: min(FEWEST, count)]


def in_turn(found: Sequence[Condition], count: int) -> list[Condition]:
    """`count` of them, each as often as the others."""
    return [found[i % len(found)] for i in range(count)] if found else []


def _factor(kept: int, target: float) -> float:
    return max(kept / target, target / kept) if kept else float("inf")


Draw = Callable[[], dict[str, Any] | None]


def _terms(songs: Songs, name: str, target: float, rng: random.Random) -> Draw:
    """Draws genres or tags that together keep about `target` songs; None where there are none."""
    column = songs.column(name)
    counts = np.bincount(column.of_rows(np.flatnonzero(songs.alive))[1], minlength=len(column.terms))
    usable = np.flatnonzero((counts > target / MOST_TERMS) & (counts <= NEAR * target))
    if not len(usable) and counts.any():
        usable = np.array([np.argmin(np.abs(np.log(np.maximum(counts, 1e-9) / target)))])
    named = [(column.terms[code], int(counts[code])) for code in usable.tolist()]
    terms = [(term, many) for term, many in named if term and term == term.strip()]  # as filters read them

    def draw() -> dict[str, Any] | None:
        chosen: list[str] = []
        kept = 0
        for term, many in rng.sample(terms, len(terms)):
            if not chosen or kept + many <= NEAR * target:
                chosen.append(term)
                kept += many
            if kept >= target / NEAR or len(chosen) == MOST_TERMS:
                break
        return {name: sorted(chosen)} if chosen else None

    return draw


def _years(songs: Songs, target: float, rng: random.Random) -> Draw:
    """Draws ranges of years that keep about `target` songs; None where no song is dated."""
    ranges = [(low, high) for low, high, kept in _ranges(songs) if _factor(kept, target) <= NEAR]

    def draw() -> dict[str, Any] | None:
        if not ranges:
            return None
        low, high = rng.choice(ranges)
        return {"year": f"{low}..{high}"}

    return draw


def _ranges(songs: Songs) -> Iterator[tuple[int, int, int]]:
    """Every range of years that songs have: from, to, and how many songs lie in it. A decade lies in it as a whole."""
    year, decade = songs.year[songs.alive].astype(np.int64), songs.decade[songs.alive].astype(np.int64)
    years, each = np.unique(year[year >= 0], return_counts=True)
    decades, in_each = np.unique(decade[(year < 0) & (decade >= 0)], return_counts=True)
    ends = sorted({*years.tolist(), *decades.tolist(), *(decades + 9).tolist()})
    for i, low in enumerate(ends):
        for high in ends[i:]:
            dated = each[(years >= low) & (years <= high)].sum()
            yield low, high, int(dated + in_each[(decades >= low) & (decades + 9 <= high)].sum())
