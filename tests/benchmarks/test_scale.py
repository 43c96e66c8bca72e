"""The task scale on the bundled catalogue: made, built, watched, asked; exponents known by construction."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.data.dataset import Place
from benchmarks.judge.watching import Watched
from benchmarks.report.run import Run
from benchmarks.report.scaling import curves, exponent, scaling_tables
from benchmarks.tasks.scale import stage_settings, system_of
from indexer import IndexConfig
from indexer.build.stages import STAGE_NAMES
from tests.benchmarks.made_runs import made_run

SMALL, LARGE = 60, 240


def toml_of(config: IndexConfig) -> str:
    """The settings of a configuration as its file has them."""
    plain = json.loads(config.to_json())
    tables = {name: values for name, values in plain.items() if isinstance(values, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in plain.items() if name not in tables]
    for name, values in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def campaign(warm: Place, tiny_config: IndexConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of two sizes, measured by the command."""
    folder = tmp_path_factory.mktemp("scale")
    (folder / "tiny.toml").write_text(toml_of(tiny_config), "utf-8")
    words = [
        "run", "scale", "--songs", str(SMALL), str(LARGE), "--catalogue", warm.catalogue, "--encoded", str(warm.index),
        "--config", str(folder / "tiny.toml"), "--work", str(folder), "--out", str(folder / "runs"), "--limit", "2",
    ]  # fmt: skip
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return folder


def runs_of(campaign: Path) -> list[Run]:
    return sorted(
        (Run.load(path) for path in (campaign / "runs" / "scale").iterdir()), key=lambda run: run.data["songs"]
    )


def test_each_size_is_a_run_with_every_stage_and_every_kind_of_answer(campaign: Path) -> None:
    small, large = runs_of(campaign)
    assert [run.system for run in (small, large)] == [system_of("refrain", songs) for songs in (SMALL, LARGE)]
    assert small.data["variants"] == large.data["variants"] == [small.system, large.system]
    for run in (small, large):
        assert [f"build: {name}" for name in (*STAGE_NAMES, "whole")] == [n for n in run.settings if n[:6] == "build:"]
        whole = run.settings["build: whole"].scores
        assert whole["s"][0] == run.build_s
        assert run.build_s > sum(run.settings[f"build: {name}"].scores["s"][0] for name in STAGE_NAMES) - 1
        assert max(run.settings[f"build: {name}"].scores["MiB"][0] for name in STAGE_NAMES) <= whole["MiB"][0]
        assert whole["MiB"][0] > 50
        asked = [name for name in run.settings if name.startswith("query: ")]
        assert "query: similar k=20" in asked
        assert all(ms > 0 for name in asked for ms in run.settings[name].scores["ms"])
        assert "drawn" in run.notes[0]


def test_what_was_measured_is_not_measured_again(campaign: Path, warm: Place) -> None:
    words = [
        "run", "scale", "--songs", str(LARGE), str(SMALL), "--catalogue", warm.catalogue, "--encoded", str(warm.index),
        "--config", str(campaign / "tiny.toml"), "--work", str(campaign), "--out", str(campaign / "runs"),
        "--limit", "2",
    ]  # fmt: skip
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert result.output.count("measured before") == 2


def test_tables_and_plots_are_of_these_runs(campaign: Path) -> None:
    shown = CliRunner().invoke(app, ["table", "scale", "--runs", str(campaign / "runs"), "--mixed"])
    assert shown.exit_code == 0, repr(shown.exception)
    assert "exponent" in shown.output
    plots = CliRunner().invoke(
        app, ["plot", "scale", "--runs", str(campaign / "runs"), "--out", str(campaign / "plots")]
    )
    assert plots.exit_code == 0, repr(plots.exception)
    assert {path.name for path in (campaign / "plots").iterdir()} == {
        "scale-s.png", "scale-CPU-s.png", "scale-MiB.png", "scale-B.png", "scale-ms.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["run", "latency", "--songs", "10"], "--songs is for scale alone"),
        (["run", "scale", "10", "20"], "numbers of songs stand after --songs"),
        (["run", "scale", "--songs", "10"], "expected --encoded INDEX"),
    ],
)
def test_what_cannot_be_asked_for_says_so(words: list[str], problem: str, demo_catalogue: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*words, "--catalogue", str(demo_catalogue), "--work", str(tmp_path)])
    assert result.exit_code != 0
    assert problem in str(result.exception)


def test_exponents_are_those_of_the_powers_that_values_follow() -> None:
    runs = []
    for songs in (1_000, 10_000, 100_000):
        stages = [
            Watched("songs", "compute", songs / 100, 1.0, 100 + songs / 1000, 0, 7 * songs),
            Watched("taste", "learn", (songs / 1_000) ** 1.5, 1.0, 50.0, 0, 3),
            Watched("audio", "learn", 0.0, 0.0, 50.0, 0, 0),
        ]
        run = made_run(system_of("refrain", songs), {}, task="scale")
        runs.append(run.model_copy(update={"settings": stage_settings(stages, songs), "data": {"songs": songs}}))
    seconds = curves(runs, "s")
    assert list(seconds) == ["songs", "taste"]  # what takes no time has no exponent
    assert math.isclose(exponent(seconds["songs"]), 1)
    assert math.isclose(exponent(seconds["taste"]), 1.5)
    assert math.isclose(exponent(curves(runs, "B/song")["songs"]), 1)
    assert len(scaling_tables(runs)) == 4
