"""The FAISS index against numpy: exact search, recall, filters, weights in the query, files."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.search.vectors import faiss_build
from indexer.search.vectors import faiss_store as vectors
from indexer.search.vectors.base import Mask, Parts, Rows, Scores, StackedParts, Vectors, VectorSearch, VectorStore
from indexer.search.vectors.faiss_build import add_vectors, build_vectors
from indexer.search.vectors.faiss_store import FaissStore, VectorIndex

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
) -> Iterator[VectorIndex]:
    """An index that reads a half of its lists, as those of more than EVERY_LIST_UP_TO songs do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "EVERY_LIST_UP_TO", 1_000)
        yield opened(tmp_path_factory.mktemp(request.param), matrix, request.param)


class ListsRead:
    """Counts the lists that each call of faiss reads."""

    def __init__(self, index: VectorIndex, monkeypatch: pytest.MonkeyPatch):
        self.numbers: list[int] = []
        ask = index._ask

        def counted(queries: np.ndarray, limit: int, lists: int, bitmap: np.ndarray | None) -> object:
            self.numbers.append(lists)
            return ask(queries, limit, lists, bitmap)

        monkeypatch.setattr(index, "_ask", counted)


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
    approximate: VectorIndex, matrix: np.ndarray, weights: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ListsRead(approximate, monkeypatch)
    rng = np.random.default_rng(8)
    whole = matrix[np.abs(matrix[:, :48]).sum(1) * np.abs(matrix[:, 48:]).sum(1) > 0]
    queries = rng.permutation(whole)[:50] * np.repeat(weights, PARTS.dims).astype(np.float32)
    rows, _ = approximate.search_batch(queries, 100)
    best = np.argsort(-queries @ matrix.T, axis=1)[:, :100]
    recall = np.mean([len(set(ours) & set(theirs)) / 100 for ours, theirs in zip(rows, best, strict=True)])
    assert recall >= 0.97
    every = approximate._ivf.nlist
    assert max(read.numbers) <= every / 2, "an exhaustive search proves nothing"


