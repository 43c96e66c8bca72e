"""song-bert on the bundled catalogue, and its own arithmetic against answers known by construction."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data.dataset import Dataset
from benchmarks.papers.record import Comparison, Record
from benchmarks.papers.song_bert.four_moods import macro
from benchmarks.papers.song_bert.labelled import TEST, happy_sad
from benchmarks.papers.song_bert.models import PUBLISHED, scores
from benchmarks.papers.song_bert.optimisers import STEPS_A_POINT, smoothed
from benchmarks.papers.song_bert.topic_number import Near, c_v, log_per_word, u_mass
from benchmarks.papers.steps import Steps
from indexer.catalogue import Catalogue
from indexer.models.topics import fit_topics
from indexer.progress import quiet
from indexer.songs.splits import place_of

pytestmark = pytest.mark.papers

# (accuracy, precision, recall, minutes:seconds), typed from the paper's table 1 once more.
TABLE_1 = {
    "simple BERT": (72.7, 77.1, 81.5, "0:57"),
    "fine-tuned BERT": (73.9, 77.6, 83.2, "6:02"),
    "modified tBERT": (76.4, 79.2, 85.6, "8:56"),
}


def test_the_published_table() -> None:
    for name, (accuracy, precision, recall, time) in TABLE_1.items():
        minutes, seconds = map(int, time.split(":"))
        ours = [accuracy / 100, precision / 100, recall / 100, 60 * minutes + seconds]
        assert [*PUBLISHED[name].values()] == pytest.approx(ours)
        assert [*PUBLISHED[name]] == ["accuracy", "precision", "recall", "seconds"]


# Coherence


def test_words_sung_together_cohere_and_words_sung_apart_do_not() -> None:
    """Four words in two pairs: each pair always together, the pairs never."""
    sea, road = ["wave", "salt"], ["wheel", "dust"]
    documents = [sea, road] * 20
    near = Near.of(sea + road, documents)
    assert c_v([sea, road], near) == pytest.approx(1.0)
    assert c_v([["wave", "wheel"], ["salt", "dust"]], near) < 0.5
    assert u_mass([sea, road], documents) == pytest.approx(np.log(21 / 20))
    assert u_mass([["wave", "wheel"]], documents) == pytest.approx(np.log(1 / 20))


def test_windows_slide_over_long_documents() -> None:
    """a b c d in windows of two: ab, bc, cd."""
    near = Near.of(["a", "b", "d"], [["a", "b", "c", "d"]], window=2)
    share = {(x, y): near.shares[near.column[x], near.column[y]] for x in "abd" for y in "abd"}
    assert share["a", "a"] == pytest.approx(1 / 3)
    assert share["b", "b"] == pytest.approx(2 / 3)
    assert share["a", "b"] == share["b", "a"] == pytest.approx(1 / 3)
    assert share["a", "d"] == share["b", "d"] == 0


@given(
    st.lists(st.lists(st.sampled_from("abcde"), max_size=9), max_size=6),
    st.integers(1, 5),
)
def test_shares_are_those_of_windows_counted_one_by_one(documents: list[list[str]], window: int) -> None:
    near = Near.of("abc", documents, window)
    windows = [set(each[i : i + window]) for each in documents for i in range(max(1, len(each) - window + 1))]
    for first in "abc":
        for second in "abc":
            counted = sum({first, second} <= each for each in windows)
            assert near.shares[near.column[first], near.column[second]] == pytest.approx(counted / max(len(windows), 1))


# Perplexity


def test_the_bound_is_that_of_scikit_learn() -> None:
    """Its score also holds what the topics cost; the difference of two scores does not."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import LatentDirichletAllocation

    rng = np.random.default_rng(3)
    sea, road = ([f"{scene}{i}" for i in range(24)] for scene in ("sea", "road"))
    texts = [" ".join(rng.choice(sea if i % 2 else road, 12)) for i in range(60)]
    model = fit_topics(texts[:40], topics=2)
    assert model is not None
    oracle = LatentDirichletAllocation(2, max_doc_update_iter=1000, mean_change_tol=1e-7)
    oracle.components_ = model.components.astype(np.float64)
    oracle.exp_dirichlet_component_ = model._word_factors.T
    oracle.doc_topic_prior_ = oracle.topic_word_prior_ = 0.5
    oracle.n_features_in_ = len(model.vocabulary)
    column = {word: i for i, word in enumerate(model.vocabulary)}

    def bags(some: list[str]) -> csr_matrix:
        table = np.zeros((len(some), len(column)))
        for row, text in enumerate(some):
            for word in text.split():
                table[row, column[word]] += 1
        return csr_matrix(table)

    held = texts[40:]
    expected = (oracle.score(bags(texts)) - oracle.score(bags(texts[:40]))) / (12 * len(held))
    assert log_per_word(model, held) == pytest.approx(expected, abs=2e-3)
    shuffled = [" ".join(rng.choice(sea + road, 12)) for _ in range(20)]
    assert log_per_word(model, shuffled) < log_per_word(model, held) - 0.05, "mixed songs are a surprise"
    assert log_per_word(model, ["", "unheard"]) == 0


