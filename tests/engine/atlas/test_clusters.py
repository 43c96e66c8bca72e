"""Clusters: groups known by construction are found, counted and named, and found again alike."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.atlas.clusters import Clusters, choose, find_clusters, partition, trace
from engine.atlas.names import class_terms, deviations, portraits
from engine.atlas.neighbours import NEIGHBOURS, known_songs, nearest
from engine.atlas.umap import graph_of, reduce
from engine.engine import Engine
from engine.index import OpenIndex
from engine.score.weights import DEFAULT_WEIGHTS
from indexer.errors import RefrainError, RequestError
from tests.engine.scenes import EACH, SCENES

WEIGHTS = DEFAULT_WEIGHTS["one"]


@pytest.fixture(scope="module")
def scenes(scenes_index: Path) -> OpenIndex:
    return OpenIndex(scenes_index)


@pytest.fixture(scope="module")
def found(scenes: OpenIndex) -> Clusters:
    return find_clusters(scenes, WEIGHTS)


def blobs(count: int, each: int, dims: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Round heaps, 12 deviations apart at least, and the heap of each point."""
    rng = np.random.default_rng(seed)
    centres: list[np.ndarray] = []
    while len(centres) < count:
        centre = rng.uniform(-40, 40, dims)
        if all(np.linalg.norm(centre - other) > 12 for other in centres):
            centres.append(centre)
    heap = rng.permutation(np.repeat(np.arange(count), each))
    return (np.array(centres)[heap] + rng.standard_normal((len(heap), dims))).astype(np.float32), heap


def same_groups(a: np.ndarray, b: np.ndarray) -> bool:
    pairs = len(np.unique(np.stack([a, b]), axis=1).T)
    return pairs == len(np.unique(a)) == len(np.unique(b))


@pytest.mark.parametrize("count", [3, 8, 14, 24])
def test_heaps_are_counted_and_found(count: int) -> None:
    places, heap = blobs(count, 60, 10)
    curves = trace(places)
    assert choose(curves) == count
    assert same_groups(partition(places, count), heap)
    assert (np.diff(curves.clusters) > 0).all()
    best = int(np.flatnonzero(curves.clusters == count)[0])
    assert curves.silhouette[best] > 0.7
    # Each song's squared distance to its centre is near chi-square with 10 degrees of freedom.
    assert curves.distortion[best] == pytest.approx(10.0, rel=0.1)
    assert curves.distortion[0] > 5 * curves.distortion[best]


def test_two_far_halves_do_not_hide_what_is_in_them() -> None:
    places, _ = blobs(6, 80, 10)
    places[:, 0] += np.where(partition(places, 6) < 3, 0.0, 60.0)
    assert choose(trace(places)) == 6


def test_the_largest_cluster_comes_first() -> None:
    places = np.repeat(np.array([[0.0], [50.0], [90.0]], np.float32), [20, 60, 40], axis=0)
    places += np.random.default_rng(0).normal(0, 0.1, places.shape).astype(np.float32)
    assert np.bincount(partition(places, 3)).tolist() == [60, 40, 20]


def test_nearest_songs_are_those_of_brute_force_and_never_the_song_itself() -> None:
    vectors = np.random.default_rng(1).standard_normal((300, 8)).astype(np.float32)
    vectors[100:130] = vectors[100]  # a song that many sources have is near itself thirty times
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = nearest(vectors, 9)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    np.testing.assert_allclose(near.cosines, -np.sort(-cosines, axis=1)[:, :9], atol=1e-5)
    np.testing.assert_allclose(near.cosines, np.take_along_axis(cosines, near.positions, 1), atol=1e-5)
    assert not (near.positions == np.arange(300)[:, None]).any()
    assert all(len(set(row)) == 9 for row in near.positions.tolist())
    with pytest.raises(ValueError, match=r"expected 1\.\.299"):
        nearest(vectors, 300)