def test_a_share_of_the_lists_is_read_and_all_of_few_songs(
    approximate: VectorIndex, matrix: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, every = ListsRead(approximate, monkeypatch), approximate._ivf.nlist
    allowed = np.arange(len(matrix)) < vectors.EVERY_LIST_UP_TO
    approximate.search(matrix[0], 10)
    approximate.search(matrix[0], 10, allowed=allowed)
    approximate.search(matrix[0], 2_000)
    share, few, many = read.numbers[:3]
    assert every / 9 < share <= every / 2
    assert few == every
    assert share < many


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


def test_a_filter_far_from_the_query_still_fills_the_list(
    approximate: VectorIndex, matrix: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The songs allowed are those the query likes least: the lists it reads first hold none of them."""
    query = matrix[np.flatnonzero(np.abs(matrix[:, :48]).sum(1))[0]]
    allowed = np.zeros(len(matrix), bool)
    allowed[np.argsort(matrix @ query)[:2_000]] = True
    read = ListsRead(approximate, monkeypatch)
    for constant, value in (("FLOOR_K", 100), ("READ_SONGS", 100), ("SONGS_PER_HIT", 1)):  # one list in eight
        monkeypatch.setattr(vectors, constant, value)
    rows, scores = approximate.search(query, 100, allowed=allowed)
    assert len(rows) == 100
    assert read.numbers[0] < read.numbers[-1] == approximate._ivf.nlist, "what the first lists lack, all of them give"
    best = np.sort((matrix @ query)[allowed])[::-1]
    assert scores.mean() == pytest.approx(best[:100].mean(), abs=0.02)


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


# ---- stores --------------------------------------------------------------------------------------


class BruteForceStore:
    """A `VectorStore` in numpy: reads every vector for every query."""

    def build(self, matrix: Vectors, path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, matrix[:])

    def add(self, old_path: Path, new_path: Path, matrix: Vectors) -> None:
        with new_path.open("wb") as file:
            np.save(file, np.concatenate([np.load(old_path), matrix[:]]))

    def open(self, path: Path) -> VectorSearch:
        if not path.exists():
            raise IndexMissingError(f"there is no vector index at {path}; build one with `refrain build`")
        return BruteForceSearch(np.load(path))


class BruteForceSearch:
    def __init__(self, matrix: np.ndarray):
        self.matrix = matrix

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def dim(self) -> int:
        return int(self.matrix.shape[1])

    def search(self, query: npt.ArrayLike, k: int, *, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        vector = np.asarray(query, np.float32)
        if vector.shape != (self.dim,) or k < 1 or not np.isfinite(vector).all():
            raise ValueError(f"the query has shape {vector.shape}, k is {k}, expected ({self.dim},) and 1 or more")
        if allowed is not None and allowed.shape != (len(self),):
            raise ValueError(f"allowed has shape {allowed.shape}, expected ({len(self)},)")
        rows, scores = brute_force(self.matrix, vector, allowed)
        return rows[:k].astype(np.int64), scores[:k].astype(np.float32)

    def search_batch(self, queries: npt.ArrayLike, k: int, *, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        rows, scores = zip(*(self.search(query, k, allowed=allowed) for query in np.asarray(queries)), strict=True)
        return np.stack(rows), np.stack(scores)


STORES: list[VectorStore] = [BruteForceStore(), *(FaissStore(layout=layout) for layout in ("flat", "ivf", "pq"))]


@pytest.mark.parametrize("store", STORES, ids=["numpy", "flat", "ivf", "pq"])
def test_every_store_keeps_the_contract(tmp_path: Path, store: VectorStore) -> None:
    songs, queries = clustered(20, 3_000, missing=0.2), clustered(21, 4)
    with pytest.raises(IndexMissingError):
        store.open(tmp_path / "none")
    store.build(songs[:2_900], tmp_path / "old")
    before = (tmp_path / "old").read_bytes()
    store.add(tmp_path / "old", tmp_path / "new", songs[2_900:])
    assert (tmp_path / "old").read_bytes() == before
    old, search = store.open(tmp_path / "old"), store.open(tmp_path / "new")
    assert (len(old), len(search), search.dim) == (2_900, 3_000, 60)
    allowed = np.arange(len(songs)) % 3 > 0
    for mask in (None, allowed, np.zeros(len(songs), bool), np.arange(len(songs)) == 7):
        every = len(songs) if mask is None else int(mask.sum())
        rows, scores = search.search_batch(queries, 50, allowed=mask)
        assert rows.shape == scores.shape == (4, min(50, every))
        assert (rows.dtype, scores.dtype) == (np.int64, np.float32)
        assert mask is None or mask[rows].all()
        assert all(len(set(row)) == len(row) for row in rows.tolist())
        assert (np.diff(scores, axis=1) <= 0).all()
        for i, query in enumerate(queries):
            wanted = brute_force(songs, query, mask)[0][: rows.shape[1]]
            assert len(set(wanted) & set(rows[i])) >= 0.9 * len(wanted)
            alone = search.search(query, 50, allowed=mask)
            assert alone[0].tolist() == rows[i].tolist()
            assert search.search(query, 9, allowed=mask)[0].tolist() == rows[i][:9].tolist(), "k must only cut the list"
    for query, k, mask in (
        (queries[0][:5], 5, None),
        (queries[0] * np.nan, 5, None),
        (queries[0], 0, None),
        (queries[0], 5, allowed[1:]),
    ):
        with pytest.raises(ValueError, match=r"expected|NaN"):
            search.search(query, k, allowed=mask)


@pytest.mark.parametrize("layout", ["flat", "ivf"])
def test_an_index_in_memory_is_the_one_on_disk(tmp_path: Path, layout: vectors.Layout) -> None:
    songs = clustered(22, 3_000)
    ours, theirs = VectorIndex.of(songs, layout=layout), opened(tmp_path, songs, layout)
    for a, b in zip(ours.search_batch(songs[:5], 20), theirs.search_batch(songs[:5], 20), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("layout", ["flat", "ivf", "pq"])
def test_parts_in_arrays_of_their_own_give_the_same_file(
    tmp_path: Path, layout: vectors.Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = clustered(23, 2_000)
    monkeypatch.setattr(faiss_build, "BLOCK", 700)
    stacked = StackedParts({name: songs[:, PARTS.slice(name)] for name in PARTS.names})
    assert stacked.parts == PARTS
    build_vectors(songs, tmp_path / "whole", layout=layout)
    build_vectors(stacked, tmp_path / "parts", layout=layout)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "parts").read_bytes()


def test_parts_of_different_songs_are_refused() -> None:
    for arrays in ({"a": np.zeros((3, 1)), "b": np.zeros((2, 1))}, {"a": np.zeros(3)}, {}):
        with pytest.raises(ValueError, match="parts have the shapes"):
            StackedParts(arrays)


# ---- indexes that somebody prepared, and disks that are full ----------------------------------------


@pytest.mark.parametrize("layout", ["flat", "ivf"])
def test_vectors_that_are_no_numbers_end_the_search(
    tmp_path: Path, layout: vectors.Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = clustered(24, 300)
    monkeypatch.setattr(faiss_build, "_finite", np.ascontiguousarray)
    build_vectors(np.full_like(songs, np.nan) if layout == "flat" else songs, tmp_path / "index", layout=layout)
    index = VectorIndex(tmp_path / "index")
    if layout == "ivf":  # quantised numbers cannot be NaN, but the range that they are decoded with can
        values = faiss.vector_to_array(faiss.downcast_index(index._ivf).sq.trained) * np.float32(np.nan)
        faiss.copy_array_to_vector(values, faiss.downcast_index(index._ivf).sq.trained)
    with pytest.raises(IndexFormatError, match="is damaged"):
        index.search(songs[0], 5)


def test_rows_out_of_range_are_refused(tmp_path: Path) -> None:
    songs = clustered(25, 300)
    build_vectors(songs, tmp_path / "index", layout="ivf")
    index = faiss.read_index(str(tmp_path / "index"))
    index.reset()
    faiss.extract_index_ivf(index).add_with_ids(np.pad(songs, ((0, 0), (0, 4))), np.arange(300) * 2)
    index.ntotal = 300
    faiss_build._write(index, tmp_path / "index")
    for allowed in (None, np.arange(300) % 2 == 1):
        with pytest.raises(IndexFormatError, match="is damaged"):
            VectorIndex(tmp_path / "index").search(songs[0], 300, allowed=allowed)


def test_an_index_that_holds_fewer_than_it_says_ends_the_search(tmp_path: Path) -> None:
    songs = clustered(26, 300)
    build_vectors(songs, tmp_path / "index", layout="ivf")
    index = faiss.read_index(str(tmp_path / "index"))
    faiss.extract_index_ivf(index).invlists.reset()
    faiss_build._write(index, tmp_path / "index")
    with pytest.raises(IndexFormatError, match="of 300 vectors it finds only"):
        VectorIndex(tmp_path / "index").search(songs[0], 5)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "index"
    match kind:
        case "link":
            build_vectors(clustered(27, 50), tmp_path / "other")
            path.symlink_to(tmp_path / "other")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    with pytest.raises(IndexFormatError, match="expected a file"):
        VectorIndex(path)


def test_a_layout_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    for other in (
        faiss.IndexFlatL2(60),
        faiss.IndexLSH(60, 16),
        faiss.IndexHNSWFlat(60, 8, faiss.METRIC_INNER_PRODUCT),
    ):
        faiss_build._write(other, tmp_path / "index")
        with pytest.raises(IndexFormatError, match="rebuild with"):
            VectorIndex(tmp_path / "index")


def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full."""
    code = """if True:
        import resource, sys
        from pathlib import Path
        import numpy as np
        from indexer.errors import RefrainError
        from indexer.search.vectors.faiss_build import build_vectors
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            build_vectors(np.ones((3000, 60), np.float32), Path(sys.argv[1]) / "index")
        except RefrainError as error:
            print(error)
    """
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=os.getcwd(), timeout=120
    )
    assert "could not be written" in ran.stdout, ran.stderr
    assert "make room" in ran.stdout


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
