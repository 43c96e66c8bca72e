"""Steps: each is done once, kept whole or not at all, and never mixed with those of other data, code or size."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.data.dataset import Dataset, Place, prepare
from benchmarks.papers import PAPERS, steps
from benchmarks.papers.steps import Steps, code_of
from benchmarks.report import origin
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.progress import quiet

pytestmark = pytest.mark.papers

NAME = "neural-playlist"


@pytest.fixture
def catalogue(demo_catalogue: Path) -> Iterator[Catalogue]:
    with Catalogue(demo_catalogue) as opened:
        yield opened


def steps_of(dataset: Dataset, catalogue: Catalogue, work: Path, *, quick: bool = True) -> Steps:
    return Steps.of(NAME, dataset, catalogue, work, quick=quick, track=quiet)


def test_a_step_runs_once_and_is_read_after(warm_dataset: Dataset, catalogue: Catalogue, tmp_path: Path) -> None:
    calls = []

    def call() -> dict[str, object]:
        calls.append(1)
        return {"losses": [0.5, 0.25], "said": "naïve", "nothing": None}

    expected = {"losses": [0.5, 0.25], "said": "naïve", "nothing": None}
    assert steps_of(warm_dataset, catalogue, tmp_path).done("train", call) == expected
    again = steps_of(warm_dataset, catalogue, tmp_path)
    assert again.done("train", call) == expected
    assert len(calls) == 1
    assert again.done("another", lambda: 3) == 3


def test_a_result_of_nothing_is_a_result(warm_dataset: Dataset, catalogue: Catalogue, tmp_path: Path) -> None:
    steps = steps_of(warm_dataset, catalogue, tmp_path)
    assert steps.done("empty", lambda: []) == []
    assert steps.done("empty", lambda: [1]) == []


def test_a_failed_step_leaves_nothing(warm_dataset: Dataset, catalogue: Catalogue, tmp_path: Path) -> None:
    steps = steps_of(warm_dataset, catalogue, tmp_path)

    def fails() -> int:
        raise RuntimeError("out of luck")

    for call, error in ((fails, RuntimeError), (lambda: {1, 2}, TypeError)):  # a set is nothing that JSON holds
        with pytest.raises(error):
            steps.done("train", call)
        assert list(steps.folder.iterdir()) == []
    assert steps.done("train", lambda: 7) == 7


def test_the_seconds_of_earlier_runs_count(warm_dataset: Dataset, catalogue: Catalogue, tmp_path: Path) -> None:
    steps = steps_of(warm_dataset, catalogue, tmp_path)
    assert steps.seconds == 0
    for step, seconds in (("a", 1.5), ("b", 2.25)):
        (steps.folder / f"{step}.json").write_text(json.dumps({"seconds": seconds, "result": 0}))
    (steps.folder / "model").mkdir()
    (steps.folder / "model" / "encoder.json").write_text("{}")  # what a step leaves beside its result is no step
    assert steps_of(warm_dataset, catalogue, tmp_path).seconds == 3.75


def test_other_data_and_other_sizes_have_folders_of_their_own(
    warm_dataset: Dataset, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = steps_of(warm_dataset, catalogue, tmp_path).folder
    assert steps_of(warm_dataset, catalogue, tmp_path).folder == first
    full = steps_of(warm_dataset, catalogue, tmp_path, quick=False).folder
    monkeypatch.setattr(warm_dataset, "fingerprint", "of another catalogue")
    other = steps_of(warm_dataset, catalogue, tmp_path).folder
    assert len({first, full, other}) == 3
    assert all(
        folder.is_dir() and folder.parent == tmp_path / "reproductions" / NAME for folder in (first, full, other)
    )


def test_another_configuration_of_the_index_has_a_folder_of_its_own(
    warm: Place, warm_dataset: Dataset, tiny_config: IndexConfig, catalogue: Catalogue, tmp_path: Path
) -> None:
    config = replace(tiny_config, salient_keywords=2)
    other = Dataset(prepare(warm.catalogue, tmp_path, config, cold=False, encoded=warm.index))
    assert other.fingerprint == warm_dataset.fingerprint
    folders = {steps_of(each, catalogue, tmp_path).folder for each in (warm_dataset, other)}
    assert len(folders) == 2


@pytest.mark.parametrize(
    ("file", "users"),
    [
        ("steps.py", set(PAPERS)),
        ("preprocessing.py", {"quadrants", "song-bert"}),  # by way of lyrics_classifier.py
        ("lyrics_classifier.py", {"quadrants", "song-bert"}),
        ("entailment.py", {"spotify-mood"}),
        ("tag_rule.py", {"song-bert"}),
        ("quadrants/songs.py", {"quadrants"}),
        ("preference.py", {"preference"}),
    ],
)
def test_a_change_of_code_is_one_for_the_papers_that_use_it_and_no_other(
    file: str, users: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: code_of(name) for name in PAPERS}
    home = shutil.copytree(steps.HOME, tmp_path / "benchmarks" / "papers")
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "HOME", home)
    assert {name: code_of(name) for name in PAPERS} == before
    (home / file).write_text((home / file).read_text("utf-8") + "\n", "utf-8")
    assert {name for name in PAPERS if code_of(name) != before[name]} == users


def test_every_paper_has_code_and_what_has_none_is_said() -> None:
    assert code_of(NAME) == code_of(NAME)
    with pytest.raises(ValueError, match="no module of_nobody"):
        code_of("of-nobody")
    assert NAME in PAPERS
