"""The moods task: scores by construction, folds by artist, and the labels of others where they are at hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import Dataset, Place, prepare
from benchmarks.tasks import moods
from benchmarks.tasks.moods import (
    DEEZER,
    HAPPY,
    QUADRANTS,
    Labelled,
    classified,
    macro_f1,
    majority,
    only,
    refrain,
)
from benchmarks.tasks.registry import TASKS
from benchmarks.tasks.running import Job
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.progress import quiet


def test_macro_f1_is_the_mean_over_classes() -> None:
    assert macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])) == pytest.approx((2 / 3 + 0) / 2)


def test_evidence_of_silent_songs_says_what_it_is_told() -> None:
    happy = np.array([1, -1, 0], np.int8)
    evidence = only(np.arange(3), happy=happy)
    assert evidence.moods == ()
    assert evidence.happy is happy
    assert np.isnan(evidence.affect).all()
    assert (evidence.named == -1).all()


def songs(dataset: Dataset, count: int = 200) -> tuple[Labelled, np.ndarray]:
    """Songs whose class is the sign of their vector's first column."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, dataset.index.sentence.shape[1])).astype(np.float32)
    vectors[:, 0] *= 5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = (vectors[:, 0] > 0).astype(np.int64)
    return Labelled([str(i) for i in range(count)], ["la"] * count, wanted, np.arange(count) // 2), vectors


def test_what_vectors_tell_is_found_on_unseen_artists(warm_dataset: Dataset) -> None:
    labelled, vectors = songs(warm_dataset)
    found = classified(refrain, warm_dataset, labelled, vectors)
    assert np.mean(found.scores["accuracy"]) > 0.9
    assert found.facts["macro F1"] > 0.9
    assert found.digest == labelled.digest != replace(labelled, wanted=1 - labelled.wanted).digest
    plain = classified(majority, warm_dataset, labelled, vectors)
    assert np.mean(plain.scores["accuracy"]) < 0.65


def test_labels_are_known_by_their_content_and_a_missing_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFRAIN_DATA", str(tmp_path))
    (tmp_path / "moods").mkdir()
    for name in moods.FILES:
        with pytest.raises(ValueError, match=f"holds no {name}; set REFRAIN_DATA"):
            TASKS["moods"].reads()
        (tmp_path / "moods" / name).write_text(name)
    before = TASKS["moods"].reads()
    (tmp_path / "moods" / moods.FILES[-1]).write_text("other labels")
    assert TASKS["moods"].reads() != before


@pytest.fixture(scope="module")
def labelled_songs(real_data: Path, tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> Place:
    """An index of 600 songs with lyrics and sound whose valence and arousal others have labelled."""
    import pyarrow.parquet as parquet

    folder = tmp_path_factory.mktemp("labelled")
    named = {*parquet.read_table(real_data / "moods" / "deezer_valence_arousal.parquet")["song_id"].to_pylist()}
    columns = ["song_id", "title", "artist", "lyrics", "valence", "energy", "danceability", "acousticness", "loudness"]
    table = parquet.read_table(real_data / "catalogue" / "songs.parquet", columns=columns).to_pylist()
    songs = [song for song in table if song["song_id"] in named and song["lyrics"] and song["energy"] is not None]
    with (folder / "songs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(song) + "\n" for song in songs[:600])
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(folder / "songs.jsonl")
    return prepare(str(folder / "refrain.db"), folder, tiny_config, cold=False)


@pytest.mark.realdata
def test_every_system_is_asked_for_the_same_labels_of_others(
    real_data: Path, labelled_songs: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFRAIN_DATA", str(real_data))
    job = Job("moods", labelled_songs, None, 120, "test")
    runs = {run.system: run.settings for run in moods.measure(job, ("refrain", "tfidf", "minilm"), quiet)}
    assert runs.keys() == {"refrain", "tfidf", "minilm"}
    for name in (f"{HAPPY}, lyrics", f"{QUADRANTS}, lyrics", f"{DEEZER}, sound", f"{DEEZER}, lyrics and sound"):
        asked = [run[name] for run in runs.values() if name in run]
        assert len(asked) == (2 if name.startswith(DEEZER) else 3)
        assert len({setting.digest for setting in asked}) == 1
        assert all(10 < setting.queries <= 120 for setting in asked)
    sound = runs["refrain"][f"{DEEZER}, sound"].scores
    assert np.mean(sound["R2 valence"]) > 0.03, "loud and glad songs are told by their sound, even of 600"


@pytest.mark.realdata
def test_where_no_labelled_song_is_in_the_catalogue_only_lyrics_are_asked(
    real_data: Path, warm: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFRAIN_DATA", str(real_data))
    (run,) = moods.measure(Job("moods", warm, None, 40, "test"), ("majority",), quiet)
    assert run.settings.keys() == {f"{HAPPY}, lyrics", f"{QUADRANTS}, lyrics"}
    assert run.settings[f"{HAPPY}, lyrics"].queries == 40
