"""An engine that many ask while its index is updated again and again: no answer fails, each is of one generation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from engine import Engine
from engine.requests import Find, MakePlaylist, Recommend, Request, Search
from indexer import Catalogue, IndexConfig, build_index, update_index
from tests.indexer.catalogues import rows

GENERATIONS = 5
BASE = [
    {"song_id": f"s{i}", "title": f"Rain {i}", "artist": f"Ada {i % 7}", "lyrics": f"rain on the roof number {i}",
     "energy": i / 60, "valence": 1 - i / 60, "tempo": 80.0 + i, "duration_ms": 200_000}
    for i in range(60)
]  # fmt: skip
REQUESTS: tuple[Request, ...] = (
    Recommend(seeds=["s1"], k=60, versions=True),
    Recommend(seeds=["s1", "s2", "s3"], k=60, versions=True),
    Search(text="rain on the roof", k=60, versions=True),
    Search(text='"rain on the roof"', k=60, versions=True),
    Find(text="Rain", k=60),
    MakePlaylist(seeds=["s5"], length=12),
)


def of_generation(number: int) -> list[dict[str, object]]:
    """Three songs that come with a generation and are deleted with the next one."""
    return [song | {"song_id": f"g{number}-{i}", "title": f"Rain G{number}-{i}"} for i, song in enumerate(BASE[:3])]


@pytest.fixture
def small(tiny_config: IndexConfig, once: Callable[[str, Callable[[Path], object]], Path], tmp_path: Path) -> Path:
    def make(folder: Path) -> None:
        with Catalogue(folder / "refrain.db") as catalogue:
            catalogue.load(rows(folder, *BASE, *of_generation(1)))
            build_index(catalogue, folder / "ix", tiny_config)

    return shutil.copytree(once("reopening", make), tmp_path / "small")


def test_no_answer_fails_and_each_is_of_one_generation_while_five_are_published(small: Path) -> None:
    done = Event()
    generations: set[str] = set()

    def ask(engine: Engine, first: int) -> int:
        number = first
        while not done.is_set() or number < first + len(REQUESTS):
            song_ids = [song.song_id for song in engine.answer(REQUESTS[number % len(REQUESTS)])]
            assert song_ids
            passing = {song_id.partition("-")[0] for song_id in song_ids if song_id.startswith("g")}
            assert len(passing) <= 1, f"songs that were never in one index together: {passing}"
            generations.update(passing)
            number += 1
            done.wait(0.01)  # the update needs some of the time, too
        return number - first

    def keep_current(engine: Engine) -> int:
        times = 0
        while not done.is_set() or engine.stale():
            if engine.stale():
                engine.reopen()
                times += 1
            done.wait(0.01)
        return times

    with Engine.open(small / "ix") as engine, ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(ask, engine, first) for first in range(4)]
        reopened = pool.submit(keep_current, engine)
        try:
            with Catalogue(small / "refrain.db") as catalogue:
                for number in range(2, GENERATIONS + 2):
                    catalogue.load(rows(small, *of_generation(number)))
                    catalogue.delete(song["song_id"] for song in of_generation(number - 1))  # type: ignore[misc]
                    report = update_index(catalogue, small / "ix")
                    assert (report.kind, report.added, report.removed) == ("updated", 3, 3)
        finally:
            done.set()
        assert sum(each.result() for each in answers) > 4 * GENERATIONS
        assert reopened.result() == GENERATIONS
        assert engine.index.generation.number == GENERATIONS + 1
        last = [song.song_id for song in engine.answer(REQUESTS[0])]
        assert {song_id for song_id in last if song_id.startswith("g")} == {f"g{GENERATIONS + 1}-{i}" for i in range(3)}
    assert len(generations) > 1, "answers came from several generations"
