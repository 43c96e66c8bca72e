"""Datasets: a catalogue without the test playlists, and the ordinary index of what is left."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data.made import Builder, Made, generation_of
from benchmarks.systems.system import Fold, Rows
from engine.index import OpenIndex
from indexer.build.run import build_index
from indexer.catalogue import Catalogue, Snapshot
from indexer.catalogue.read import Queries
from indexer.config import IndexConfig
from indexer.errors import RefrainError
from indexer.progress import Track, quiet
from indexer.records import SavedPlaylist
from indexer.songs.splits import place_of
from indexer.store.files import link
from indexer.store.generations import open_generation
from indexer.store.locks import writer_lock

PROTOCOL = 1  # raised whenever the same catalogue would give other questions; runs of two protocols never meet
TEST_FROM = 0.8  # playlists from here on (place_of their ids) are the test split: 20 %, as in the reference figures
ENOUGH_PLAYLISTS = 100  # of the test split
COLD_SHARE = 0.15  # of the songs, as in the reference figures


def is_test(playlist_id: str) -> bool:
    """Whether a playlist is kept from everything that learns, tunes or builds."""
    return place_of(playlist_id) >= TEST_FROM


def is_cold(song_id: str) -> bool:
    """Whether the cold protocol takes a song out of every playlist that is learned from.

    >>> 0.1 < sum(is_cold(f"song {i}") for i in range(1000)) / 1000 < 0.2
    True
    """
    return place_of(f"cold|{song_id}") < COLD_SHARE


class _Hiding(Queries):
    """Reads that do not show the test playlists; with `cold`, nor the cold songs in any playlist."""

    cold: bool

    def playlists(self) -> Iterator[SavedPlaylist]:
        """The playlists that may be learned from, by rising playlist_id."""
        for playlist in super().playlists():
            if not is_test(playlist.playlist_id):
                shown = tuple(s for s in playlist.song_ids if not (self.cold and is_cold(s)))
                yield replace(playlist, song_ids=shown)

    def fingerprints(self) -> dict[str, str]:
        """As of the whole catalogue, but for the playlists: what is hidden of them is part of their fingerprint."""
        whole = super().fingerprints()
        hidden = f"{PROTOCOL}|{TEST_FROM}|{COLD_SHARE if self.cold else 0}|{whole['playlists']}"
        return whole | {"playlists": hashlib.sha256(hidden.encode()).hexdigest()}


class ReservedSnapshot(_Hiding, Snapshot):
    """A snapshot of a catalogue, without what is hidden."""


class Reserved(_Hiding, Catalogue):
    """A catalogue without its test playlists; `build_index` makes the ordinary index of it."""

    def __init__(self, place: str, *, cold: bool = False):
        super().__init__(place, create=False)
        self.cold = cold

    @contextmanager
    def snapshot(self) -> Iterator[ReservedSnapshot]:
        with self._connection() as connection:
            shown = ReservedSnapshot(connection)
            shown.cold = self.cold
            yield shown

    def test_playlists(self) -> Iterator[SavedPlaylist]:
        """The others, whole."""
        with super().snapshot() as whole:
            yield from (playlist for playlist in whole.playlists() if is_test(playlist.playlist_id))


def whole_fingerprint(catalogue: str) -> str:
    """The fingerprint of everything, test playlists included: runs of two of these are never compared."""
    with Catalogue(catalogue, create=False) as whole:
        return whole.fingerprint()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dataset lies; small enough to hand to another process.

    catalogue   file name or URL
    index       the index folder, built without what `cold` and the test split hide
    build_s     building it from nothing, wall clock; None where a build took anything over from an older index
    """

    catalogue: str
    index: Path
    cold: bool
    build_s: float | None = None


def prepare(
    catalogue: str,
    work: Path,
    config: IndexConfig,
    *,
    cold: bool,
    encoded: Path | None = None,
    track: Track = quiet,
) -> Place:
    """Build the warm or the cold index below `work`, by the code that is here; what is there and still right is kept.

    What other code of indexer/, or other versions of its libraries, made is made again, all but the encoder's vectors
    of lyrics and keywords: they are the dear part, and are taken over unless encoding itself has changed. A new index
    starts beside a linked copy of an older one: the cold index beside the warm one, the warm one beside `encoded`,
    any index of the same songs. Only those vectors are taken from it, too, where other code made it; an index whose
    maker is not on record is believed to have been encoded as this code does it.
    """
    if config.held_out > TEST_FROM:
        raise ValueError(f"held_out is {config.held_out:g}, the test split begins at {TEST_FROM:g}; nothing is left")
    index = work / ("cold.index" if cold else "warm.index")
    builder = Builder.here()
    if index.exists() and not _encoded_by(builder, index):
        with writer_lock(index):
            shutil.rmtree(index)
    if not index.exists():
        if cold:
            encoded = prepare(catalogue, work, config, cold=False, encoded=encoded, track=track).index
        if encoded is not None and _encoded_by(builder, encoded):
            copy_index(encoded, index)
    made = _taken_on(index, builder)
    with Reserved(catalogue, cold=cold) as reserved:
        whole, start = not index.exists(), time.perf_counter()
        report = build_index(reserved, index, config, force=not made.is_of(builder, index), track=track)
        if report.kind != "unchanged":
            seconds = round(time.perf_counter() - start, 1) if whole else None
            made = made.model_copy(update={"generation": generation_of(index), "build_s": seconds})
            made.write(index)
    return Place(catalogue, index, cold, made.build_s)


