"""Searches of words, of vectors and whole answers: what each peer returns against what is known to be right."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import Dataset
from benchmarks.systems.scoring import PeerUnavailableError
from benchmarks.systems.search import answers, stores, vectors, words
from benchmarks.systems.search.words import documents
from benchmarks.tasks import answers as answers_task
from benchmarks.tasks import known_item
from engine.index import OpenIndex
from engine.query.filters import Filters
from indexer.text.tokens import tokenise

GRAPHS = [name for name, made in vectors.SYSTEMS.items() if made().widths != (0,)]
STORES = ["qdrant-edge", "lancedb"]


@pytest.fixture(scope="module")
def index(warm_dataset: Dataset) -> OpenIndex:
    return warm_dataset.index


@pytest.mark.parametrize("name", words.SYSTEMS)
def test_words_bring_their_songs(name: str, index: OpenIndex, tmp_path: Path) -> None:
    system = words.SYSTEMS[name]()
    system.build(index, tmp_path)
    assert system.name == name
    asked = known_item.questions(index.songs, limit=40)["exact"]
    first = sum(system.search(question.text, 10)[0] == question.relevant[0] for question in asked)
    assert first > 0.6 * len(asked)
    for question in asked[:10]:
        found = system.search(question.text, 50)
        assert len(set(found.tolist())) == len(found)
        assert system.search(question.text, 5).tolist() == found[:5].tolist(), "k must only cut the list"
    assert len(system.search("qqzzxv", 5)) == len(system.search("", 5)) == 0


@pytest.mark.parametrize("name", [name for name in words.SYSTEMS if not name.startswith("refrain")])
def test_every_song_with_one_of_the_words_is_found_and_no_other(name: str, index: OpenIndex, tmp_path: Path) -> None:
    system = words.SYSTEMS[name]()
    system.build(index, tmp_path)
    rows = np.flatnonzero(index.songs.alive)
    for text in ("rain on the river", "midnight"):
        asked = set(tokenise(text))
        holding = {row for row, held in zip(rows.tolist(), documents(index, rows), strict=True) if asked & {*held}}
        assert set(system.search(text, len(rows)).tolist()) == holding


@pytest.fixture(scope="module")
def matrix() -> vectors.Matrix:
    """Three parts, each of length 1 or missing, around a few centres."""
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((12, 24))
    made = centres[rng.integers(0, 12, 600)] + 0.5 * rng.standard_normal((600, 24))
    made[rng.random(600) < 0.2, :8] = 0
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def vector_search(name: str, matrix: vectors.Matrix, folder: Path) -> vectors.VectorSearch:
    try:
        system = vectors.SYSTEMS[name]()
        system.build(matrix, folder)
    except PeerUnavailableError as error:
        pytest.skip(str(error))
    return system


def check_vectors(system: vectors.VectorSearch, matrix: vectors.Matrix) -> None:
    allowed = np.random.default_rng(4).random(len(matrix)) < 0.3
    few = np.zeros(len(matrix), bool)
    few[[5, 40]] = True
    conditions = [system.condition(allowed), system.condition(few)]
    for query in matrix[::60]:
        scores = matrix @ query
        best = np.argsort(-scores, kind="stable")
        assert system.search(query, 10, max(system.widths)).tolist() == best[:10].tolist()
        if system.filtered:
            within = best[allowed[best]][:10].tolist()
            assert system.search(query, 10, max(system.widths), conditions[0]).tolist() == within
            assert set(system.search(query, 10, max(system.widths), conditions[1]).tolist()) <= {5, 40}


@pytest.mark.parametrize("name", ["refrain", "numpy", "faiss-hnsw"])
def test_vectors_at_the_widest_are_those_of_brute_force(name: str, matrix: vectors.Matrix, tmp_path: Path) -> None:
    check_vectors(vector_search(name, matrix, tmp_path), matrix)


@pytest.mark.peers
@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "faiss-hnsw"])
def test_graphs_at_the_widest_find_what_brute_force_finds(name: str, matrix: vectors.Matrix, tmp_path: Path) -> None:
    check_vectors(vector_search(name, matrix, tmp_path), matrix)


def test_a_peer_that_is_not_installed_says_so(
    matrix: vectors.Matrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    with pytest.raises(PeerUnavailableError, match="pip install hnswlib, or leave the peer out"):
        vectors.SYSTEMS["hnswlib"]().build(matrix, tmp_path)


def test_every_question_has_a_song_that_meets_its_filters(index: OpenIndex) -> None:
    asked = answers_task.questions_of(index, 20)
    lines = asked.pop(answers_task.SENTENCES)
    assert [len(each) for each in (lines, *asked.values())] == [20] * 6
    for kind, each in asked.items():
        for question, filters in each:
            mask = Filters.of(filters.conditions()).mask(index.songs)
            assert mask[question.relevant].all()
            assert (filters == answers.Filters()) == (kind == answers_task.UNFILTERED)
            assert not any(question.text in index.songs.lyrics[row].split("\n") for row in question.relevant.tolist())


def check_answers(name: str, index: OpenIndex, folder: Path) -> None:
    try:
        system = stores.SYSTEMS[name]()
        system.build(index, folder)
    except PeerUnavailableError as error:
        pytest.skip(str(error))
    asked = answers_task.questions_of(index, 12)
    asked.pop(answers_task.SENTENCES)
    for each in asked.values():
        right = 0
        for question, filters in each:
            found = system.answer(question.text, system.encode(question.text), filters)
            rows = [song.row for song in found]
            mask = Filters.of(filters.conditions()).mask(index.songs)
            assert mask[rows].all(), "a song that does not meet the filters"
            assert len({*rows}) == len(rows) <= answers.SONGS
            assert [(song.title, song.artist) for song in found] == [
                (index.songs.titles[row], index.songs.artists[row]) for row in rows
            ]
            assert all(a.score >= b.score for a, b in pairwise(found))
            right += int(question.relevant[0]) in rows
        assert right > (0.8 if name == "refrain" else 0.3) * len(each)  # half of what is fused is the tiny encoder's


@pytest.mark.parametrize("name", ["refrain", "glued-bm25s", "glued-rank-bm25"])
def test_answers_meet_the_filters_and_hold_the_song(name: str, index: OpenIndex, tmp_path: Path) -> None:
    check_answers(name, index, tmp_path)


@pytest.mark.peers
@pytest.mark.parametrize("name", STORES)
def test_stores_meet_the_filters_and_hold_the_song(name: str, index: OpenIndex, tmp_path: Path) -> None:
    check_answers(name, index, tmp_path)
