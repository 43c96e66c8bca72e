"""Moments: a signal's mean and deviation over the catalogue, without asking every song, are what asking gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.pool import Pool
from engine.score.signals import BY_NAME, measure, moments_of
from indexer.errors import IndexFormatError
from indexer.models.moments import Moments


@pytest.fixture(scope="module")
def demo(demo_index: Path) -> Iterator[Engine]:
    with Engine.open(demo_index) as engine:
        yield engine


@pytest.mark.parametrize("seeds", [1, 5])
def test_moments_are_those_of_every_song(demo: Engine, seeds: int) -> None:
    index = demo.index
    living = np.flatnonzero(index.songs.alive)
    drawn = np.random.default_rng(seeds).choice(living, seeds, replace=False)
    query = Query(index, seeds=tuple(Seed.of_row(index, int(row)) for row in drawn), target=(("energy", 0.9),))
    for name in BY_NAME:
        moments = moments_of(query, name)
        if moments is None:
            continue
        values = measure(query, Pool(index, living, {}, 1), [name])[:, 0].astype(np.float64)
        if name == "cooccurrence":  # a song is no neighbour of itself, and has no value of its own
            values = values[~np.isnan(values)]
        expected = (np.nanmean(values), np.nanstd(values))
        # An artist's songs count for each of the seeds that made them: as good as exact.
        assert moments == pytest.approx(expected, rel=0.02, abs=2e-3), name


def test_products_with_a_query_have_the_mean_and_deviation_of_all_products() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(0.3, 1.0, (500, 7)).astype(np.float32)
    table[::9] = 0.0
    counts = rng.random(500) < 0.8
    query = rng.normal(size=7).astype(np.float32)
    for unit in (False, True):
        known = table[counts & table.any(axis=1)]
        known = known / np.linalg.norm(known, axis=1, keepdims=True) if unit else known
        found = Moments.of_rows(table, counts, unit=unit)
        assert found.of(query) == pytest.approx(((known @ query).mean(), (known @ query).std()), rel=1e-4)
        again = Moments.of_array(found.to_array(), "moments")
        assert again.of(query) == found.of(query)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 3), np.float32), np.full((4, 3), np.nan, np.float32), np.full((4, 3), 1e30, np.float32)]
)
def test_what_holds_no_moments_is_damage(array: np.ndarray) -> None:
    with pytest.raises(IndexFormatError, match=r"songs/x is damaged: .* rebuild with `refrain build`"):
        Moments.of_array(array, "songs/x")


def test_moments_of_another_width_are_damage() -> None:
    with pytest.raises(IndexFormatError, match="moments are of 3 numbers"):
        Moments.of_array(np.zeros((4, 3), np.float32), "moments").of(np.ones(5))