def _encoded_by(builder: Builder, index: Path) -> bool:
    return Made.beside(index).encoding in ("", builder.encoding)


def _taken_on(index: Path, builder: Builder) -> Made:
    """What made an index, once it is this builder's to go on with: drafts that other code left are gone, for a build
    would take them over as its own, and a build that is killed from here on leaves drafts that are known to be its.
    """
    made = Made.beside(index)
    if made.code == builder.code and index.exists():
        return made
    if index.exists():
        with writer_lock(index):
            for draft in (index / "generations").glob(".*"):
                shutil.rmtree(draft)
    made = Made(code=builder.code, encoding=builder.encoding)
    made.write(index)
    return made


def copy_index(source: Path, index: Path) -> None:
    """An index with the generation that another one has in use, as hard links where the disk allows; whole or not."""
    staging = index.with_name(f".{index.name}.copy")
    shutil.rmtree(staging, ignore_errors=True)  # of a copy that was killed
    generation = open_generation(source)
    try:
        shutil.copytree(generation.path, staging / "generations" / generation.path.name, copy_function=link)
        (staging / "CURRENT").write_text(f"{generation.path.name} {generation.digest}\n", "ascii")
        Made.beside(source).model_copy(update={"build_s": None}).write(index)
        staging.rename(index)
    finally:
        generation.close()


class Dataset:
    """A catalogue and its index, opened: playlists as rows of the index.

    index    made without the test playlists
    learned  playlists to learn from and, apart, those held out for tuning
    test     the test playlists, in the order of place_of: any first n of them are a fair sample

    RefrainError where the catalogue has changed since the index was made, which `fingerprint` would not tell.
    """

    def __init__(self, place: Place):
        self.place = place
        self.index = OpenIndex(place.index)
        songs = self.index.songs
        self.row_of = {songs.song_ids[row]: row for row in np.flatnonzero(songs.alive).tolist()}
        train: list[Rows] = []
        tune: list[Rows] = []
        with Reserved(place.catalogue, cold=place.cold) as catalogue:
            self._check(catalogue)
            self.fingerprint = whole_fingerprint(place.catalogue)
            for playlist in catalogue.playlists():
                if len(rows := self.rows(playlist)):
                    held_out = place_of(playlist.playlist_id) < self.index.config.held_out
                    (tune if held_out else train).append(rows)
            self.test = sorted(catalogue.test_playlists(), key=lambda p: place_of(p.playlist_id))
        self.train, self.tune = tuple(train), tuple(tune)

    def _check(self, catalogue: Reserved) -> None:
        today = catalogue.fingerprints()
        read = [stage["tables"] for stage in self.index.manifest["stages"].values()]
        changed = sorted({name for tables in read for name in tables if tables[name] != today[name]})
        if changed:
            raise RefrainError(
                f"the {' and '.join(changed)} of the catalogue have changed since {self.place.index} was made, or "
                "are of another one; run the tasks again"
            )

    def rows(self, playlist: SavedPlaylist) -> Rows:
        """Its songs, in the listener's order."""
        return np.array([self.row_of[s] for s in playlist.song_ids if s in self.row_of], np.int64)

    @cached_property
    def cold(self) -> Rows:
        """The cold songs, ascending."""
        return np.array(sorted(row for song_id, row in self.row_of.items() if is_cold(song_id)), np.int64)

    @cached_property
    def whole(self) -> Rows:
        """Songs with lyrics and audio features, ascending: those of the reference figures."""
        songs = self.index.songs
        return np.flatnonzero(songs.alive & songs.has_lyrics & songs.has_audio)

    @cached_property
    def all(self) -> Rows:
        """Every song, ascending."""
        return np.flatnonzero(self.index.songs.alive)

    def mask(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """bool (rows of the index,): which are among `rows`."""
        out = np.zeros(len(self.index.songs), bool)
        out[rows] = True
        return out

    def fold(self, candidates: Rows) -> Fold:
        return Fold(self.index, self.train, self.tune, candidates)

    def facts(self) -> dict[str, object]:
        """What a run records of its data: no title, no name, no id."""
        return {
            "protocol": PROTOCOL,
            "catalogue": self.fingerprint,
            "songs": len(self.all),
            "songs_with_lyrics_and_audio": len(self.whole),
            "playlists": {"train": len(self.train), "tune": len(self.tune), "test": len(self.test)},
        }

    def config(self) -> dict[str, object]:
        """The configuration of the index."""
        content: dict[str, object] = json.loads(self.index.manifest["config"])
        return content

    def notes(self) -> list[str]:
        """What a reader must know of figures from these data."""
        if len(self.test) >= ENOUGH_PLAYLISTS:
            return []
        return [f"{len(self.test)} test playlists, expected {ENOUGH_PLAYLISTS}: means of so few say little"]
