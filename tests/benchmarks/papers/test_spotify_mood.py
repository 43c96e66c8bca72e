"""spotify-mood on the bundled catalogue, and its figures against counting by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import Dataset
from benchmarks.papers import reproduce
from benchmarks.papers.entailment import Pairs, published
from benchmarks.papers.record import Record
from benchmarks.papers.spotify_mood import (
    ALWAYS,
    BOTH,
    HEADS,
    PUBLISHED,
    SIMILAR,
    TOKENS,
    MoodPairs,
    histogram,
    labelled,
    measured,
    scored,
    zero_shot,
)
from benchmarks.papers.steps import Steps
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.progress import quiet
from indexer.songs.splits import place_of

pytestmark = pytest.mark.papers


@pytest.fixture(scope="module")
def record(reproduced: Callable[[str], Record]) -> Record:
    return reproduced("spotify-mood")


@pytest.fixture
def steps(demo_catalogue: Path, warm_dataset: Dataset, tmp_path: Path) -> Steps:
    with Catalogue(demo_catalogue, create=False) as catalogue:
        return Steps.of("spotify-mood", warm_dataset, catalogue, tmp_path, quick=True, track=quiet)


def test_every_system_stands_beside_its_published_figures(record: Record) -> None:
    overall, each_mood = record.comparisons
    lines = {line.system: line for line in overall.lines}
    assert {*PUBLISHED, ALWAYS, BOTH, SIMILAR} == lines.keys() - {"sentence vectors", "sound, nonlinear"}
    for name, figures in PUBLISHED.items():
        assert tuple(lines[name].published.values()) == figures
    yes = lines.pop(ALWAYS)
    assert yes.ours["recall"] == 1
    assert 0 < yes.ours["precision"] < 1
    assert [line.system for line in each_mood.lines] == sorted(line.system for line in each_mood.lines)
    assert len(each_mood.lines) == record.data["moods"] > 5
    for name in ("bag of words", "acoustics", "hybrid, bag of words", BOTH, SIMILAR):
        assert 0.2 < lines[name].ours["F1"] <= 1, name
    for name in ("fine-tuned, no neutral", "fine-tuned, neutral", "hybrid, fine-tuned"):  # of random weights
        assert 0 <= lines[name].ours["F1"] <= 1, name
    told = " ".join(record.differs)
    assert "too few moods for NPMI" in told
    for name, head in HEADS.items():
        assert not lines[name].ours
        assert f"{name} has no figures of ours: '{head.default}' is neither a folder" in told
        assert f"{head.variable} names another one" in told


def test_zero_shot_heads_are_read_from_folders(
    steps: Steps, small_bert: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head of random weights says the same as when it is asked directly, and the pairs are those of the test."""
    folders = {
        "zero-shot NLI": small_bert("nli", {"contradiction": 0, "entailment": 1}),
        "zero-shot NSP": small_bert("nsp"),
    }
    task = labelled(steps)
    words = [steps.dataset.index.songs.lyrics[row] for row in task.rows]
    sound = np.zeros((len(words), 12), np.float32)
    songs, moods = task.pairs(task.test)
    sentences = [VOCABULARY[mood].sentence for mood in task.moods]
    for name, head in HEADS.items():
        monkeypatch.setenv(head.variable, str(folders[name]))
        found = zero_shot(task, words, sound, head)
        asked = published(str(folders[name]), head.task, max_length=TOKENS)(
            Pairs(words, sound, sentences, songs, moods)
        )
        assert found["predicted"] == (asked > 0.5).astype(int).tolist()


def test_where_playlists_name_many_moods_their_association_labels(
    steps: Steps, demo_catalogue: Path, tmp_path: Path
) -> None:
    """Eighty playlists, each a quarter of the songs, one mood a quarter: NPMI tells all pairs."""
    index = steps.dataset.index
    ids = [index.songs.song_ids[row] for row in steps.dataset.whole.tolist()]
    moods = ("angry", "happy", "sad", "sleepy")
    made = [
        json.dumps({"playlist_id": f"p{i}", "name": f"{moods[i % 4]} songs", "song_ids": ids[i % 4 :: 4]})
        for i in range(80)
    ]
    (tmp_path / "playlists.jsonl").write_text("\n".join(made), "utf-8")
    with Catalogue(shutil.copy(demo_catalogue, tmp_path / "refrain.db")) as catalogue:
        catalogue.load(tmp_path / "playlists.jsonl")
        task = labelled(replace(steps, catalogue=catalogue))
    assert task.moods == moods
    assert "as theirs" in task.source
    place = {song: i for i, song in enumerate(ids)}
    for row, told in zip(task.rows.tolist(), task.labels.tolist(), strict=True):
        quarter = place[index.songs.song_ids[row]] % 4
        assert told == [1 if i == quarter else -1 for i in range(4)]


def test_a_catalogue_that_says_no_moods_trains_nothing(tmp_path: Path, tiny_config: IndexConfig) -> None:
    songs = [f"Somebody,Song {i},a line of words {i},0.{i},0.5" for i in range(1, 9)]
    (tmp_path / "songs.csv").write_text("\n".join(("artist,title,lyrics,valence,energy", *songs)) + "\n", "utf-8")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(tmp_path / "songs.csv")
    found = reproduce(
        "spotify-mood", catalogue=str(tmp_path / "refrain.db"), work=tmp_path, command="test", quick=True,
        config=tiny_config,
    )  # fmt: skip
    assert not found.comparisons
    assert "nothing was trained" in found.differs[0]


def test_songs_are_split_by_their_ids_and_moods_have_both_labels(steps: Steps) -> None:
    task = labelled(steps)
    ids = steps.dataset.index.songs.song_ids
    assert task.test.tolist() == [place_of(ids[row]) < 0.2 for row in task.rows]
    assert not (task.test & task.validation).any()
    learned = task.labels[~task.test]
    assert ((learned > 0).any(axis=0) & (learned < 0).any(axis=0)).all()


def made_up() -> MoodPairs:
    labels = np.array([[1, -1], [1, 1], [-1, 0], [1, 1]], np.int8)
    test = np.array([True, True, True, False])
    return MoodPairs(np.arange(4), ("sad", "chill"), labels, np.ones((4, 2), bool), test, ~test)


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
