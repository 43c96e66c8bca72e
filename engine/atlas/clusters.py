"""Clusters: songs that lie together, by K-means on their UMAP places, how many there are, and what each is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.atlas.names import Moods, moods_of, portraits
from engine.atlas.neighbours import LEAST_SONGS, NEIGHBOURS, known_songs, nearest
from engine.atlas.umap import Graph, graph_of, reduce
from engine.index import OpenIndex
from indexer.errors import RequestError
from indexer.progress import Track, quiet

Rows = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]
FloatMatrix = npt.NDArray[np.float32]

DIMENSIONS = 10  # as in the song paper (Kelly et al. 2021): K-means loses its way in many dimensions
# umap-learn takes 200 beyond 10,000 songs; on shared/data half as many give clusters as good (122 clusters: silhouette
# 0.44 and 0.44, genre 0.80 and 0.81, playlist 22.7 and 21.8, see `known_songs`) in 108 s rather than 168.
EPOCHS, MANY = 100, 10_000

# The numbers of clusters that are tried, a third more each time, and then those between the neighbours of the best.
GRID = (2, 3, 4, 5, 7, 9, 12, 16, 22, 30, 40, 54, 73, 98, 133, 179, 242)
FINER = 6
SONGS_PER_CLUSTER = 10  # on average at least
SAMPLE = 10_000  # songs from which the curves are computed
SILHOUETTE_SAMPLE = 5_000  # of these: a silhouette compares every song with every other
STARTS = 4  # of K-means, the best counts; two runs then differ by 0.01 of silhouette
TOLERANCE = 0.02  # of silhouette: what is nearer is alike, twice what two runs differ by


@dataclass(frozen=True, slots=True)
class Curves:
    """What each number of clusters gives.

    clusters     int64 (tried,), rising
    distortion   float64 (tried,): mean squared distance of a song from the centre of its cluster, lower is better
    silhouette   float64 (tried,): -1..1, higher is better: how much nearer a song's own cluster is than the next
    """

    clusters: npt.NDArray[np.int64]
    distortion: npt.NDArray[np.float64]
    silhouette: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Songs that lie together; every list begins with what sets the cluster apart most.

    name       no other cluster has it
    rows       int64, rising
    words      of its lyrics and titles
    genres     what its songs and artists are called
    moods      those more likely than usual
    features   its sound: "acoustic", "slow"
    """

    name: str
    rows: Rows
    words: tuple[str, ...]
    genres: tuple[str, ...]
    moods: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of an index, the largest first.

    labels   int32 (rows of the index,): which cluster, -1 for a row in none: dead, unknown or not drawn
    """

    labels: Labels
    clusters: tuple[Cluster, ...]
    curves: Curves


def find_clusters(
    index: OpenIndex,
    weights: Mapping[str, float],
    *,
    clusters: int | None = None,
    seed: int = 0,
    track: Track = quiet,
) -> Clusters:
    """The clusters of all songs about which anything is known.

    weights    signal -> weight, as the engine has them for one seed
    clusters   how many; None chooses by distortion and silhouette
    """
    rows, vectors = known_songs(index, weights)
    check(len(rows), clusters)
    graph = graph_of(vectors, nearest(vectors, NEIGHBOURS - 1, track=track), seed=seed)
    return clusters_of(index, rows, graph, clusters=clusters, moods=moods_of(index), seed=seed, track=track)


def check(songs: int, clusters: int | None) -> None:
    """Raise where there are too few songs to find clusters among, or too few for so many clusters."""
    if songs < LEAST_SONGS:
        raise RequestError(
            f"{songs} songs are known, expected at least {LEAST_SONGS} for clusters; take more songs",
            field="sample", found=f"{songs} songs of which something is known", expected=f"at least {LEAST_SONGS}",
        )  # fmt: skip
    if clusters is not None and not 2 <= clusters <= songs // 2:
        expected = f"2..{songs // 2} for {songs} songs"
        raise RequestError(
            f"the number of clusters is {clusters}, expected {expected}",
            field="clusters", found=str(clusters), expected=expected,
        )  # fmt: skip


def clusters_of(
    index: OpenIndex,
    rows: Rows,
    graph: Graph,
    *,
    clusters: int | None,
    moods: Moods | None,
    seed: int,
    track: Track,
) -> Clusters:
    """The clusters of the songs in `rows`, whose graph of neighbours is known."""
    for _ in track(range(1), f"{DIMENSIONS} dimensions"):
        places = reduce(graph, DIMENSIONS, min_dist=0.0, epochs=EPOCHS if len(rows) > MANY else None, seed=seed)
    curves = trace(places, None if clusters is None else [clusters], seed=seed, track=track)
    of_songs = partition(places, choose(curves), seed=seed)
    labels = np.full(len(index.songs), -1, np.int32)
    labels[rows] = of_songs
    named = portraits(index, rows, of_songs, moods)
    return Clusters(
        labels,
        tuple(
            Cluster(p.name, np.flatnonzero(labels == c), p.words, p.genres, p.moods, p.features)
            for c, p in enumerate(named)
        ),
        curves,
    )


def trace(places: FloatMatrix, numbers: Iterable[int] | None = None, *, seed: int = 0, track: Track = quiet) -> Curves:
    """Distortion and silhouette for several numbers of clusters, on a sample.

    numbers   None tries GRID, then every few between the neighbours of the one that `choose` takes
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    sample = _sample(places, SAMPLE, seed)
    most = max(2, len(sample) // SONGS_PER_CLUSTER)
    tried: dict[int, tuple[float, float]] = {}

    def measure(each: Iterable[int], label: str) -> Curves:
        for k in track([k for k in each if k not in tried], label):
            # One thread: sums that several threads add up differ in the last digit from run to run.
            with threadpool_limits(1):
                fitted = KMeans(k, n_init=STARTS, random_state=seed).fit(sample)
                size = min(len(sample), SILHOUETTE_SAMPLE)
                silhouette = silhouette_score(sample, fitted.labels_, sample_size=size, random_state=seed)
            tried[k] = float(fitted.inertia_) / len(sample), float(silhouette)
        rising = sorted(tried)
        distortion, silhouette = np.array([tried[k] for k in rising]).T
        return Curves(np.array(rising), distortion, silhouette)

    if numbers is not None:
        return measure(numbers, "clusters")
    coarse = measure([k for k in GRID if k <= most], "clusters")
    at = int(np.searchsorted(coarse.clusters, choose(coarse)))
    low, high = coarse.clusters[max(0, at - 1)], coarse.clusters[min(len(coarse.clusters) - 1, at + 1)]
    return measure(np.unique(np.linspace(low, high, FINER + 2).round().astype(int)).tolist(), "clusters, finer")


def choose(curves: Curves) -> int:
    """The fewest clusters, from the knee of the distortion on, whose silhouette is within TOLERANCE of the best there.

    Silhouette alone takes two where everything falls into two halves; distortion alone, which always falls, has a
    knee (the point farthest below its chord, over the logarithm of the number) that is rarely sharp.

    >>> tried = np.array([2, 4, 8, 16, 32])
    >>> choose(Curves(tried, np.array([9.0, 5.0, 0.5, 0.4, 0.3]), np.array([0.8, 0.6, 0.75, 0.76, 0.6])))
    8
    """
    knee = 0
    if len(curves.clusters) > 2 and curves.distortion[0] > curves.distortion[-1]:
        along = np.log(curves.clusters / curves.clusters[0]) / np.log(curves.clusters[-1] / curves.clusters[0])
        fallen = (curves.distortion - curves.distortion[-1]) / (curves.distortion[0] - curves.distortion[-1])
        knee = int(np.argmax(1.0 - along - fallen))
    good = curves.silhouette[knee:] >= curves.silhouette[knee:].max() - TOLERANCE
    return int(curves.clusters[knee + int(np.argmax(good))])


def partition(places: FloatMatrix, clusters: int, *, seed: int = 0) -> Labels:
    """The cluster of each song, 0 the largest; ties by the first song. Centres start where the sample's best lie."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        start = KMeans(clusters, n_init=STARTS, random_state=seed).fit(_sample(places, SAMPLE, seed)).cluster_centers_
        unordered = KMeans(clusters, init=start, n_init=1).fit(places).labels_
    _, first, labels, sizes = np.unique(unordered, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int32)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[labels]


def _sample(places: FloatMatrix, most: int, seed: int) -> FloatMatrix:
    if len(places) <= most:
        return places
    return places[np.sort(np.random.default_rng(seed).choice(len(places), most, replace=False))]
