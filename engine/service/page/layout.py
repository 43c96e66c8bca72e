"""Layout: where each song lies on the map, drawn once for an index in a process of its own, and what stands in for it.

UMAP takes seconds for hundreds of songs and minutes for ten thousands, so a request never waits for it: the first one
that asks for the map starts `python -m engine.service.page.layout`, which writes a file beside the index, and meanwhile
the songs lie by the first two principal components of what the engine compares. These also are the map where
umap-learn is not installed.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import logging
import os
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from engine.atlas.map import EXTENT
from engine.atlas.neighbours import LEAST_SONGS, known_songs
from engine.atlas.umap import principal_places
from engine.engine import Engine
from engine.index import OpenIndex
from indexer.errors import RefrainError

NO_CLUSTER = 255
FORMAT = 1

log = logging.getLogger("refrain.service")


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Songs on the map.

    rows      int64 (n,): the songs drawn, rising; a song's position here is its place
    places    uint16 (n, 2), 0..65535
    cluster   uint8 (n,): 255 is none
    names     of the clusters
    method    "umap", or "components" for the first two principal components
    """

    rows: npt.NDArray[np.int64]
    places: npt.NDArray[np.uint16]
    cluster: npt.NDArray[np.uint8]
    names: tuple[str, ...]
    method: str

    def packed(self) -> bytes:
        """5 bytes for a song: all x, little-endian unsigned 16 bits, then all y, then all clusters."""
        columns = self.places.astype("<u2")
        return columns[:, 0].tobytes() + columns[:, 1].tobytes() + self.cluster.tobytes()

    def place_of(self, row: int) -> int | None:
        """The place of a row of the index; None where it is not drawn."""
        at = int(np.searchsorted(self.rows, row))
        return at if at < len(self.rows) and self.rows[at] == row else None

    def labels(self) -> list[dict[str, object]]:
        """Name, size and middle of each cluster, the largest first: the middle is where its median song lies."""
        made = []
        for code, name in enumerate(self.names):
            own = self.places[self.cluster == code].astype(np.int64)
            if len(own):
                middle = own[np.argmin(((own - np.median(own, axis=0)) ** 2).sum(axis=1))]
                made.append({"name": name, "songs": len(own), "x": int(middle[0]), "y": int(middle[1])})
        return made


class Layouts:
    """The layout of the index that is served; one for each state of it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._name, self._layout = "", _nothing()
        self._drawing: subprocess.Popen[bytes] | None = None

    def of(self, engine: Engine) -> tuple[Layout, bool]:
        """The layout, and whether a better one is being drawn. Starts drawing it where nobody has."""
        index, weights = engine.index, engine.weights["one"]
        file = file_of(index, weights)
        with self._lock:
            if self._name != file.name:
                self._name, self._layout = file.name, read_layout(file, index) or components(index, weights)
                if self._layout.method != "umap":
                    self._draw(index, file)
            elif self._layout.method != "umap" and (drawn := read_layout(file, index)) is not None:
                self._layout = drawn
            return self._layout, self._layout.method != "umap" and self._drawing is not None and (
                self._drawing.poll() is None
            )

    def _draw(self, index: OpenIndex, file: Path) -> None:
        if find_spec("umap") is None or len(self._layout.rows) < LEAST_SONGS:
            return
        if self._drawing is not None and self._drawing.poll() is None:
            self._drawing.terminate()  # of a generation that is served no more
        command = [sys.executable, "-m", "engine.service.page.layout", str(index.path), str(file)]
        try:
            self._drawing = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except OSError as error:
            log.warning("the map is not drawn: %s", error)
            return
        atexit.register(self._drawing.terminate)


def file_of(index: OpenIndex, weights: Mapping[str, float]) -> Path:
    """Where the layout of this state of the index lies: beside its folder, called after all that decides it."""
    decides = json.dumps([FORMAT, index.manifest["fingerprint"], index.generation.number, sorted(weights.items())])
    return index.path.with_name(f"{index.path.name}.map-{blake2b(decides.encode(), digest_size=8).hexdigest()}.npz")


def components(index: OpenIndex, weights: Mapping[str, float]) -> Layout:
    """The first two principal components of what the engine compares; no clusters."""
    rows, vectors = known_songs(index, weights)
    if not len(rows):
        return _nothing()
    places = scaled(principal_places(vectors, 2))
    return Layout(rows, places, np.full(len(rows), NO_CLUSTER, np.uint8), (), "components")


def scaled(places: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Places in the square of EXTENT, both axes by the same factor, in its middle.

    >>> scaled(np.array([[0, 0], [2, 1]], np.float32)).tolist()
    [[0, 16384], [65535, 49151]]
    """
    low, high = places.min(axis=0).astype(np.float64), places.max(axis=0).astype(np.float64)
    span = max(float((high - low).max()), 1e-12)
    margin = (span - (high - low)) / 2
    whole: npt.NDArray[np.uint16] = np.rint((places - low + margin) * (EXTENT / span)).astype(np.uint16)
    return whole


