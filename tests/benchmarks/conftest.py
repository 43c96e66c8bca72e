"""The bundled catalogue as a dataset: reserved, indexed with a small encoder, opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.data.dataset import Dataset, Place, prepare
from indexer import IndexConfig


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def warm(demo_catalogue: Path, tiny_config: IndexConfig, work: Path) -> Place:
    return prepare(str(demo_catalogue), work, tiny_config, cold=False)


@pytest.fixture(scope="session")
def cold(demo_catalogue: Path, tiny_config: IndexConfig, work: Path, warm: Place) -> Place:
    return prepare(str(demo_catalogue), work, tiny_config, cold=True)


@pytest.fixture(scope="session")
def warm_dataset(warm: Place) -> Dataset:
    return Dataset(warm)


@pytest.fixture(scope="session")
def cold_dataset(cold: Place) -> Dataset:
    return Dataset(cold)
