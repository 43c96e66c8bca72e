"""neural-playlist on the bundled catalogue: the paper's twelve rows, trained once, and what a record must hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.papers.neural_playlist import minmax
from benchmarks.papers.neural_playlist.playlists import AGAINST, PAIRS
from benchmarks.papers.neural_playlist.search import EPOCHS, SEARCHES, linear_loss, principal
from benchmarks.papers.record import Record
from indexer.models.autoencoder import AutoencoderConfig

pytestmark = pytest.mark.papers

# (experiment, latent, layers, training loss, validation loss), typed from the paper once more.
TABLE_1 = [
    (1, 4, "15-10-5", 0.0375, 0.0374),
    (2, 5, "20-10", 0.0363, 0.0381),
    (3, 4, "20-18-12-6", 0.0248, 0.0249),
    (4, 1, "24-20-16-12-8-4-2", 0.0797, 0.0802),
    (5, 10, "20-16", 0.0170, 0.0180),
    (6, 2, "20-18-12-6", 0.0658, 0.0647),
]
TABLE_2 = [
    (1, 30, "500-200-100", 0.7327, 0.1102),
    (2, 5, "200-150-100-50-10", 1018.6, 1025.0),
    (3, 15, "250-200-175-125-50-25", 0.1697, 0.0818),
    (4, 1, "225-150-50-15", 671.03, 934.60),
    (5, 50, "200-100", 0.0580, 0.0604),
    (6, 2, "100-75-25-15-5", 1748.5, 1888.5),
]


@pytest.fixture(scope="module")
def record(reproduced: Callable[[str], Record]) -> Record:
    return reproduced("neural-playlist")


def test_the_experiments_are_those_of_the_tables() -> None:
    assert [[*SEARCHES], [*EPOCHS]] == [["tabular", "lyrics"]] * 2
    for experiments, table in zip(SEARCHES.values(), (TABLE_1, TABLE_2), strict=True):
        found = [(e.number, e.latent, "-".join(map(str, e.widths)), e.training, e.validation) for e in experiments]
        assert found == table
    described = [[e.described for e in experiments] for experiments in SEARCHES.values()]
    assert described == [
        ["all relu", "sigmoid, relu", "all tanh", "all relu", "all relu", "all sigmoid"],
        ["all relu", "alt. sigmoid & relu", "all relu", "all tanh", "all relu", "all sigmoid"],
    ]
    assert SEARCHES["tabular"][1].activations == ("sigmoid", "relu")
    assert SEARCHES["lyrics"][1].activations == ("sigmoid", "relu", "sigmoid", "relu", "sigmoid")
    for experiment in (*SEARCHES["tabular"], *SEARCHES["lyrics"]):  # each can be trained as it is
        AutoencoderConfig(latent=experiment.latent, widths=experiment.widths, activations=experiment.activations)


def test_the_pairs_are_the_best_the_second_and_the_third_of_both_tables() -> None:
    by_validation = [
        [row[0] for row in sorted(table, key=lambda row: row[-1])][: len(PAIRS)] for table in (TABLE_1, TABLE_2)
    ]
    assert [(pair.tabular, pair.lyrics) for pair in PAIRS.values()] == [*zip(*by_validation, strict=True)]
    assert [pair.rating for pair in PAIRS.values()] == [7.49, 6.06, 5.87]


def test_all_twelve_rows_stand_beside_the_published_losses(record: Record) -> None:
    for comparison, table in zip(record.comparisons[:2], (TABLE_1, TABLE_2), strict=True):
        assert len(comparison.lines) == 6
        for line, (number, latent, layers, training, validation) in zip(comparison.lines, table, strict=True):
            assert line.system.startswith(f"{number}: {layers} -> {latent}, ")
            assert line.published == {"training loss": training, "validation loss": validation}
            assert all(np.isfinite(value) and value > 0 for name, value in line.ours.items() if "PCA" not in name)


def test_training_losses_fall_and_end_where_the_table_says(record: Record) -> None:
    assert len(record.curves) == 24
    for search, comparison in zip(SEARCHES, record.comparisons[:2], strict=True):
        for number, line in enumerate(comparison.lines, 1):
            for part in ("training", "validation"):
                curve = record.curves[f"{search}, experiment {number}, {part}"]
                assert [epoch for epoch, _ in curve] == [*range(1, len(curve) + 1)]
                assert curve[-1][1] == line.ours[f"{part} loss"]
                if part == "training":
                    assert curve[-1][1] < curve[0][1]
    lengths = {len(curve) for curve in record.curves.values()}
    assert len(lengths) == 1, "the number of epochs is the same in every row"


def test_the_pairs_are_compared_by_continuation_beside_the_ratings(record: Record) -> None:
    continuation, differences = record.comparisons[2:]
    lines = {line.system: line for line in continuation.lines}
    assert {"architecture 1", "1 without sentiment", "PCA of 1's sizes", "random", "refrain"} <= set(lines)
    for name, line in lines.items():
        assert line.published == ({"rating / 10": PAIRS[name].rating / 10} if name in PAIRS else {})
        assert {metric.partition(",")[0] for metric in line.ours} == {"R-precision", "NDCG@500"}
        assert all(0 <= value <= 1 for value in line.ours.values())
    assert lines["refrain"].ours["NDCG@500, 1 seed"] > lines["random"].ours["NDCG@500, 1 seed"]
    assert [line.system for line in differences.lines] == [f"{a} - {b}" for a, b in AGAINST]
    for (a, b), line in zip(AGAINST, differences.lines, strict=True):
        apart = lines[a].ours["NDCG@500, 1 seed"] - lines[b].ours["NDCG@500, 1 seed"]
        assert line.ours["difference, 1 seed"] == pytest.approx(apart, abs=1e-9)
        assert 0 <= line.ours["p, 1 seed"] <= 1


def test_a_run_that_was_cut_goes_on_to_the_same_figures(
    record: Record, reproduced: Callable[[str], Record], work: Path
) -> None:
    (kept,) = work.glob("reproductions/neural-playlist/*/tabular-3.json")
    others = {path: path.stat().st_mtime_ns for path in kept.parent.glob("*.json") if path != kept}
    kept.unlink()
    again = reproduced("neural-playlist")
    assert {path: path.stat().st_mtime_ns for path in others} == others
    for ours, first in zip(again.comparisons[0].lines, record.comparisons[0].lines, strict=True):
        assert ours.ours == pytest.approx(first.ours)


def test_columns_are_scaled_from_their_least_to_their_greatest() -> None:
    table = np.array([[2, 7, -1], [6, 7, np.nan], [4, 7, 3]], np.float32)
    assert minmax(table).tolist() == [[0, 0, 0], [1, 0, 0.5], [0.5, 0, 1]]


def test_principal_components_lose_what_lies_outside_their_plane() -> None:
    """Three columns on a plane and a fourth of known, independent variance."""
    rng = np.random.default_rng(5)
    plane = rng.standard_normal((4000, 2)) @ np.array([[3, 0, 1, 0], [0, 2, 1, 0]])
    matrix = (plane + rng.standard_normal((4000, 1)) * [0, 0, 0, 0.1] + 7).astype(np.float32)
    _, axes = principal(matrix, 2)
    assert np.allclose(axes.T @ axes, np.eye(2), atol=1e-5)
    assert linear_loss(matrix, 2) == pytest.approx(0.1**2 / 4, rel=0.1)
    assert linear_loss(matrix, 3) < 1e-6
