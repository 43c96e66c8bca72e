"""Playlist continuation by the protocol of the Million Playlist Dataset challenge, on playlists that nothing has seen.

Pools: (a) songs with lyrics and audio features, as in the reference figures; (b) the whole catalogue; (c) cold songs of
(a): 5 warm seeds, only songs that no training playlist holds are ranked; (c-all) the same in the whole catalogue.
A test playlist counts with 10 or more songs of the pool, in (c) 5 or more of them warm and 3 or more cold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import ENOUGH_PLAYLISTS, Dataset
from benchmarks.judge.metrics import Question
from benchmarks.systems.system import Fold, Rows
from indexer.errors import RefrainError
from indexer.records import SavedPlaylist

Mask = npt.NDArray[np.bool_]

POOLS = {
    "a": "songs with lyrics and audio features",
    "b": "the whole catalogue",
    "c": "cold songs with lyrics and audio features: 5 warm seeds, only cold songs ranked",
    "c-all": "cold songs of the whole catalogue: 5 warm seeds, only cold songs ranked",
}
SEEDS = (1, 5, 10, 25)
LEAST_SONGS = 10  # of the pool, in a playlist that counts
LEAST_LEFT = 5  # to be found again; a playlist with fewer songs beside the seeds is left out of that setting
COLD_SEEDS, LEAST_COLD = 5, 3
NAME_ONLY = "name only"


class NoQuestionsError(RefrainError):
    """A catalogue's playlists give a task nothing to ask."""


def is_cold_pool(pool: str) -> bool:
    return pool.startswith("c")


def candidates(dataset: Dataset, pool: str) -> Rows:
    """The songs that a pool ranks, ascending."""
    rows = _pool(dataset, pool)
    return np.intersect1d(rows, dataset.cold) if is_cold_pool(pool) else rows


def fold(dataset: Dataset, pool: str) -> Fold:
    return dataset.fold(candidates(dataset, pool))


def questions(dataset: Dataset, pool: str, *, limit: int | None = None) -> dict[str, list[Question]]:
    """The questions of each setting; with `limit`, of the first so many test playlists that count.

    Seeds are drawn by the playlist's id, each smaller set within the larger: every system gets the same, for ever.
    """
    members, cold = dataset.mask(_pool(dataset, pool)), dataset.mask(dataset.cold)
    counting: list[tuple[SavedPlaylist, Rows]] = []
    for playlist in dataset.test:
        rows = dataset.rows(playlist)
        rows = rows[members[rows]]
        if _counts(rows, cold, pool) and (limit is None or len(counting) < limit):
            counting.append((playlist, rows))
    if is_cold_pool(pool):
        asked = [_cold(playlist, rows, cold) for playlist, rows in counting]
        return {f"{COLD_SEEDS} seeds, random": asked}
    found: dict[str, list[Question]] = {}
    for way in ("random", "first"):
        for count in SEEDS:
            name = f"{count} {'seed' if count == 1 else 'seeds'}, {way}"
            long = [(playlist, rows) for playlist, rows in counting if len(rows) >= count + LEAST_LEFT]
            found[name] = [_warm(drawn(playlist, rows) if way == "random" else rows, count) for playlist, rows in long]
    found[NAME_ONLY] = list(_named(counting))
    return found


def require(settings: Mapping[str, Sequence[Question]], dataset: Dataset, pool: str) -> None:
    """Raise where a catalogue's test playlists give nothing to ask."""
    if not any(settings.values()):
        raise NoQuestionsError(
            f"{len(dataset.test)} test playlists, expected {ENOUGH_PLAYLISTS} or more, and none of them has the "
            f"{LEAST_SONGS} songs of pool ({pool}) that a question needs; import more playlists"
        )


def drawn(playlist: SavedPlaylist, rows: Rows) -> Rows:
    """A playlist's songs in an order of their own, the same whenever it is asked."""
    seed = hashlib.blake2b(f"seeds|{playlist.playlist_id}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(seed, "big")).permutation(rows)


def _pool(dataset: Dataset, pool: str) -> Rows:
    if pool not in POOLS:
        raise ValueError(f"pool is {pool!r}, expected one of {', '.join(POOLS)}")
    return dataset.whole if pool in ("a", "c") else dataset.all


def _counts(rows: Rows, cold: Mask, pool: str) -> bool:
    """Whether a playlist with these songs of the pool counts."""
    found = int(cold[rows].sum())
    return len(rows) >= LEAST_SONGS and not (
        is_cold_pool(pool) and (found < LEAST_COLD or len(rows) - found < COLD_SEEDS)
    )


def _warm(rows: Rows, count: int) -> Question:
    return Question(rows[:count], np.sort(rows[count:]))


def _cold(playlist: SavedPlaylist, rows: Rows, cold: Mask) -> Question:
    return Question(drawn(playlist, rows[~cold[rows]])[:COLD_SEEDS], np.sort(rows[cold[rows]]))


def _named(counting: list[tuple[SavedPlaylist, Rows]]) -> Iterator[Question]:
    for playlist, rows in counting:
        if playlist.name.strip():
            yield Question(np.zeros(0, np.int64), np.sort(rows), text=playlist.name)
