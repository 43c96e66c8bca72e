"""The tasks beside peers: measured on an index that is there, recorded by its size, and shown with what is ahead."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.data.dataset import Dataset, Place
from benchmarks.judge.metrics import means
from benchmarks.judge.threads import VARIABLES, one_thread_each
from benchmarks.report.peers import ahead, kind_of, peers_table
from benchmarks.report.readme import page
from benchmarks.report.run import Result, Run, load_runs
from benchmarks.tasks import known_item
from benchmarks.tasks.as_it_is import made_notes
from benchmarks.tasks.registry import TASKS
from benchmarks.tasks.running import Job
from indexer.progress import quiet
from tests.benchmarks.made_runs import made_run


def measured(task: str, systems: list[str], warm: Place, limit: int) -> list[Run]:
    return list(TASKS[task].measure(Job(task, warm, None, limit, "test"), systems, quiet))


def test_words_are_measured_for_each_system_on_the_same_lines(warm: Place, warm_dataset: Dataset) -> None:
    ours, bare, theirs = measured("words", ["refrain", "refrain-terms", "tantivy"], warm, 6)
    assert ours.task == f"words-{len(warm_dataset.index)}"
    assert list(ours.settings) == list(theirs.settings) == [*known_item.KINDS]
    for kind, setting in ours.settings.items():
        assert setting.digest == bare.settings[kind].digest == theirs.settings[kind].digest
        assert len(setting.scores["ms"]) == 6
        assert {"mib", "disk_mib", "cpu_ms"} <= setting.facts.keys()
    assert means(ours.settings["exact"].scores)["found"] == 1.0
    assert theirs.config["reason"]
    texts = [question.text for question in known_item.questions(warm_dataset.index.songs, limit=6)["exact"]]
    assert not any(text in json.dumps(run.to_json()) for text in texts for run in (ours, theirs))


def test_vectors_are_measured_at_every_width_and_under_filters(warm: Place) -> None:
    exact, graph = measured("vectors", ["numpy", "faiss-hnsw"], warm, 4)
    for setting in exact.settings.values():
        assert set(setting.scores["recall@20"] + setting.scores["recall@100"]) == {1.0}
    assert set(graph.settings["width 1600"].scores["recall@20"]) == {1.0}  # more than there are songs
    assert len(graph.settings) == 5 * 4


def test_answers_are_measured_with_the_encoding_and_without(warm: Place) -> None:
    ours, theirs = measured("answers", ["refrain", "glued-bm25s"], warm, 5)
    assert ours.settings.keys() == theirs.settings.keys()
    for name, setting in ours.settings.items():
        assert setting.digest == theirs.settings[name].digest
        assert setting.facts["median_ms_with_encoding"] > (setting.median_ms or 0.0)
    assert means(ours.settings["decade"].scores)["top ten"] > 0.7
    assert any("could not be installed" in note for note in ours.notes)


def test_the_command_takes_an_index_as_it_is(warm: Place, tmp_path: Path) -> None:
    call, out = CliRunner().invoke, tmp_path / "runs"
    command = ["run", "words", "--system", "tantivy", "--index", str(warm.index), "--limit", "2"]
    command += ["--out", str(out), "--work", str(tmp_path / "work")]
    first = call(app, command, catch_exceptions=False)
    assert "top ten" in first.output
    assert "measured before by this code" in call(app, command, catch_exceptions=False).output
    (listed,) = load_runs(out).values()
    assert listed[0].machine["threads"] == "1"
    assert listed[0].machine["cores"] == 1
    assert f"--index {warm.index}" in listed[0].command
    assert not (tmp_path / "work").exists(), "nothing is built"
    with pytest.raises(ValueError, match="continuation-a needs an index of its own"):
        call(app, ["run", "continuation-a", "--index", str(warm.index)], catch_exceptions=False)


def test_songs_that_are_made_are_not_passed_off_as_real(tmp_path: Path) -> None:
    index = tmp_path / "refrain.index"
    assert made_notes(index) == []
    for content in ("no JSON", "[]", '{"said": 3}'):
        (tmp_path / "made.json").write_text(content, "utf-8")
        assert made_notes(index) == []
    (tmp_path / "made.json").write_text('{"said": "vectors are drawn"}', "utf-8")
    assert made_notes(index) == [f"of {tmp_path.name}: vectors are drawn"]


def test_one_thread_is_asked_for_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("RAYON_NUM_THREADS", raising=False)
    with one_thread_each():
        assert {os.environ[name] for name in VARIABLES} == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "RAYON_NUM_THREADS" not in os.environ


def line_run(system: str, recall: float, ms: dict[str, float], **config: str) -> Run:
    facts = {"mib": 10.0, "disk_mib": 5.0}
    scores = {"recall@20": [recall], "recall@100": [recall]}
    settings = {
        name: Result(digest="q", scores=scores, median_ms=each, p99_ms=2 * each, facts=facts)
        for name, each in ms.items()
    }
    made = made_run(system, {}, task="vectors-1000")
    return made.model_copy(update={"settings": settings, "config": config, "data": {**made.data, "songs": 1000}})


def test_what_is_as_good_in_less_time_is_ahead_and_says_why(tmp_path: Path) -> None:
    ours = line_run("refrain", 0.96, {"one setting": 1.0, "one setting, 1 % allowed": 1.0})
    quick = line_run("quick", 0.97, {"width 100": 0.4, "width 200": 0.6, "width 200, 1 % allowed": 3.0}, reason="it is")
    worse = line_run("worse", 0.95, {"width 100": 0.1}, reason="it guesses")
    assert list(ahead([ours, quick, worse])) == [
        "- quick of refrain: every song allowed (width 100) 0.400 ms to 1.000. Why: it is."
    ]
    (quicker,) = ahead([ours, quick, worse], worse=True)
    assert quicker == "- worse of refrain: every song allowed (width 100) 0.100 ms to 1.000. Why: it guesses."
    table = peers_table([ours, quick, worse])
    assert "| quick, width 200 | 0.970 / 0.970; 0.600 (1.200) | 0.970 / 0.970; 3.000 (6.000) |" in table
    for run in (ours, quick):
        run.save(tmp_path / "2026-01-01-0a1b2c3")
    assert "Why: it is." in page(tmp_path)
    assert kind_of("continuation-a") is None
