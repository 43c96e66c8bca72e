"""Two writers of one index: the second one waits, and then does what is left to do by then."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer import BuildReport, Catalogue, build_index, update_index
from indexer.errors import BusyError
from indexer.store.generations import verify
from indexer.store.locks import writer_lock
from indexer.waiting import Patience
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL


@pytest.fixture
def own(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "own")


def test_an_update_that_waited_reads_the_catalogue_as_it_is_when_its_turn_comes(own: Path) -> None:
    sentences: list[str] = []
    waits = threading.Event()

    def waiting(sentence: str) -> None:
        sentences.append(sentence)
        waits.set()

    def update() -> BuildReport:
        with Catalogue(own / "refrain.db") as catalogue:
            return update_index(catalogue, own / "ix", encoder=HashEncoder(), patience=Patience(60, waiting))

    with ThreadPoolExecutor(1) as pool, Catalogue(own / "refrain.db") as catalogue:
        with writer_lock(own / "ix"):
            second = pool.submit(update)
            assert waits.wait(60)
            catalogue.load(rows(own, {"song_id": "late", "title": "Late", "artist": "Nobody"}))
        report = second.result(60)
    assert (report.kind, report.added) == ("updated", 1)
    assert len(sentences) == 1


def test_nobody_waits_without_patience_and_nothing_is_made(own: Path, tmp_path: Path) -> None:
    with Catalogue(own / "refrain.db") as catalogue, writer_lock(own / "ix"):
        for write in (update_index, build_index):
            with pytest.raises(BusyError, match="ix is being written by process"):
                write(catalogue, own / "ix", encoder=HashEncoder())
    assert verify(own / "ix") == []
    assert [path.name for path in (own / "ix" / "generations").iterdir()] == ["000001"]


@pytest.mark.slow
def test_four_that_build_one_index_at_once_build_it_once(own: Path) -> None:
    def build() -> BuildReport:
        with Catalogue(own / "refrain.db") as catalogue:
            return build_index(catalogue, own / "new", SMALL, encoder=HashEncoder(), patience=Patience(600))

    with ThreadPoolExecutor(4) as pool:
        reports = [each.result() for each in [pool.submit(build) for _ in range(4)]]
    assert sorted(report.kind for report in reports) == ["built", "unchanged", "unchanged", "unchanged"]
    assert verify(own / "new") == []
