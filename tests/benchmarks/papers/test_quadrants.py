"""quadrants on the bundled catalogue: the report, the readers, the search, and a model that serves what it learnt."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import Dataset
from benchmarks.papers.lyrics_classifier import LyricsClassifier
from benchmarks.papers.quadrants import MAJORITY, PRODUCT, TUNED, VECTORS, WITH_SOUND, WORDS, scores
from benchmarks.papers.quadrants.readers import JOBS, NAMES, QUICK_TRIALS
from benchmarks.papers.quadrants.songs import TEST, VALIDATION, labelled
from benchmarks.papers.record import Record
from benchmarks.papers.steps import Steps
from indexer.catalogue import Catalogue
from indexer.progress import quiet
from indexer.records import AUDIO_NAMES
from indexer.songs.splits import place_of

pytestmark = pytest.mark.papers


@pytest.fixture(scope="module")
def record(reproduced: Callable[[str], Record]) -> Record:
    return reproduced("quadrants")


def test_the_report_stands_beside_the_papers(record: Record) -> None:
    report = {line.system: line for line in record.comparisons[0].lines}
    assert [*report] == [*NAMES, "macro average", "weighted average"]
    published = [[*report[name].published.values()] for name in NAMES]
    assert published == [[0.46, 0.61, 0.53, 548], [0.51, 0.07, 0.12, 332], [0.38, 0.73, 0.50, 504], [1, 0, 0.01, 352]]
    assert [*report["macro average"].published.values()] == [0.59, 0.35, 0.29]
    assert [*report["weighted average"].published.values()] == [0.56, 0.42, 0.34]
    songs = [report[name].ours["songs"] for name in NAMES]
    assert sum(songs) == record.data["songs_test"]
    recalls = [report[name].ours["recall"] for name in NAMES]
    accuracy = record.comparisons[1].lines[1].ours["accuracy"]
    assert np.dot(recalls, songs) / sum(songs) == pytest.approx(accuracy), "accuracy is the recalls' weighted mean"
    assert report["weighted average"].ours["recall"] == pytest.approx(accuracy)


def test_each_reader_is_measured_with_and_without_preprocessing(record: Record) -> None:
    lines = {line.system: line for line in record.comparisons[1].lines}
    both = {reader + how for reader in (TUNED, WORDS, VECTORS) for how in ("", ", as sung")}
    assert set(lines) == {MAJORITY, PRODUCT, WITH_SOUND, *both}
    assert lines[WITH_SOUND].ours["accuracy"] > lines[MAJORITY].ours["accuracy"], (
        "here the sound itself gives the labels"
    )
    assert lines[TUNED].published == {"accuracy": 0.42, "macro F1": 0.29}
    assert not any(line.published for name, line in lines.items() if name != TUNED)
    for line in lines.values():
        assert 0 <= line.ours["macro F1"] <= 1
        assert 0 <= line.ours["accuracy"] <= 1
    majority = max(line.ours["songs"] for line in record.comparisons[0].lines if line.system in NAMES)
    assert lines[MAJORITY].ours["accuracy"] <= majority / record.data["songs_test"]


def test_the_search_begins_with_the_papers_jobs(record: Record) -> None:
    lines = record.comparisons[2].lines
    assert len(lines) == QUICK_TRIALS
    assert [line.published["validation loss"] for line in lines] == [job[-1] for job in JOBS[:QUICK_TRIALS]]
    assert all(0 < line.ours["validation loss"] < 5 for line in lines)
    assert [job[-1] for job in JOBS] == [1.271, 1.303, 1.355, 1.267]


def test_a_search_that_was_cut_goes_on_as_it_would_have(
    record: Record, reproduced: Callable[[str], Record], work: Path
) -> None:
    (kept,) = work.glob("reproductions/quadrants/*/trial-2.json")
    kept.unlink()
    again = reproduced("quadrants")
    for ours, first in zip(again.comparisons[2].lines, record.comparisons[2].lines, strict=True):
        assert ours.system == first.system
        assert ours.ours == pytest.approx(first.ours)


def steps_of(warm_dataset: Dataset, catalogue: Catalogue, folder: Path) -> Steps:
    return Steps(warm_dataset, catalogue, folder, quick=True, track=quiet)


def test_the_saved_model_answers_a_service_as_it_did_here(
    record: Record, work: Path, warm_dataset: Dataset, demo_catalogue: Path, tmp_path: Path
) -> None:
    (folder,) = work.glob("reproductions/quadrants/*/fine-tuned")
    served = LyricsClassifier.load(folder)
    with Catalogue(demo_catalogue) as catalogue:
        songs = labelled(steps_of(warm_dataset, catalogue, tmp_path))
    test = np.flatnonzero(songs.test).tolist()
    predicted = np.array([NAMES.index(served.predict(songs.raw[i]) or "") for i in test])
    found = scores(songs.classes[songs.test], predicted)
    assert found == pytest.approx(record.comparisons[1].lines[1].ours)
    assert served.predict("la la la") is None, "too short once it is preprocessed"


def test_parts_are_those_of_the_hash_and_quadrants_those_of_the_signs(
    warm_dataset: Dataset, demo_catalogue: Path, tmp_path: Path
) -> None:
    with Catalogue(demo_catalogue) as catalogue:
        songs = labelled(steps_of(warm_dataset, catalogue, tmp_path))
    facets = warm_dataset.index.songs
    assert len(set(songs.rows.tolist())) == len(songs.rows) == len(songs.raw) == len(songs.prepared)
    valence, energy = (facets.audio[songs.rows, AUDIO_NAMES.index(name)] for name in ("valence", "energy"))
    for i, row in enumerate(songs.rows.tolist()):
        assert songs.raw[i] == facets.lyrics[row]
        place = place_of(facets.song_ids[row])
        assert (songs.test[i], songs.validation[i]) == (place < TEST, TEST <= place < VALIDATION)
        expected = {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}
        assert songs.classes[i] == expected[bool(valence[i] >= 0.5), bool(energy[i] >= 0.5)]


def test_labels_of_listeners_are_taken_where_there_are_enough(
    warm_dataset: Dataset, tmp_path: Path, demo_catalogue: Path
) -> None:
    """A table of the Deezer kind gives every song with lyrics a quadrant that its place in the table decides."""
    facets = warm_dataset.index.songs
    rows = np.flatnonzero(facets.alive & facets.has_lyrics).tolist()
    with (tmp_path / "deezer.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["dzr_sng_id", "valence", "arousal", "artist_name", "track_name", "song_id"])
        for n, row in enumerate(rows):
            affect = 0.5 if n % 2 else -0.5, 0.25 if n % 3 else -0.25
            table.writerow([n + 1, *affect, facets.artists[row], facets.titles[row], facets.song_ids[row]])
    copied = tmp_path / "refrain.db"
    shutil.copy(demo_catalogue, copied)
    with Catalogue(copied) as catalogue:
        catalogue.load(tmp_path / "deezer.csv")
        songs = labelled(steps_of(warm_dataset, catalogue, tmp_path))
    number = {row: n for n, row in enumerate(rows)}
    assert "Deezer" in songs.source
    for row, quadrant in zip(songs.rows.tolist(), songs.classes.tolist(), strict=True):
        pleasant, excited = number[row] % 2 == 1, number[row] % 3 != 0
        assert quadrant == {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}[pleasant, excited]


def test_a_class_that_nobody_predicts_has_f1_zero() -> None:
    found = scores(np.array([0, 0, 1, 2, 3, 3]), np.array([0, 0, 0, 0, 0, 0]))
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["macro F1"] == pytest.approx((2 * (1 / 3) / (1 / 3 + 1)) / 4)
    assert found["standard error"] == pytest.approx(np.sqrt(1 / 3 * 2 / 3 / 6))
