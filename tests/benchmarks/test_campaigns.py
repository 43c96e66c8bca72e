"""Campaigns: a folder for each state of the code, and what was measured is not measured again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import Place, whole_fingerprint
from benchmarks.judge.metrics import Question
from benchmarks.report.campaigns import MixedCampaignError, campaign_folder, latest, refuse_mixed
from benchmarks.report.origin import ROOT, Code, machine, measuring_code
from benchmarks.report.run import Run
from benchmarks.systems.system import Fold, Rows
from benchmarks.tasks import asking, registry
from benchmarks.tasks.asking import CHUNK, Unfinished, ask
from benchmarks.tasks.continuation import NoQuestionsError
from benchmarks.tasks.registry import TASKS, run_tasks
from benchmarks.tasks.running import Job
from benchmarks.tasks.state import State, finished
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.progress import quiet
from tests.benchmarks.made_runs import made_run

CODE = Code(commit="0a1b2c3d4e5f", sha256="0123456789abcdef")


def test_the_code_is_recorded() -> None:
    code = measuring_code()
    assert code.recorded
    assert len(code.sha256) == 16
    if (ROOT / ".git").exists():
        assert len(code.commit) == 12


def test_a_state_of_the_code_has_one_folder(tmp_path: Path) -> None:
    folder = campaign_folder(tmp_path, CODE)
    assert folder.name.endswith("-0a1b2c3")
    yesterday = tmp_path / "2026-11-20-0a1b2c3"
    yesterday.mkdir()
    assert campaign_folder(tmp_path, CODE) == yesterday, "a campaign goes on after midnight"
    changed = campaign_folder(tmp_path, CODE.model_copy(update={"dirty": True}))
    assert changed.name.endswith("-0a1b2c3-changed-0123456")


def test_the_latest_is_of_one_commit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no runs; make some"):
        latest(tmp_path)
    made_run("refrain", {"P@10": [0.1]}).save(tmp_path / "2026-11-20-0a1b2c3")
    made_run("refrain", {"P@10": [0.1]}).save(tmp_path / "2026-11-22-mixed")
    (tmp_path / "2026-11-22-mixed" / "MIXED.md").write_text("why")
    made_run("refrain", {"P@10": [0.1]}).save(tmp_path / "2026-11-23-0a1b2c3-changed-0123456")
    assert latest(tmp_path).name == "2026-11-20-0a1b2c3"


@pytest.mark.parametrize("other", ["another", ""])
def test_runs_of_different_or_unrecorded_code_are_refused(other: str) -> None:
    run = made_run("refrain", {"P@10": [0.1]})
    refuse_mixed([run, run], "here")
    with pytest.raises(MixedCampaignError, match=r"here holds runs of .* pass --mixed"):
        refuse_mixed([run, made_run("peer", {"P@10": [0.1]}, code=other)], "here")


class Counting:
    """Counts what it is asked; may break down."""

    name, tuning = "counting", "nothing"

    def __init__(self, breaks_at: int = 10**9):
        self.asked = 0
        self.breaks_at = breaks_at

    def fit(self, fold: Fold) -> None: ...

    def settings(self) -> dict[str, object]:
        return {}

    def rank(self, seeds: Rows, k: int) -> Rows:
        self.asked += 1
        if self.asked > self.breaks_at:
            raise KeyboardInterrupt
        return np.array([(seeds[0] + 1) % 500, (seeds[0] + 2) % 500][: 1 + seeds[0] % 2], np.int64)


def test_answers_of_an_interrupted_run_are_used(tmp_path: Path) -> None:
    candidates = np.arange(500)
    questions = [Question(np.array([i]), np.array([i + 1])) for i in range(2 * CHUNK + 30)]
    whole = Counting()
    expected, _ = ask(whole, questions, 10, candidates, label="x")
    unfinished = Unfinished(tmp_path / "unfinished")
    with pytest.raises(KeyboardInterrupt):
        ask(Counting(breaks_at=CHUNK + 50), questions, 10, candidates, label="x", unfinished=unfinished)
    rest = Counting()
    rankings, ms = ask(rest, questions, 10, candidates, label="x", unfinished=unfinished)
    assert [r.tolist() for r in rankings] == [r.tolist() for r in expected]
    assert len(ms) == len(questions)
    assert rest.asked == CHUNK + 30 + asking.WARM_UP
    other = Counting()
    ask(other, questions[:CHUNK], 10, candidates, label="another setting", unfinished=unfinished)
    assert other.asked == CHUNK + asking.WARM_UP


def test_what_is_there_is_not_measured_again(
    warm: Place, tiny_config: IndexConfig, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def here(job: Job, systems: tuple[str, ...], out: Path, track: object) -> registry.Outcome:
        calls.append(systems)
        return registry.Outcome(job.task, systems, tuple(registry.measured(job, systems, out, quiet)))

    monkeypatch.setattr(registry, "_measured_apart", here)

    def run(**options: bool) -> list[registry.Outcome]:
        names = ["random", "popularity"]
        return list(run_tasks([TASKS["continuation-b"]], names, catalogue=warm.catalogue, work=work, out=tmp_path,
                              config=tiny_config, limit=2, **options))  # fmt: skip

    assert [outcome.there for outcome in run()] == [False, False]
    assert sorted(calls) == [("popularity",), ("random",)]
    assert [outcome.there for outcome in run()] == [True, True]
    assert len(calls) == 2
    assert [outcome.there for outcome in run(again=True)] == [False, False]


STATE = State({"index": {"k": 1}, "encoder": {"sha256": "a"}}, {"catalogue": "c", "labels": {"f": "1"}, "limit": None})


def run_of_state(system: str, **changed: object) -> Run:
    """A run of STATE by this code, but for what is changed."""
    run = made_run(system, {"P@10": [0.1]})
    there = {
        "code": measuring_code(),
        "config": {**STATE.index, "weights": {}},
        "data": {**run.data, **STATE.data},
        "machine": machine(),
    }
    return run.model_copy(update=there | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"code": CODE},
        {"config": {**STATE.index, "index": {"k": 2}}},
        {"config": {**STATE.index, "encoder": {"sha256": "b"}}},
        {"data": {**STATE.data, "catalogue": "d"}},
        {"data": {**STATE.data, "labels": {"f": "2"}}},
        {"data": {**STATE.data, "limit": 2}},
        {"data": {"catalogue": "c"}},
        {"machine": machine() | {"libraries": {"numpy": "0.1"}}},
    ],
)
def test_a_run_counts_as_done_only_where_all_that_decides_its_figures_is_the_same(
    changed: dict[str, object], tmp_path: Path
) -> None:
    run_of_state("refrain", **changed).save(tmp_path)
    assert not finished(tmp_path, "continuation-a", "refrain", STATE)
    file = run_of_state("refrain").save(tmp_path)
    assert finished(tmp_path, "continuation-a", "refrain", STATE) == (file,)
    assert not finished(tmp_path, "continuation-a", "refrain-tuned", STATE)


def test_a_library_that_has_come_since_decided_nothing(tmp_path: Path) -> None:
    fewer = {name: version for name, version in machine()["libraries"].items() if name != "numpy"}
    run_of_state("refrain", machine={"libraries": fewer}).save(tmp_path)
    assert finished(tmp_path, "continuation-a", "refrain", STATE)


def test_a_system_measured_in_variants_is_done_when_all_of_them_are_there(
    warm: Place, cold: Place, tmp_path: Path
) -> None:
    runs = list(TASKS["ablation"].measure(Job("ablation", warm, cold, 2, "test"), ["refrain"], quiet))
    state = State.of(TASKS["ablation"], warm, whole_fingerprint(warm.catalogue), 2)
    assert len(runs) > 10
    for run in runs:
        assert not finished(tmp_path, "ablation", "refrain", state)
        run.save(tmp_path)
    assert len(finished(tmp_path, "ablation", "refrain", state)) == len(runs)
    assert not finished(tmp_path, "ablation", "refrain-tuned", state)


def test_a_catalogue_without_playlists_is_told_what_is_missing(
    warm: Place, cold: Place, demo_catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.continuation, "LEAST_SONGS", 10_000)
    with pytest.raises(NoQuestionsError, match="6 test playlists, expected 100 or more"):
        list(TASKS["continuation-b"].measure(Job("continuation-b", warm, cold, None, "test"), ["random"], quiet))
    with Catalogue(demo_catalogue) as catalogue:
        assert catalogue.fingerprint() == whole_fingerprint(str(demo_catalogue))
