"""What all reproductions share: nothing is done twice, and what is committed can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.data.dataset import Place
from benchmarks.papers import PAPERS, reproduce
from benchmarks.papers.record import Record

pytestmark = pytest.mark.papers

RECORDS = Path(__file__).parents[3] / "benchmarks" / "papers" / "records"
SLOW = {"song-bert"}  # a minute even when quick


@pytest.mark.parametrize("name", [pytest.param(each, marks=[pytest.mark.slow] * (each in SLOW)) for each in PAPERS])
def test_a_second_call_does_nothing_again(name: str, reproduced: Callable[[str], Record], work: Path) -> None:
    first = reproduced(name)
    folder = work / "reproductions" / name
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = reproduced(name)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert (again.comparisons, again.curves, again.differs) == (first.comparisons, first.curves, first.differs)
    assert (again.seconds, again.data) == (first.seconds, first.data)
    assert first.comparisons
    assert first.quick


def test_the_command_in_a_record_says_what_was_read(
    demo_catalogue: Path, tiny_encoder: Path, warm: Place, tmp_path: Path
) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text(f'[encoder]\nmodel = "{tiny_encoder}"\nwindow = 64\nprecision = "float32"\n')
    read = ["--catalogue", str(demo_catalogue), "--config", str(config), "--encoded", str(warm.index)]
    asked = ["reproduce", "preference", "--quick", *read]
    CliRunner().invoke(app, [*asked, "--work", str(tmp_path)], catch_exceptions=False)
    record = Record.load(tmp_path / "records" / "preference.json")
    assert record.command == f"python -m benchmarks {' '.join(asked)}"


def test_what_no_paper_is_called_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no reproduction is called 'mood', expected one of spotify-mood, song-bert"):
        reproduce("mood", catalogue="refrain.db", work=tmp_path, command="test")


def test_every_paper_has_a_committed_record_that_was_not_quick() -> None:
    records = {path.stem: Record.load(path) for path in RECORDS.glob("*.json")}
    assert records.keys() == PAPERS.keys()
    for name, record in records.items():
        assert (record.name, record.paper, record.quick) == (name, PAPERS[name], False)
        assert f"reproduce {name}" in record.command
        assert record.comparisons
        assert record.differs
        assert any(line.published for comparison in record.comparisons for line in comparison.lines)