@pytest.mark.slow
def test_umap_keeps_groups_together_and_is_the_same_again() -> None:
    centres = np.linalg.qr(np.random.default_rng(2).standard_normal((12, 4)))[0].T
    group = np.repeat(np.arange(4), 40)
    vectors = centres[group] + np.random.default_rng(3).normal(0, 0.1, (160, 12))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    graph = graph_of(vectors, nearest(vectors, NEIGHBOURS - 1))
    kept = graph.weights.toarray()
    for dims in (2, 10):
        places = reduce(graph, dims, min_dist=0.0)
        assert places.shape == (160, dims)
        assert same_groups(partition(places, 4), group)
        np.testing.assert_array_equal(reduce(graph, dims, min_dist=0.0), places)
    np.testing.assert_array_equal(graph.weights.toarray(), kept)


def test_known_songs_are_alive_and_their_product_is_what_similar_searches_by(scenes: OpenIndex) -> None:
    rows, vectors = known_songs(scenes, WEIGHTS)
    unknown = scenes.songs.row_of("unheard")
    dead = np.flatnonzero(~scenes.songs.alive)
    assert len(dead) == 1
    assert rows.tolist() == sorted(set(range(len(scenes.songs))) - {unknown, *dead.tolist()})
    query = np.concatenate([WEIGHTS_OF_PARTS[n] * scenes.parts[n][rows[0]] for n in scenes.parts])
    # Every one of these songs has lyrics and audio, so all weigh alike.
    np.testing.assert_allclose(
        vectors @ vectors[0],
        np.concatenate([part[rows] for part in scenes.parts.values()], axis=1) @ query / sum(WEIGHTS_OF_PARTS.values()),
        atol=1e-3,
    )
    alike, _ = known_songs(scenes, {"taste": 1.0, "audio": -1.0})
    np.testing.assert_array_equal(alike, rows)


PARTS = ("lyrics", "audio")
WEIGHTS_OF_PARTS = {name: WEIGHTS[name] for name in PARTS}


def test_scenes_are_found_and_named_after_their_words_genre_and_sound(scenes: OpenIndex, found: Clusters) -> None:
    scene_of = np.array([scenes.songs.song_ids[row].split("-")[0] for row in range(len(scenes.songs))])
    assert len(found.clusters) == len(SCENES)
    for cluster in found.clusters:
        (scene,) = set(scene_of[cluster.rows])
        words, genre, _ = SCENES[scene]
        assert cluster.genres == (genre,)
        assert cluster.words
        assert set(cluster.words) <= set(words.split())
        assert genre in cluster.name
        assert cluster.words[0] in cluster.name
        expected = {"rain": {"dark", "acoustic", "calm"}, "neon": {"fast", "energetic", "danceable", "electric"},
                    "porch": {"bright", "loose"}}[scene]  # fmt: skip
        assert set(cluster.features) == expected
        assert cluster.moods == ()


def test_every_known_song_is_in_one_cluster_and_the_others_in_none(scenes: OpenIndex, found: Clusters) -> None:
    rows, _ = known_songs(scenes, WEIGHTS)
    assert np.flatnonzero(found.labels >= 0).tolist() == rows.tolist()
    for number, cluster in enumerate(found.clusters):
        np.testing.assert_array_equal(cluster.rows, np.flatnonzero(found.labels == number))
    assert [len(c.rows) for c in found.clusters] == [EACH, EACH, EACH - 1]
    assert found.curves.silhouette[found.curves.clusters == 3] > 0.8


def test_the_same_index_gives_the_same_clusters(scenes: OpenIndex, found: Clusters) -> None:
    again = find_clusters(scenes, WEIGHTS)
    np.testing.assert_array_equal(again.labels, found.labels)
    assert [c.name for c in again.clusters] == [c.name for c in found.clusters]
    np.testing.assert_array_equal(again.curves.silhouette, found.curves.silhouette)


def test_the_number_of_clusters_can_be_given(demo: Engine) -> None:
    grouped = demo.clusters(7)
    assert len(grouped.clusters) == 7
    assert grouped.curves.clusters.tolist() == [7]
    names = [c.name for c in grouped.clusters]
    assert all(names)
    assert len(set(names)) == 7
    assert {mood for cluster in grouped.clusters for mood in cluster.moods} <= {*demo.index.songs.moods.names}
    with pytest.raises(RequestError, match=r"is 1, expected 2\.\.127"):
        demo.clusters(clusters=1)


