"""Every task on the bundled catalogue, and the command around them."""

from __future__ import annotations

import json
import random
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.data.dataset import Dataset, Place
from benchmarks.judge.metrics import means
from benchmarks.report.plots import bootstrap, plot_task
from benchmarks.report.readme import page
from benchmarks.report.run import Run
from benchmarks.systems.refrain import DEFAULTS, Refrain
from benchmarks.tasks import ablation, known_item, reranking
from benchmarks.tasks.load import RATES
from benchmarks.tasks.registry import TASKS, tasks_named
from benchmarks.tasks.running import Job
from indexer.progress import quiet
from tests.benchmarks.made_runs import made_run


def measured(task: str, systems: list[str], warm: Place, cold: Place, limit: int | None = None) -> list[Run]:
    return list(TASKS[task].measure(Job(task, warm, cold, limit, "test"), systems, quiet))


@pytest.mark.parametrize("task", [task.name for task in tasks_named("continuation")])
def test_continuation(task: str, warm: Place, cold: Place) -> None:
    ours, chance = measured(task, ["refrain", "random"], warm, cold)
    assert "5 seeds, random" in ours.settings or task == "continuation-c"
    assert "name only" not in chance.settings
    assert ours.config["weights"]
    assert ours.data["playlists"]["test"] == 6


def test_continuation_tells_the_engine_from_chance(warm: Place, cold: Place) -> None:
    """Six playlists say little of one setting, and enough of all together; their first songs are too few draws."""
    found, baseline = [], []
    for task in tasks_named("continuation"):
        ours, chance = measured(task.name, ["refrain", "random"], warm, cold)
        asked = [name for name, setting in ours.settings.items() if setting.queries > 3 and "random" in name]
        found += [means(ours.settings[name].scores)["NDCG@500"] for name in asked]
        baseline += [means(chance.settings[name].scores)["NDCG@500"] for name in asked]
    assert np.mean(found) > np.mean(baseline)


def test_runs_hold_no_name_no_id_and_no_lyric(warm: Place, cold: Place, warm_dataset: Dataset) -> None:
    (continued,) = measured("continuation-b", ["refrain"], warm, cold)
    (found,) = measured("known-item", ["refrain"], warm, cold, 20)
    text = continued.to_json() + found.to_json()
    assert all(json.dumps(p.name)[1:-1] not in text for p in warm_dataset.test if len(p.name) > 4)
    assert all(p.playlist_id not in text for p in warm_dataset.test)
    assert all(song_id not in text for song_id in warm_dataset.row_of)
    assert all(question.text not in text for question in known_item.questions(warm_dataset.index.songs)["exact"])


def test_the_same_run_gives_the_same_scores(warm: Place, cold: Place) -> None:
    (one,), (other,) = (measured("continuation-a", ["refrain"], warm, cold) for _ in range(2))
    assert {n: (s.digest, s.scores) for n, s in one.settings.items()} == {
        n: (s.digest, s.scores) for n, s in other.settings.items()
    }


def test_tuning_says_what_it_did(warm: Place, cold: Place) -> None:
    (run,) = measured("continuation-b", ["refrain-tuned"], warm, cold, 2)
    assert "tuning playlists" in run.tuning
    assert DEFAULTS in run.tuning


def test_a_line_brings_its_song_back(warm: Place, cold: Place) -> None:
    (run,) = measured("known-item", ["refrain"], warm, cold, 40)
    assert list(run.settings) == ["exact", "two letters wrong", "one word missing"]
    assert means(run.settings["exact"].scores)["top ten"] > 0.9


@given(line=st.text(max_size=40).map(lambda text: f"1 2 3 {text} 5"), seed=st.integers(0, 9))
@example(line="1 2 3 4 5", seed=0)
def test_every_line_that_is_drawn_can_be_quoted_in_every_way(line: str, seed: int) -> None:
    assume(known_item.quotable(line))
    for kind, change in known_item.KINDS.items():
        quoted = change(line, random.Random(seed))
        assert (quoted == line) == (kind == "exact")


