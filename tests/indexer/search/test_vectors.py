"""The FAISS index against numpy: exact search, recall, filters, weights in the query, files."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.search.vectors import faiss_store as vectors
from indexer.search.vectors.faiss_store import Parts, VectorIndex, add_vectors, build_vectors

PARTS = Parts(("lyrics", "audio"), (48, 12))


def unit(matrix: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0).astype(np.float32)


def clustered(seed: int, songs: int, *, missing: float = 0.0) -> np.ndarray:
    """Two parts of length 1, each in its own clusters; a share of the songs lacks one of them."""
    rng = np.random.default_rng(seed)
    parts = []
    for dim in PARTS.dims:
        centres = rng.standard_normal((40, dim))
        part = unit(centres[rng.integers(0, len(centres), songs)] + 0.7 * rng.standard_normal((songs, dim)))
        part[rng.random(songs) < missing] = 0
        parts.append(part)
    return np.ascontiguousarray(np.concatenate(parts, 1))


def opened(folder: Path, matrix: np.ndarray, layout: vectors.Layout = "auto") -> VectorIndex:
    build_vectors(matrix, folder / "index.faiss", layout=layout)
    return VectorIndex(folder / "index.faiss")


def brute_force(
    matrix: np.ndarray, query: np.ndarray, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """All allowed rows, best first, ties by row; scores rounded so that equal vectors tie in any order of adding up."""
    scores = np.round(matrix.astype(np.float64) @ query, 5)
    rows = np.arange(len(matrix)) if allowed is None else np.flatnonzero(allowed)
    order = rows[np.lexsort((rows, -scores[rows]))]
    return order, scores[order]


def assert_best(
    found: tuple[np.ndarray, np.ndarray],
    matrix: np.ndarray,
    query: np.ndarray,
    k: int,
    allowed: np.ndarray | None = None,
) -> None:
    rows, scores = found
    wanted_rows, wanted_scores = brute_force(matrix, query, allowed)
    assert rows.dtype == np.int64
    assert scores.dtype == np.float32
    assert len(rows) == len(scores) == min(k, len(wanted_rows))
    assert len(set(rows.tolist())) == len(rows)
    np.testing.assert_allclose(scores, wanted_scores[:k], atol=2e-5)
    np.testing.assert_allclose((matrix @ query)[rows], scores, atol=2e-5)
    assert list(zip(-scores, rows, strict=True)) == sorted(zip(-scores, rows, strict=True)), "ties go by row"
    assert allowed is None or allowed[rows].all()


@pytest.fixture(scope="module")
def matrix() -> np.ndarray:
    return clustered(0, 20_000, missing=0.3)


@pytest.fixture(scope="module", params=["ivf", "pq"])
def approximate(
    request: pytest.FixtureRequest, matrix: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> VectorIndex:
    return opened(tmp_path_factory.mktemp(request.param), matrix, request.param)


# ---- weights in the query ------------------------------------------------------------------------


def test_a_query_is_the_weighted_sum_of_cosines(tmp_path: Path) -> None:
    songs = clustered(1, 300)
    rng = np.random.default_rng(2)
    lyrics, audio = unit(rng.standard_normal((1, 48)))[0], unit(rng.standard_normal((1, 12)))[0]
    query = PARTS.query({"lyrics": 0.7, "audio": 2.0}, {"lyrics": lyrics, "audio": audio})
    rows, scores = opened(tmp_path, songs).search(query, 300)
    wanted = 0.7 * songs[:, PARTS.slice("lyrics")] @ lyrics + 2.0 * songs[:, PARTS.slice("audio")] @ audio
    np.testing.assert_allclose(scores, wanted[rows], atol=1e-5)
    assert query.dtype == np.float32


def test_parts_are_checked() -> None:
    vector = np.ones(48, np.float32)
    assert PARTS.query({"lyrics": 1.0}, {}).tolist() == [0.0] * 60, "no vector, no say"
    assert PARTS.query({}, {"lyrics": vector}).tolist() == [0.0] * 60, "no weight, no say"
    for weights, given_vectors in (({"taste": 1.0}, {}), ({}, {"taste": vector})):
        with pytest.raises(ValueError, match="unknown part 'taste', expected one of lyrics, audio"):
            PARTS.query(weights, given_vectors)
    with pytest.raises(ValueError, match=r"expected \(12,\)"):
        PARTS.query({"audio": 1.0}, {"audio": vector})
    for names, dims in (((), ()), (("a", "a"), (1, 2)), (("a",), (0,)), (("a",), (1, 2))):
        with pytest.raises(ValueError):
            Parts(names, dims)


# ---- exact ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 10, 150, 5000])
def test_flat_is_brute_force(tmp_path: Path, k: int) -> None:
    songs = clustered(3, 2_000, missing=0.3)
    index = opened(tmp_path, songs)
    assert (len(index), index.dim) == songs.shape
    for query in clustered(4, 5):
        assert_best(index.search(query, k), songs, query, k)
    rows, scores = index.search_batch(clustered(4, 30), k)
    assert rows.shape == scores.shape == (30, min(k, 2_000))
    for i, query in enumerate(clustered(4, 30)):
        assert_best((rows[i], scores[i]), songs, query, k)


@pytest.mark.parametrize("layout", ["flat", "ivf", "pq"])
def test_a_smaller_k_only_cuts_the_list_even_among_ties(tmp_path: Path, layout: vectors.Layout) -> None:
    songs = np.repeat(clustered(5, 30), 40, axis=0)  # every song 40 times
    index = opened(tmp_path, songs, layout)
    query = clustered(6, 1)[0]
    whole, scores = index.search(query, 400)
    for k in (1, 7, 40, 41, 99):
        assert index.search(query, k)[0].tolist() == whole[:k].tolist()
    assert list(zip(-scores, whole, strict=True)) == sorted(zip(-scores, whole, strict=True))


def test_exact_below_decides_the_layout(tmp_path: Path) -> None:
    songs = clustered(7, 3_000)
    build_vectors(songs, tmp_path / "flat", exact_below=3_001)
    build_vectors(songs, tmp_path / "ivf", exact_below=3_000)
    flat, ivf = (tmp_path / "flat").stat().st_size, (tmp_path / "ivf").stat().st_size
    assert flat > 3_000 * 60 * 4
    assert ivf < flat / 2
    assert_best(VectorIndex(tmp_path / "flat").search(songs[0], 9), songs, songs[0], 9)


def test_an_empty_catalogue_finds_nothing(tmp_path: Path) -> None:
    index = opened(tmp_path, np.zeros((0, 60), np.float32))
    assert len(index) == 0
    assert index.search(np.ones(60, np.float32), 5)[0].tolist() == []


# ---- approximate ---------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.3), (0.3, 1.0)])
def test_recall_at_100_is_at_least_097(
    approximate: VectorIndex, matrix: np.ndarray, weights: tuple[float, float]
) -> None:
    rng = np.random.default_rng(8)
    whole = matrix[np.abs(matrix[:, :48]).sum(1) * np.abs(matrix[:, 48:]).sum(1) > 0]
    queries = rng.permutation(whole)[:50] * np.repeat(weights, PARTS.dims).astype(np.float32)
    rows, _ = approximate.search_batch(queries, 100)
    best = np.argsort(-queries @ matrix.T, axis=1)[:, :100]
    recall = np.mean([len(set(ours) & set(theirs)) / 100 for ours, theirs in zip(rows, best, strict=True)])
    assert recall >= 0.97


def test_the_same_matrix_gives_the_same_file(tmp_path: Path) -> None:
    songs = clustered(9, 3_000)
    for name in ("a", "b"):
        build_vectors(songs, tmp_path / name, layout="ivf")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


# ---- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("k", [1, 100, 5000])
def test_enough_comes_back_whatever_a_filter_keeps(
    approximate: VectorIndex, matrix: np.ndarray, share: float, k: int
) -> None:
    allowed = np.random.default_rng(10).permutation(len(matrix)) < share * len(matrix)
    rows, scores = approximate.search_batch(matrix[:8], k, allowed=allowed)
    assert rows.shape == (8, min(k, round(share * len(matrix))))
    assert (rows >= 0).all(), "faiss's -1 for nothing must not leak"
    assert allowed[rows].all()
    assert (np.diff(scores, axis=1) <= 0).all()
    assert all(len(set(found)) == len(found) for found in rows.tolist())


def test_a_filter_far_from_the_query_still_fills_the_list(approximate: VectorIndex, matrix: np.ndarray) -> None:
    """The songs allowed are those the query likes least: the lists it reads first hold none of them."""
    query = matrix[np.flatnonzero(np.abs(matrix[:, :48]).sum(1))[0]]
    allowed = np.zeros(len(matrix), bool)
    allowed[np.argsort(matrix @ query)[:5_000]] = True
    rows, scores = approximate.search(query, 300, allowed=allowed)
    assert len(rows) == 300
    best = np.sort((matrix @ query)[allowed])[::-1]
    assert scores.mean() == pytest.approx(best[:300].mean(), abs=0.02)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), songs=st.integers(1, 200), k=st.integers(1, 250), share=st.floats(0, 1))
def test_any_filter_is_brute_force_on_flat(
    tmp_path_factory: pytest.TempPathFactory, seed: int, songs: int, k: int, share: float
) -> None:
    matrix = clustered(seed, songs, missing=0.3)
    index = opened(tmp_path_factory.mktemp("filter"), matrix)
    allowed = np.random.default_rng(seed).random(songs) < share
    query = clustered(seed + 1, 1)[0]
    assert_best(index.search(query, k, allowed=allowed), matrix, query, k, allowed)


def test_threads_share_an_index_with_different_filters(approximate: VectorIndex, matrix: np.ndarray) -> None:
    """Lists to read and filters are parameters of a search: nothing of one shows in another."""
    masks = [np.arange(len(matrix)) % 7 == i for i in range(7)]
    alone = [approximate.search(matrix[5], 700 * i + 1, allowed=mask)[0].tolist() for i, mask in enumerate(masks)]
    together: list[list[int]] = [[] for _ in masks]

    def ask(i: int) -> None:
        for _ in range(5):
            together[i] = approximate.search(matrix[5], 700 * i + 1, allowed=masks[i])[0].tolist()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(masks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_wrong_queries_are_said(tmp_path: Path) -> None:
    index = opened(tmp_path, clustered(11, 50))
    good = np.ones(60, np.float32)
    for query, k, allowed, message in (
        (good[:5], 5, None, "expected"),
        (good * np.nan, 5, None, "NaN"),
        (good, 0, None, "k is 0"),
        (good, 5, np.ones(49, bool), r"expected \(50,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            index.search(query, k, allowed=allowed)
    for bad in (np.ones((3, 60)), np.ones(60, np.float32), np.full((3, 60), np.nan, np.float32)):
        with pytest.raises(ValueError, match="the matrix"):
            build_vectors(bad, tmp_path / "bad")


# ---- files ---------------------------------------------------------------------------------------


def test_adding_equals_building_on_flat(tmp_path: Path) -> None:
    songs = clustered(12, 900)
    build_vectors(songs[:700], tmp_path / "old")
    before = (tmp_path / "old").read_bytes()
    reader = VectorIndex(tmp_path / "old")
    add_vectors(tmp_path / "old", tmp_path / "new", songs[700:])
    build_vectors(songs, tmp_path / "whole")
    assert (tmp_path / "new").read_bytes() == (tmp_path / "whole").read_bytes()
    assert (tmp_path / "old").read_bytes() == before
    assert len(reader) == 700


@pytest.mark.parametrize("layout", ["ivf", "pq"])
def test_songs_added_without_training_are_found(tmp_path: Path, layout: vectors.Layout) -> None:
    songs = clustered(13, 8_000)
    build_vectors(songs[:7_800], tmp_path / "old", layout=layout)
    add_vectors(tmp_path / "old", tmp_path / "new", songs[7_800:])
    index = VectorIndex(tmp_path / "new")
    assert len(index) == 8_000
    rows, _ = index.search_batch(songs[7_800:], 1)
    assert (rows[:, 0] == np.arange(7_800, 8_000)).mean() > 0.98
    with pytest.raises(ValueError, match="60"):
        add_vectors(tmp_path / "old", tmp_path / "narrow", songs[:, :5])


@pytest.mark.parametrize("layout", ["flat", "ivf", "pq"])
def test_a_file_cut_anywhere_or_of_another_kind_is_refused(tmp_path: Path, layout: vectors.Layout) -> None:
    path = tmp_path / "index.faiss"
    with pytest.raises(IndexMissingError, match="no vector index"):
        VectorIndex(path)
    build_vectors(clustered(14, 1_000), path, layout=layout)
    content = path.read_bytes()
    for wrong in (
        b"",
        b"<html>",
        *(content[:cut] for cut in (3, 100, len(content) // 2, len(content) - 1)),
        content + b"x",
    ):
        path.write_bytes(wrong)
        with pytest.raises(IndexFormatError, match="rebuild with"):
            VectorIndex(path)
    path.write_bytes(b"nonsense" + content[8:])
    with pytest.raises(IndexFormatError, match="damaged"):
        VectorIndex(path)


def test_a_read_only_file_opens_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    songs = clustered(15, 500)
    build_vectors(songs, path, layout="ivf")
    path.chmod(0o444)
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert VectorIndex(path).search(songs[3], 1)[0].tolist() == [3]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_faiss_is_loaded_only_when_needed() -> None:
    code = "import sys, indexer.search.vectors.faiss_store; sys.exit('faiss' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=os.getcwd()).returncode == 0


@pytest.mark.gpu
@pytest.mark.parametrize("layout", ["flat", "ivf"])
def test_the_gpu_gives_the_same_answers(tmp_path: Path, matrix: np.ndarray, layout: vectors.Layout) -> None:
    """Run with `-m gpu`; 64 queries at once go to the GPU, one at a time to the CPU."""
    import faiss

    if not faiss.get_num_gpus():
        pytest.skip("faiss sees no GPU")
    index = opened(tmp_path, matrix, layout)
    rows, scores = index.search_batch(matrix[:64], 100)
    for i in range(64):
        ours, theirs = index.search(matrix[i], 100), (rows[i], scores[i])
        np.testing.assert_allclose(ours[1], theirs[1], atol=1e-4)
        assert len(set(ours[0]) & set(theirs[0])) >= 98