def drawn_layout(index: OpenIndex, weights: Mapping[str, float]) -> Layout:
    """UMAP's places and the clusters with their names. Takes minutes; needs `refrain[map]`."""
    from engine.atlas.map import draw_map

    drawn = draw_map(index, weights)
    labels = drawn.clusters.labels[drawn.rows]
    cluster = np.where((labels < 0) | (labels >= NO_CLUSTER), NO_CLUSTER, labels).astype(np.uint8)
    names = tuple(each.name for each in drawn.clusters.clusters[:NO_CLUSTER])
    return Layout(drawn.rows, scaled(drawn.places), cluster, names, "umap")


def write_layout(file: Path, layout: Layout) -> None:
    """Write it whole or not at all, and remove those of older states of the index."""
    staging = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
    try:
        with staging.open("xb") as out:
            np.savez(
                out, rows=layout.rows, places=layout.places, cluster=layout.cluster,
                names=np.frombuffer(json.dumps(layout.names).encode(), np.uint8),
            )  # fmt: skip
        os.replace(staging, file)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise
    for older in file.parent.glob(f"{file.name.partition('.map-')[0]}.map-*.npz"):
        if older != file:
            older.unlink(missing_ok=True)


def read_layout(file: Path, index: OpenIndex) -> Layout | None:
    """The layout in a file; None where there is none, or none that fits the index."""
    try:
        # Opened here: numpy leaves a file open that it cannot read.
        with file.open("rb") as content, np.load(content, allow_pickle=False) as read:
            rows, places, cluster = read["rows"], read["places"], read["cluster"]
            names = tuple(map(str, json.loads(read["names"].tobytes())))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    n = len(rows)
    fits = (
        rows.dtype == np.int64 and rows.ndim == 1 and places.shape == (n, 2) and places.dtype == np.uint16
        and cluster.shape == (n,) and cluster.dtype == np.uint8 and (np.diff(rows) > 0).all()
        and (not n or (rows[0] >= 0 and rows[-1] < len(index.songs)))
    )  # fmt: skip
    return Layout(rows, places, cluster, names, "umap") if fits else None


def _nothing() -> Layout:
    return Layout(np.zeros(0, np.int64), np.zeros((0, 2), np.uint16), np.zeros(0, np.uint8), (), "components")


def main(index: str, file: str) -> None:
    """Draw the map of an index into a file, unless another process is at it or the index is another by now."""
    with contextlib.suppress(OSError):
        os.nice(10)  # who asks for songs goes first
    target = Path(file)
    lock = os.open(target.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker's process: what it draws will do
        with Engine.open(index) as engine:
            weights = engine.weights["one"]
            if not target.exists() and file_of(engine.index, weights).name == target.name:
                write_layout(target, drawn_layout(engine.index, weights))
    finally:
        target.with_suffix(".lock").unlink(missing_ok=True)
        os.close(lock)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (RefrainError, OSError) as error:
        sys.exit(f"refrain: the map is not drawn: {error}")
