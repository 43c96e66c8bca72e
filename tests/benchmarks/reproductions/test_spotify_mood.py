"""spotify-mood on the bundled catalogue, and its figures against counting by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets import Dataset
from benchmarks.reproductions import reproduce
from benchmarks.reproductions.record import Record
from benchmarks.reproductions.spotify_mood import (
    ALWAYS,
    BOTH,
    PUBLISHED,
    SIMILAR,
    Task,
    histogram,
    labelled,
    measured,
    scored,
)
from benchmarks.reproductions.steps import Steps
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.progress import quiet
from indexer.splits import place_of


@pytest.fixture(scope="module")
def record(demo_catalogue: Path, work: Path, tiny_config: IndexConfig) -> Record:
    return reproduce(
        "spotify-mood", catalogue=str(demo_catalogue), work=work, command="test", quick=True, config=tiny_config
    )


@pytest.fixture
def steps(demo_catalogue: Path, warm_dataset: Dataset, tmp_path: Path) -> Steps:
    with Catalogue(demo_catalogue, create=False) as catalogue:
        return Steps.of("spotify-mood", warm_dataset, catalogue, tmp_path, quick=True, track=quiet)


def test_every_system_stands_beside_its_published_figures(record: Record) -> None:
    if not record.comparisons:  # so few playlists may name too few moods: then it says so
        assert "nothing was trained" in record.differs[0]
        return
    lines = {line.system: line for line in record.comparisons[0].lines}
    assert {*PUBLISHED, ALWAYS, BOTH, SIMILAR} <= lines.keys()
    for name, figures in PUBLISHED.items():
        assert tuple(lines[name].published.values()) == figures
    assert lines[ALWAYS].ours["recall"] == 1
    assert lines[ALWAYS].ours["precision"] == pytest.approx(lines[ALWAYS].ours["precision"])
    for line in lines.values():
        assert all(0 <= value <= 1 for value in line.ours.values())


def test_songs_are_split_by_their_ids_and_moods_have_both_labels(steps: Steps) -> None:
    task = labelled(steps)
    ids = steps.dataset.index.songs.song_ids
    assert task.test.tolist() == [place_of(ids[row]) < 0.2 for row in task.rows]
    assert not (task.test & task.validation).any()
    learned = task.labels[~task.test]
    assert ((learned > 0).any(axis=0) & (learned < 0).any(axis=0)).all()


def made_up() -> Task:
    labels = np.array([[1, -1], [1, 1], [-1, 0], [1, 1]], np.int8)
    test = np.array([True, True, True, False])
    return Task(np.arange(4), ("sad", "chill"), labels, np.ones((4, 2), bool), test, ~test)


def test_rates_are_those_of_counting_by_hand() -> None:
    task = made_up()
    says = np.array([[True, True], [False, True], [True, True], [False, False]])
    found = scored(task, says)
    # sad: true 1 1 -1, said 1 0 1; chill: true -1 1, said 1 1 (the neutral pair is not asked)
    assert found["right"] == [1, 0, 0, 1, 0]
    assert found["precision"] == [0.5, 0.5]
    assert found["recall"] == [0.5, 1.0]
    assert found["F1"] == pytest.approx([0.5, 2 / 3])
    rates = measured(task, found)
    assert rates["precision"] == pytest.approx(2 / 4)
    assert rates["recall"] == pytest.approx(2 / 3)
    assert rates["macro F1"] == pytest.approx((0.5 + 2 / 3) / 2)


def test_neutral_pairs_are_asked_only_where_wanted() -> None:
    task = made_up()
    every = np.ones(4, bool)
    assert len(task.pairs(every)[0]) == 7
    assert len(task.pairs(every, neutral=True)[0]) == 8


def test_the_histogram_counts_every_known_pair(steps: Steps) -> None:
    bins = np.array(histogram(steps))
    assert bins.shape == (40, 2)
    assert (np.diff(bins[:, 0]) > 0).all()
    assert bins[:, 1].sum() > 0