def test_ablation_turns_off_one_signal_and_loses_nothing_without_candidates(warm: Place, cold: Place) -> None:
    runs = measured("ablation", ["refrain"], warm, cold, 4)
    groups = {"by content" in base.system: (base, group) for base, group in ablation.by_base(runs)}
    assert groups.keys() == {True, False}
    assert sum(len(group) for _, group in groups.values()) == len(runs)
    names = {run.system.partition(", ")[2] for run in groups[False][1]}
    assert {ablation.ALL, ablation.EVERY_SONG, "without popularity", "without lyrics"} <= names
    for by_content, (base, group) in groups.items():
        for run in group:
            off = [name for weights in run.config["weights"].values() for name, weight in weights.items() if not weight]
            without = run.system.partition("without ")[2]
            assert (without in off) == bool(without)
            assert set(ablation.LISTENERS) <= {*off} if by_content else "taste" not in off or without == "taste"
            assert run.settings.keys() == base.settings.keys()


def test_every_song_is_scored_without_candidates(warm_dataset: Dataset) -> None:
    system = Refrain()
    system.fit(warm_dataset.fold(warm_dataset.all))
    every = system.without(every=True)
    seeds = warm_dataset.all[:1]
    assert sorted(every.rank(seeds, 5000).tolist()) == warm_dataset.all[1:].tolist()


def test_reranking_orders_the_same_candidates(warm: Place, cold: Place, warm_dataset: Dataset) -> None:
    plain, *reranked = measured("reranking", list(reranking.SYSTEMS), warm, cold, 5)
    assert plain.settings["(a) 1 seed"].facts == {"weight": 0.0}
    for run in reranked:
        assert {name: s.digest for name, s in run.settings.items()} == {n: s.digest for n, s in plain.settings.items()}
        for name, trace in run.config["traces"].items():
            best = max(value for _, _, _, value in trace)
            weight = run.settings[f"(a) {name}"].facts["weight"]
            assert min(abs(weight - tried) for _, _, tried, value in trace if value == best) < 1e-3
    vectors = reranking.vectors_of(warm_dataset, "tbert")
    for name, questions in reranking.questions(warm_dataset, limit=5).items():
        for question, found in zip(questions, reranking.candidates(warm_dataset, vectors, questions), strict=True):
            assert np.isin(found.rows, warm_dataset.whole).all(), name
            assert not np.isin(question.seeds, found.rows).any()
            falling = found.scores[found.ranked(0.0), 0]
            assert (np.diff(falling) <= 0).all()
            assert sorted(found.ranked(3.0).tolist()) == list(range(len(found.rows)))


def test_an_exact_vector_index_finds_all() -> None:
    flat, ivf = TASKS["ann"].measure(Job("ann", None, None, 3, "test"), ["flat", "ivf"], quiet)
    assert set(flat.settings["weights 1.0, 1.0"].scores["recall@100"]) == {1.0}
    assert means(ivf.settings["weights 1.0, 1.0"].scores)["recall@100"] > 0.5


def test_encoding_is_measured(warm: Place, cold: Place) -> None:
    ours, plain = measured("encoding", ["refrain", "sentence-transformers"], warm, cold, 4)
    (setting,) = ours.settings.values()
    assert setting.facts["share"] == pytest.approx(
        np.median(setting.scores["lyrics/s"]) / np.median(next(iter(plain.settings.values())).scores["lyrics/s"]),
        abs=1e-3,
    )


@pytest.mark.slow
def test_load_is_measured_while_the_index_is_renewed(warm: Place, cold: Place, tmp_path: Path) -> None:
    before = sorted(warm.index.rglob("*"))
    (run,) = measured("load", ["refrain"], warm, cold, 40)
    for rate in RATES:
        whole = run.settings[f"{rate} a second"]
        assert whole.queries == 40
        assert (whole.facts["failed"], whole.facts["generations"]) == (0, 3)
        kinds = [run.settings[f"{rate} a second, {kind}"] for kind in ("similar", "recommend", "search", "playlist")]
        assert [each.queries for each in kinds] == [10] * 4
    assert sorted(warm.index.rglob("*")) == before
    run.save(tmp_path / "2026-01-01-0a1b2c3")
    assert "| 80 a second, search | " in page(tmp_path)


