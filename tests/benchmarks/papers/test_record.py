"""Records: read as they were written, refused where they are none, and every published figure in its cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.papers.record import FORMAT_VERSION, Comparison, Line, Record
from benchmarks.report.plots import plot_record

pytestmark = pytest.mark.papers

TABLE = Comparison(
    "Table 1",
    [
        Line("theirs and ours", {"accuracy": 0.5, "seconds": 12.0}, {"accuracy": 0.727}),
        Line("ours alone", {"accuracy": 0.25, "F1": 0.125}),
        Line("theirs alone", {}, {"accuracy": 0.764, "F1": 0.856}),
    ],
)
RECORD = Record(
    name="song-bert",
    paper="somebody 2021",
    comparisons=[TABLE, Comparison("empty", [])],
    differs=["Fewer songs — naïvely so."],
    quick=True,
    seconds=1.5,
    curves={"loss": [[1, 0.5], [2, 0.25]]},
    data={"songs": 255},
    machine={"cores": 2},
    date="2026-11-21",
    command="python -m benchmarks reproduce song-bert",
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = RECORD.save(tmp_path / "records")
    assert path == tmp_path / "records" / "song-bert.json"
    assert Record.load(path) == RECORD
    changed = RECORD.model_copy(update={"seconds": 2.5})
    assert changed.save(tmp_path / "records") == path
    assert Record.load(path) == changed
    assert [file.name for file in path.parent.iterdir()] == ["song-bert.json"]


def written(tmp_path: Path, change: dict[str, object]) -> Path:
    path = RECORD.save(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    return path


@pytest.mark.parametrize("text", ["[]", "{}", "no json", '{"format": 1, "comparisons": []}', '{"format": 1}', ""])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(
        ValueError, match=r"broken\.json is no record of format 1 .* expected what `python -m benchmarks reproduce`"
    ):
        Record.load(tmp_path / "broken.json")


@pytest.mark.parametrize(
    "change", [{"comparisons": [{"title": "no lines"}]}, {"comparisons": [3]}, {"unknown": 1}, {"format": {}}]
)
def test_a_record_with_a_wrong_part_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"song-bert\.json"):
        Record.load(written(tmp_path, change))


def test_a_record_of_another_format_says_which(tmp_path: Path) -> None:
    found = FORMAT_VERSION + 1
    with pytest.raises(ValueError, match=f"format {FORMAT_VERSION} .format: .*reproduce it again"):
        Record.load(written(tmp_path, {"format": found}))


def test_cells_hold_ours_and_the_published_figure_in_brackets() -> None:
    assert TABLE.metrics == ["accuracy", "seconds", "F1"]
    assert TABLE.rows() == [
        ["theirs and ours", "0.500 (0.727)", "12.0", ""],
        ["ours alone", "0.250", "", "0.125"],
        ["theirs alone", "– (0.764)", "", "– (0.856)"],
    ]


def test_a_table_has_a_column_for_the_system_and_for_each_metric() -> None:
    shown = TABLE.table()
    assert [str(column.header) for column in shown.columns] == ["system", *TABLE.metrics]
    assert [list(column.cells) for column in shown.columns] == [
        list(cells) for cells in zip(*TABLE.rows(), strict=True)
    ]


def test_curves_are_drawn_in_groups_and_a_lone_one_as_a_histogram(tmp_path: Path) -> None:
    curves = {
        "loss, training": [[1, 2.0], [2, 1.0]],
        "loss, validation": [[1, 2.5], [2, 2.0]],
        "NPMI": [[0, 5], [1, 3]],
    }
    drawn = list(plot_record(RECORD.model_copy(update={"curves": curves}), tmp_path))
    assert [path.name for path in drawn] == [f"{RECORD.name}-0.png", f"{RECORD.name}-1.png"]
    assert all(path.stat().st_size > 1_000 for path in drawn)