# Small arithmetic


def test_scores_of_a_class_that_nobody_predicts_are_zero() -> None:
    found = scores(np.array([0, 0, 1]), np.array([0, 0, 0]), 1)
    assert found == {"accuracy": pytest.approx(2 / 3), "precision": 0, "recall": 0}


def test_scores_and_macro_f1_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score

    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    found = macro(truth, predicted, ("a", "b", "c"))
    assert found["macro F1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert [found[name] for name in "abc"] == pytest.approx(f1_score(truth, predicted, average=None))
    ours = scores(truth, predicted, 2)
    assert ours["precision"] == pytest.approx(precision_score(truth, predicted, labels=[2], average=None)[0])
    assert ours["recall"] == pytest.approx(recall_score(truth, predicted, labels=[2], average=None)[0])


def test_a_curve_is_the_mean_of_its_steps() -> None:
    curve = smoothed(np.arange(4 * STEPS_A_POINT + 3.0))
    assert [step for step, _ in curve] == [STEPS_A_POINT * n for n in (1, 2, 3, 4)]
    assert [value for _, value in curve] == [STEPS_A_POINT * n + (STEPS_A_POINT - 1) / 2 for n in range(4)]


# Labels


@pytest.fixture
def steps(warm_dataset: Dataset, demo_catalogue: Path, tmp_path: Path) -> Iterator[Steps]:
    with Catalogue(demo_catalogue) as catalogue:
        yield Steps(warm_dataset, catalogue, tmp_path, False, quiet)


def test_where_tags_are_few_wider_classes_are_read(steps: Steps) -> None:
    songs = happy_sad(steps)
    assert songs.wider
    index = steps.dataset.index.songs
    tags: dict[str, set[str]] = {}
    for song, tag, _ in steps.catalogue.song_tags():
        tags.setdefault(song, set()).add(tag)
    for row, each in zip(songs.rows.tolist(), songs.classes.tolist(), strict=True):
        assert index.lyrics[row].strip()
        if each == 0:
            assert not tags[index.song_ids[row]] & {"sad", "grief", "melancholy"}
        else:
            assert not tags[index.song_ids[row]] & {"funny", "joyful", "cheerful"}
    places = np.array([place_of(index.song_ids[row]) for row in songs.rows.tolist()])
    assert (songs.test == (places < TEST)).all()
    assert not (songs.test & songs.validation).any()
    assert len(set(songs.rows.tolist())) == len(songs.rows)


def test_sources_that_disagree_leave_a_song_out(warm_dataset: Dataset, demo_catalogue: Path, tmp_path: Path) -> None:
    """160 songs: 60 by tags of three listeners each way, 20 by labels each way; of two songs both sources tell."""
    songs = warm_dataset.index.songs
    sung = [song for song, row in warm_dataset.row_of.items() if songs.has_lyrics[row]][:160]
    tags = [(song, "happiness" if i % 2 else "melancholy", 3) for i, song in enumerate(sung[:120])]
    tags.append((sung[150], "joyful", 2))  # of too few listeners: says nothing
    labels = dict.fromkeys([sung[0], sung[1], *sung[120:140]], "happy") | dict.fromkeys(sung[140:], "sad")
    (tmp_path / "tags.csv").write_text(
        "song_id,tag,count\n" + "".join(f"{song},{tag},{count}\n" for song, tag, count in tags), "utf-8"
    )
    (tmp_path / "moods.csv").write_text(
        "song_id,mood\n" + "".join(f"{song},{mood}\n" for song, mood in labels.items()), "utf-8"
    )
    with Catalogue(shutil.copy(demo_catalogue, tmp_path / "refrain.db")) as catalogue:
        catalogue.load(tmp_path / "tags.csv")
        catalogue.load(tmp_path / "moods.csv")
        found = happy_sad(Steps(warm_dataset, catalogue, tmp_path, False, quiet))
    assert not found.wider
    assert (found.agreed, found.disagreed) == (1, 1)
    called = {
        songs.song_ids[row]: found.names[each]
        for row, each in zip(found.rows.tolist(), found.classes.tolist(), strict=True)
    }
    assert sung[0] not in called, "tags say sad, the label happy"
    assert called.keys() == {*sung[1:]}
    assert called[sung[1]] == "happy"
    assert {called[song] for song in sung[140:]} == {"sad"}
    assert found.tagged.sum() == 119
    assert found.counts == {"happy": 80, "sad": 79}


# The whole


@pytest.fixture(scope="module")
def record(reproduced: Callable[[str], Record]) -> Record:
    return reproduced("song-bert")


def table(record: Record, begins: str) -> Comparison:
    (found,) = [each for each in record.comparisons if each.title.startswith(begins)]
    return found


@pytest.mark.slow
def test_the_models_stand_beside_the_papers(record: Record) -> None:
    lines = {line.system: line for line in table(record, "Table 1").lines}
    for name in TABLE_1:
        assert lines[name].published == PUBLISHED[name]
        assert {*lines[name].ours} == {*PUBLISHED[name]}
        assert all(0 <= lines[name].ours[metric] <= 1 for metric in ("accuracy", "precision", "recall"))
    assert lines["modified tBERT"].ours["seconds"] > lines["fine-tuned BERT"].ours["seconds"]
    majority = lines["majority class"].ours
    assert majority["recall"] == 1
    assert majority["accuracy"] == majority["precision"]
    differences = {line.system: line.ours for line in table(record, "Differences").lines}
    apart = lines["modified tBERT"].ours["accuracy"] - lines["simple BERT"].ours["accuracy"]
    assert differences["modified tBERT - simple BERT"]["difference"] == pytest.approx(apart)


@pytest.mark.slow
def test_topics_optimisers_clusters_retrieval_and_four_moods_are_there(record: Record) -> None:
    topics = {line.system: line for line in table(record, "LDA").lines}
    assert topics["7 topics"].published == {"log per word": -6.72, "c_v": 0.35}
    assert all(
        line.ours["log per word"] == pytest.approx(-np.log(line.ours["perplexity"]), abs=1e-3)
        for line in topics.values()
    )
    assert [line.system.split(" at ")[0] for line in table(record, "Figure 1").lines] == ["AdamW", "Adagrad", "SGD"]
    assert len(table(record, "K-means").lines) >= 3
    assert table(record, "Figure 4").lines[0].system == "BM25"
    assert {line.system for line in table(record, "Gains").lines} >= {"BM25 and lyrics", "BM25 and happy-sad tBERT"}
    assert any(line.system.startswith("Keras") for line in table(record, "Four moods").lines)


@pytest.mark.slow
def test_losses_fall_and_the_curves_are_kept(record: Record) -> None:
    for line in table(record, "Figure 1").lines:
        curve = record.curves[f"training loss by step, {line.system.split(' at ')[0]}"]
        assert curve[0][1] == line.ours["first loss"]
        assert curve[-1][1] == line.ours["training loss"]
        assert curve[-1][1] < curve[0][1]
    distortion = [value for _, value in record.curves["clusters, distortion"]]
    assert all(a > b for a, b in pairwise(distortion)), "more clusters, nearer centres"
