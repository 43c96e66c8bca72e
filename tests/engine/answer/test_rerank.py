"""The second pass: the same as one pass where the head is everything; it never adds or loses a song."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.answer import rerank
from engine.answer.answer import answer, pool, ranked
from engine.answer.rerank import SecondPass, two_passes
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.score.weights import DEFAULT_WEIGHTS, SEARCH_WEIGHTS


@pytest.fixture(scope="module")
def scenes(scenes_index: Path) -> Iterator[Engine]:
    with Engine.open(scenes_index) as engine:
        yield engine


def test_over_all_candidates_two_passes_are_one(scenes: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    query = Query(scenes.index, seeds=(Seed.of_row(scenes.index, 3), Seed.of_row(scenes.index, 40)))
    weights = DEFAULT_WEIGHTS["several"]
    assert two_passes(weights)[1], "the weights that the program comes with have a second pass"
    twice = answer(query, weights, 50)
    monkeypatch.setattr(rerank, "LIGHT", -1.0)
    once = answer(query, weights, 50)
    assert twice.ranking.rows.tolist() == once.ranking.rows.tolist()
    np.testing.assert_allclose(twice.ranking.scores, once.ranking.scores, atol=1e-5)
    np.testing.assert_allclose(twice.shares.sum(axis=1), twice.ranking.scores, atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 17, 500])
def test_reranking_orders_the_head_anew_and_nothing_else(scenes: Engine, n: int) -> None:
    query = Query(scenes.index, seeds=(Seed.of_row(scenes.index, 3),))
    weights = {"popularity": 1.0, "audio": 1.0}
    first = ranked(query, pool(query, weights, 60, None), weights, 60)
    second = SecondPass({"tbert": 1.0, "lyrics": 2.0}).rerank(first, n)
    assert sorted(second.ranking.rows.tolist()) == sorted(first.ranking.rows.tolist())
    assert (np.diff(second.ranking.scores) <= 0).all()
    assert tuple(second.weights) == ("popularity", "audio", "tbert", "lyrics")
    place = {row: i for i, row in enumerate(first.ranking.rows.tolist())}
    before = first.shares[[place[row] for row in second.ranking.rows.tolist()]]
    np.testing.assert_array_equal(second.shares[:, :2], before, "what the first pass gave stays")
    behind = [place[row] >= n for row in second.ranking.rows.tolist()]
    assert not second.shares[behind, 2:].any(), "what lies behind the head is not measured"


def test_a_dear_signal_that_decides_is_measured_for_all() -> None:
    assert two_passes({"lyrics": 1.0}) == ({"lyrics": 1.0}, {})
    assert two_passes(SEARCH_WEIGHTS) == (SEARCH_WEIGHTS, {})