def test_the_command(tmp_path: Path) -> None:
    runs, call = str(tmp_path / "runs"), CliRunner().invoke
    assert "continuation-a" in call(app, ["list"]).output
    command = ["run", "ann", "--system", "flat", "--limit", "2", "--out", runs, "--work", str(tmp_path / "work")]
    done = call(app, command, catch_exceptions=False)
    assert "recall@100" in done.output
    (flat,) = [Run.load(path) for path in (tmp_path / "runs" / "ann").iterdir()]
    again = call(app, command, catch_exceptions=False)
    assert "measured before by this code" in again.output
    assert "recall@100" not in again.output
    flat.model_copy(update={"system": "ivf"}).save(tmp_path / "runs")
    assert "flat" in call(app, ["table", "ann", "--runs", runs], catch_exceptions=False).output
    compared = call(app, ["compare", "flat", "ivf", "--task", "ann", "--runs", runs], catch_exceptions=False)
    assert "0 / 2 / 0" in compared.output
    other = flat.code.model_copy(update={"sha256": "other"})
    flat.model_copy(update={"system": "pq", "code": other}).save(tmp_path / "runs")
    with pytest.raises(ValueError, match="expected one recorded state of the code"):
        call(app, ["table", "ann", "--runs", runs], catch_exceptions=False)
    with pytest.raises(ValueError, match="expected one recorded state of the code"):
        call(app, ["compare", "flat", "pq", "--task", "ann", "--runs", runs], catch_exceptions=False)
    assert "pq" in call(app, ["table", "ann", "--runs", runs, "--mixed"], catch_exceptions=False).output
    with pytest.raises(ValueError, match="there is no task 'nothing'"):
        call(app, ["run", "nothing"], catch_exceptions=False)


def test_the_command_in_a_run_does_it_again(
    demo_catalogue: Path, tiny_encoder: Path, warm: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text(f'keywords = 10\n[encoder]\nmodel = "{tiny_encoder}"\nwindow = 64\nprecision = "float32"\n')
    monkeypatch.setenv("REFRAIN_CATALOGUE", str(demo_catalogue))

    def ran(words: list[str], folder: Path) -> Run:
        options = ["--work", str(tmp_path / "work"), "--out", str(folder)]
        CliRunner().invoke(app, [*words, *options], catch_exceptions=False)
        (path,) = folder.glob("*/*.json")
        return Run.load(path)

    asked = ["run", "known-item", "--system", "popularity", "--limit", "2", "--config", str(config)]
    first = ran([*asked, "--encoded", str(warm.index)], tmp_path / "first")
    assert first.config["index"]["keywords"] == 10
    monkeypatch.delenv("REFRAIN_CATALOGUE")
    python, module, package, *words = shlex.split(first.command)
    assert [python, module, package] == ["python", "-m", "benchmarks"]
    assert {"--catalogue", "--config", "--encoded", "--limit", "--system"} <= {*words}
    again = ran(words, tmp_path / "again")
    assert (again.command, again.config, again.data) == (first.command, first.config, first.data)
    assert [r.scores for r in again.settings.values()] == [r.scores for r in first.settings.values()]


def test_figures_are_drawn(tmp_path: Path) -> None:
    runs = [made_run("refrain", {"P@10": [0.1, 0.5, 0.3]}), made_run("peer", {"P@10": [0.2, 0.2, 0.2]})]
    assert [path.name for path in plot_task(runs, tmp_path)] == ["continuation-a-0.png", "continuation-a-0-time.png"]
    assert bootstrap([0.2, 0.2, 0.2], "P@10") == (0.2, 0.2)
    low, high = bootstrap([0.1, 0.5, 0.3] * 30, "P@10")
    assert 0.2 < low < 0.3 < high < 0.4
