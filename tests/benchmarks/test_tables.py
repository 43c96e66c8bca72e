"""Tables and runs: what is written is what was measured, and the README says what the runs say."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.report.campaigns import latest
from benchmarks.report.readme import BEGIN, END, page, small_table, split_readme, write
from benchmarks.report.run import Run, load_runs
from benchmarks.report.tables import against_best_peer, cells, setting_tables
from tests.benchmarks.made_runs import SETTING, made_run

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
HIGH, LOW = [0.5 + i / 1000 for i in range(40)], [0.1 + (i % 7) / 1000 for i in range(40)]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = made_run("refrain", {"P@10": [0.1, 0.25], "clicks": [0, 51]})
    path = run.save(tmp_path)
    assert path == tmp_path / "continuation-a" / "refrain.json"
    assert Run.load(path) == run
    run.model_copy(update={"fit_s": 2.0}).save(tmp_path)
    assert [r.fit_s for r in load_runs(tmp_path)["continuation-a"]] == [2.0]


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": 9}', "no json"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ValueError, match=r"run\.json"):
        Run.load(tmp_path / "run.json")


def test_refrain_is_compared_with_the_best_peer() -> None:
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


def test_a_star_stands_on_whichever_is_better() -> None:
    ours, peer = made_run("refrain", {"P@10": LOW}), made_run("peer", {"P@10": HIGH})
    runs = [ours, peer, made_run("weak", {"P@10": LOW[::-1]})]
    column = cells(runs, SETTING, "P@10", against_best_peer(runs))
    assert column["peer"].text == "0.520*" or column["peer"].text == "0.519*"
    assert column["peer"].best
    assert not column["refrain"].sure
    assert not column["weak"].sure


def campaign(results: Path, name: str = "2026-11-27-0a1b2c3") -> Path:
    folder = results / name
    made_run("peer", {"R-precision": LOW, "NDCG@500": HIGH, "clicks": HIGH}).save(folder)
    made_run("refrain", {"R-precision": HIGH, "NDCG@500": LOW, "clicks": LOW}).save(folder)
    return folder


def test_the_page_shows_quality_clicks_time_and_what_was_chosen(tmp_path: Path) -> None:
    campaign(tmp_path)
    text = page(tmp_path)
    assert "## Campaign 2026-11-27-0a1b2c3" in text
    assert "| system | 5 seeds, random (n = 40) | ms, 5 seeds, random | fit s |" in text
    assert "| refrain | **0.520*** / 0.103 | 1.500 | 1.000 |" in text or "| refrain | **0.519*** / 0.103 |" in text
    assert "| peer | 0.103 / **0.520*** |" in text or "| peer | 0.103 / **0.519*** |" in text
    assert "clicks, fewer are better" in text
    assert "by 0a1b2c3d4e5f on" in text


def test_a_campaign_of_refrain_alone_has_its_tables_and_an_earlier_one_stands_apart(tmp_path: Path) -> None:
    made_run("refrain", {"R-precision": HIGH, "NDCG@500": HIGH, "clicks": LOW}).save(tmp_path / "2026-11-27-0a1b2c3")
    older = campaign(tmp_path, "2026-11-21-mixed")
    (older / "MIXED.md").write_text("Several states of the code.\n")
    now, _, before = page(tmp_path).partition("## An earlier campaign: 2026-11-21-mixed")
    assert "| refrain |" in now
    assert "| peer |" not in now
    assert "| peer |" in before
    assert "Several states of the code." in before
    assert "*" not in before.partition("| peer |")[2].partition("\n")[0].replace("**", "")
    assert "not measured" in small_table(tmp_path)


def test_only_what_stands_between_the_marks_is_rewritten(tmp_path: Path) -> None:
    campaign(tmp_path / "results")
    readme, long = tmp_path / "README.md", tmp_path / "long.md"
    readme.write_text(f"# Top\n{BEGIN}\nold\n{END}\nbottom\n")
    assert write(tmp_path / "results", readme, long) == [long, readme]
    before, between, after = split_readme(readme.read_text())
    assert (before, after) == ("# Top\n", "\nbottom\n")
    assert between == small_table(tmp_path / "results")
    assert write(tmp_path / "results", readme, long) == []
    readme.write_text(f"# Top\n{BEGIN}\n")
    with pytest.raises(ValueError, match="must hold the lines"):
        write(tmp_path / "results", readme, long)
    readme.write_text("# no table\n")
    assert write(tmp_path / "results", readme, long) == []


def test_the_pages_say_what_the_runs_say() -> None:
    advice = "run `python -m benchmarks table --readme`"
    assert (ROOT / "benchmarks" / "README.md").read_text("utf-8") == page(RESULTS), advice
    text = (ROOT / "README.md").read_text("utf-8")
    if BEGIN in text:
        assert split_readme(text)[1] == small_table(RESULTS), advice


def test_runs_of_record_are_small_and_whole() -> None:
    assert latest(RESULTS)
    for path in sorted(RESULTS.glob("*/*/*.json")):
        run = Run.load(path)
        assert path.stat().st_size < 250_000, path
        assert run.data["limit"] is None, f"{path} was made with --limit"
        assert path.parent.name == run.task
