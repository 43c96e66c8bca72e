"""The map of a catalogue: every song a point, near what it belongs to, as one page that needs nothing but a browser."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.atlas.clusters import Clusters, check, clusters_of
from engine.atlas.names import deviations, moods_of
from engine.atlas.neighbours import NEIGHBOURS, known_songs, nearest
from engine.atlas.umap import graph_of, reduce
from engine.index import OpenIndex
from indexer.errors import RequestError
from indexer.progress import Track, quiet
from indexer.store.files import write_whole

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]

SHOWN_NEIGHBOURS = 8
SHOWN_MOODS = 3
MIN_DIST = 0.1  # umap-learn's default: points of one cluster can still be told apart
EXTENT = 65_535  # a place is two unsigned 16-bit numbers, finer than any screen
OUTSIDE = 0.5  # percent of the places at either end that the first view may leave out: some artists lie far off
COLOURS = 8  # as many as page.css has
NO_CODE = 2**16 - 1  # no mood
PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class SongMap:
    """Songs in the plane.

    rows         int64 (n,): the songs drawn, rising
    places       float32 (n, 2)
    neighbours   int64 (n, up to SHOWN_NEIGHBOURS): positions in `rows`, nearest first
    clusters     of the songs drawn
    moods        the moods' names, () where none are known
    mood_codes   int64 (n, SHOWN_MOODS): what stands out in each song, positions in `moods`, -1 for none
    left_out     living songs about which nothing is known
    """

    rows: Rows
    places: FloatMatrix
    neighbours: Rows
    clusters: Clusters
    moods: tuple[str, ...]
    mood_codes: Rows
    left_out: int


def draw_map(
    index: OpenIndex,
    weights: Mapping[str, float],
    *,
    clusters: int | None = None,
    sample: int | None = None,
    track: Track = quiet,
) -> SongMap:
    """Lay the songs of an index out in the plane, and find their clusters.

    weights    signal -> weight, as the engine has them for one seed
    clusters   how many; None chooses by distortion and silhouette
    sample     draw so many songs, taken by chance; None draws all

    The same index, weights and numbers always give the same map.
    """
    rows, vectors = known_songs(index, weights)
    left_out = len(index) - len(rows)
    if sample is not None and sample < len(rows):
        chosen = np.sort(np.random.default_rng(0).choice(len(rows), max(sample, 0), replace=False))
        rows, vectors = rows[chosen], vectors[chosen]
    check(len(rows), clusters)
    moods = moods_of(index)
    neighbours = nearest(vectors, NEIGHBOURS - 1, track=track)
    graph = graph_of(vectors, neighbours)
    grouped = clusters_of(index, rows, graph, clusters=clusters, moods=moods, seed=0, track=track)
    for _ in track(range(1), "2 dimensions"):
        places = reduce(graph, 2, min_dist=MIN_DIST)
    names = tuple(moods[0]) if moods else ()
    codes = _moods_of(moods[1][rows]) if moods else np.full((len(rows), SHOWN_MOODS), -1, np.int64)
    return SongMap(rows, places, neighbours.positions[:, :SHOWN_NEIGHBOURS], grouped, names, codes, left_out)


def write_map(
    out: Path,
    index: OpenIndex,
    weights: Mapping[str, float],
    *,
    clusters: int | None = None,
    sample: int | None = None,
    track: Track = quiet,
) -> SongMap:
    """Draw the map and write its page, whole or not at all."""
    if out.is_dir() or not out.parent.is_dir():  # now, not after minutes of work
        raise RequestError(f"{out} cannot be written; expected a file name in a folder that exists")
    drawn = draw_map(index, weights, clusters=clusters, sample=sample, track=track)
    write_whole(out, page(index, drawn))
    return drawn


def _moods_of(probabilities: FloatMatrix) -> Rows:
    """The moods that a song has more than one deviation beyond the mean, the farthest first."""
    far = deviations(probabilities)
    far = np.where(far > 1.0, far, -np.inf)
    best = np.argsort(-far, axis=1, kind="stable")[:, :SHOWN_MOODS]
    codes = np.where(np.isfinite(np.take_along_axis(far, best, 1)), best, -1)
    return np.pad(codes, ((0, 0), (0, SHOWN_MOODS - codes.shape[1])), constant_values=-1)


def page(index: OpenIndex, drawn: SongMap) -> str:
    """The map as HTML: data, style and program in one text; it refers to nothing outside itself."""
    html = _part("page.html")
    for name in ("page.css", "points.js", "page.js", "controls.js"):
        html = html.replace(f"/*{name}*/", _part(name), 1)
    # Without "<" no text can end the element that holds it, nor begin another.
    data = json.dumps(_contents(index, drawn), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    # The data last: a title may hold what stands for another part.
    return html.replace("/*DATA*/", data, 1)


def _part(name: str) -> str:
    return (PAGE / name).read_text("utf-8")


def _contents(index: OpenIndex, drawn: SongMap) -> dict[str, Any]:
    songs, rows = index.songs, drawn.rows.tolist()
    places = _scaled(drawn.places)
    artist_names = [songs.artists[row] for row in rows]
    artists = sorted(set(artist_names))
    code = {artist: i for i, artist in enumerate(artists)}
    return {
        "titles": [songs.titles[row] for row in rows],
        "artists": artists,
        "artist": _packed([code[artist] for artist in artist_names], "<u4"),
        "x": _packed(places[:, 0], "<u2"),
        "y": _packed(places[:, 1], "<u2"),
        "box": _box(places, OUTSIDE),
        "cluster": _packed(drawn.clusters.labels[drawn.rows], "<u2"),
        "neighbours": _packed(drawn.neighbours, "<u4"),
        "moods": list(drawn.moods),
        "mood": _packed(np.where(drawn.mood_codes < 0, NO_CODE, drawn.mood_codes), "<u2"),
        "clusters": _clusters(drawn, places),
        "colours": COLOURS,
        "left_out": drawn.left_out,
    }


def _scaled(places: FloatMatrix) -> Rows:
    """Places as whole numbers 0..EXTENT, both axes by the same factor."""
    low = places.min(axis=0)
    span = max(float((places.max(axis=0) - low).max()), 1e-12)
    scaled: Rows = np.rint((places - low).astype(np.float64) * (EXTENT / span)).astype(np.int64)
    return scaled


def _packed(numbers: npt.ArrayLike, kind: str) -> str:
    return b64encode(np.asarray(numbers).astype(kind).tobytes()).decode("ascii")


def _box(places: Rows, outside: float) -> list[int]:
    """Left, top, right and bottom around the places, without the `outside` percent at either end."""
    low, high = np.percentile(places, [outside, 100.0 - outside], axis=0).round().astype(int).tolist()
    return [*low, *high]


def _clusters(drawn: SongMap, places: Rows) -> list[dict[str, Any]]:
    labels = drawn.clusters.labels[drawn.rows]
    own = [places[labels == c] for c in range(len(drawn.clusters.clusters))]
    # A label stands on the song nearest to the middle: a cluster in two pieces has nothing in its middle.
    middles = [p[np.argmin(((p - np.median(p, axis=0)) ** 2).sum(axis=1))] for p in own]
    colours = _colours(np.array(middles), COLOURS)
    return [
        {
            "name": cluster.name, "size": len(cluster.rows), "words": cluster.words, "genres": cluster.genres,
            "moods": cluster.moods, "features": cluster.features, "colour": colour, "box": _box(p, 5.0),
            "x": int(middle[0]), "y": int(middle[1]),
        }
        for cluster, p, middle, colour in zip(drawn.clusters.clusters, own, middles, colours, strict=True)
    ]  # fmt: skip


def _colours(middles: Rows, colours: int) -> list[int]:
    """A colour for each cluster, such that two of one colour lie far apart: each takes the one farthest from its like.

    >>> _colours(np.array([[0, 0], [9, 0], [1, 0], [8, 0]]), 2)
    [0, 1, 1, 0]
    """
    taken: list[int] = []
    for at, middle in enumerate(middles):
        apart = np.hypot(*(middles[:at] - middle).T)
        room = [min(apart[[c == colour for c in taken]], default=np.inf) for colour in range(colours)]
        taken.append(int(np.argmax(room)))
    return taken
