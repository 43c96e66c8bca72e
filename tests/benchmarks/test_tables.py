"""Tables and runs: what is written is what was measured, and the README says what the runs say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.report.readme import block
from benchmarks.report.run import Run, load_runs
from benchmarks.report.tables import BEGIN, END, against_best_peer, rewrite, setting_tables, split_readme
from tests.benchmarks.made_runs import SETTING, made_run

ROOT = Path(__file__).parents[2]
HIGH, LOW = [0.5 + i / 1000 for i in range(40)], [0.1 + (i % 7) / 1000 for i in range(40)]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = made_run("refrain", {"P@10": [0.1, 0.25], "clicks": [0, 51]})
    path = run.save(tmp_path)
    assert path == tmp_path / "continuation-a" / "refrain.json"
    assert Run.load(path) == run
    replace(run, fit_s=2.0).save(tmp_path)
    assert [r.fit_s for r in load_runs(tmp_path)["continuation-a"]] == [2.0]


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": 9}', "no json"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ValueError, match=r"run\.json"):
        Run.load(tmp_path / "run.json")


def test_refrain_is_held_against_the_best_peer() -> None:
    runs = [made_run("refrain", {"P@10": HIGH}), made_run("weak", {"P@10": LOW}), made_run("fair", {"P@10": LOW[::-1]})]
    better = [*LOW[:-1], LOW[-1] + 0.2]
    runs.append(made_run("best", {"P@10": better}))
    (found,) = against_best_peer(runs).items()
    assert found[0] == ("refrain", SETTING, "P@10")
    assert found[1][0] == "best"
    assert found[1][1].a_is_better
    console = Console(width=120, record=True)
    for table in setting_tables(runs):
        console.print(table)
    assert "0.520*" in console.export_text()


def test_the_block_marks_the_best_and_the_sure() -> None:
    peer = made_run("peer", {"R-precision": LOW, "NDCG@500": HIGH})
    ours = made_run("refrain", {"R-precision": HIGH, "NDCG@500": LOW})
    text = block({"continuation-a": [ours, peer]})
    assert "| system | (a) 5 seeds (n = 40) |" in text
    assert "| refrain | **0.519*** / 0.103 |" in text or "| refrain | **0.520*** / 0.103 |" in text
    assert "| peer | 0.103 / **0.520** |" in text or "| peer | 0.103 / **0.519** |" in text


def test_only_what_stands_between_the_marks_is_rewritten(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# Top\n{BEGIN}\nold\n{END}\nbottom\n")
    assert rewrite(readme, "new\n")
    assert readme.read_text() == f"# Top\n{BEGIN}\nnew\n{END}\nbottom\n"
    assert not rewrite(readme, "new\n")
    readme.write_text("# Top\n")
    with pytest.raises(ValueError, match="must hold the lines"):
        rewrite(readme, "new\n")


def test_the_readme_says_what_the_runs_say() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    if BEGIN not in text:
        pytest.skip(f"README.md has no {BEGIN}")
    assert split_readme(text)[1] == block(load_runs(ROOT / "benchmarks" / "runs")), (
        "run `python -m benchmarks table --readme`"
    )


def test_runs_of_record_are_small_and_whole() -> None:
    for path in sorted((ROOT / "benchmarks" / "runs").glob("*/*.json")):
        run = Run.load(path)
        assert path.stat().st_size < 200_000, path
        assert run.data["limit"] is None, f"{path} was made with --limit"
        assert path.parent.name == run.task