def test_moods_that_are_likelier_than_usual_name_a_cluster(scenes: OpenIndex, found: Clusters) -> None:
    rows, _ = known_songs(scenes, WEIGHTS)
    labels = found.labels[rows]
    probabilities = np.full((len(scenes.songs), 3), np.nan, np.float32)
    probabilities[rows] = 0.1
    probabilities[found.clusters[1].rows, 2] = 0.9
    probabilities[found.clusters[2].rows[2:], 1] = np.nan  # two known values say nothing
    probabilities[found.clusters[2].rows[:2], 1] = 0.9
    told = portraits(scenes, rows, labels, (("angry", "sleepy", "hopeful"), probabilities))
    assert [p.moods for p in told] == [(), ("hopeful",), ()]


def test_a_cluster_of_one_artist_is_named_after_the_artist(demo: Engine) -> None:
    artists = demo.index.songs.single("artist_key")
    most = int(np.bincount(artists).argmax())
    labels = np.where(artists == most, 1, 0).astype(np.int32)
    told = portraits(demo.index, np.arange(len(labels)), labels)
    assert told[1].name == demo.index.songs.artists[int(np.flatnonzero(labels)[0])]
    assert told[1].words == (), "one artist's habit names no cluster"


SONGS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.lists(st.sampled_from("abcdefgh"), max_size=5)),
    min_size=1, max_size=40,
)  # fmt: skip


@given(SONGS)
def test_terms_of_a_cluster_are_its_own_and_more_frequent_there(songs: list[tuple[int, int, list[str]]]) -> None:
    labels = np.array([label for label, _, _ in songs], np.int32)
    artists = np.array([artist for _, artist, _ in songs], np.int32)
    terms = [held for _, _, held in songs]
    found = class_terms(terms, labels, artists)
    assert len(found) == labels.max() + 1
    for cluster, told in enumerate(found):
        inside = [set(t) for t, label in zip(terms, labels, strict=True) if label == cluster and t]
        outside = [set(t) for t, label in zip(terms, labels, strict=True) if label != cluster and t]
        assert len(set(told)) == len(told)
        for term in told:
            holders = [i for i, t in enumerate(terms) if term in t and labels[i] == cluster]
            assert len(holders) >= 3
            assert len(set(artists[holders])) >= 3
            here, there = (sum(term in t for t in side) / max(len(side), 1) for side in (inside, outside))
            assert here >= 1.5 * there - 1e-12


def test_a_share_is_asked_of_all_songs_and_of_those_that_are_called_anything() -> None:
    labels, artists = np.repeat([0, 1], 100).astype(np.int32), np.arange(200, dtype=np.int32)

    def told(called: int, others: int) -> list[str]:
        terms = [["x"]] * called + [["y"]] * others + [[]] * (100 - called - others) + [["z"]] * 100
        return class_terms(terms, labels, artists, least_share=0.15)[0]

    assert told(5, 10) == ["y", "x"]
    assert told(4, 10) == ["y"], "4 of 100"
    assert told(10, 80) == ["y"], "10 of 90"


def test_deviations_leave_the_unknown_unknown() -> None:
    table = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan], [np.nan, 5.0, np.nan]])
    np.testing.assert_array_equal(
        deviations(table), [[-1.0, 0.0, np.nan], [1.0, 0.0, np.nan], [np.nan, 0.0, np.nan]]
    )  # fmt: skip


def test_too_few_songs_are_an_error(tmp_path: Path, scenes: OpenIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes.songs, "alive", np.arange(len(scenes.songs)) < 20)
    with pytest.raises(RequestError, match="songs are known, expected at least 30"):
        find_clusters(scenes, WEIGHTS)


def test_without_umap_the_error_says_what_to_install(scenes: OpenIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap.umap_", None)
    with pytest.raises(RefrainError, match=r"pip install 'refrain\[map\]'"):
        find_clusters(scenes, WEIGHTS)
