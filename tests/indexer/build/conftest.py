"""What the build's tests share: the bundled catalogue, a configuration whose builds take a second, and its index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import Catalogue, IndexConfig, build_index
from indexer.models.autoencoder import AutoencoderConfig
from indexer.models.factors import FactorsConfig
from indexer.models.moods.model import MoodsConfig
from indexer.models.taste import TasteConfig
from indexer.models.tbert import TBertConfig
from tests.indexer.hash_encoder import HashEncoder

SMALL = IndexConfig(
    lyrics=AutoencoderConfig(latent=8, widths=(16,), epochs=2, batch=64),
    audio=AutoencoderConfig(latent=6, widths=(16,), epochs=2, batch=64),
    factors=FactorsConfig(size=8, iterations=3),
    taste=TasteConfig(size=8, hidden=16, epochs=2, batch=128, negatives=64),
    tbert=TBertConfig(hidden=8, width=16, epochs=2, batch=64),
    moods=MoodsConfig(),
    keywords=10,
)


@pytest.fixture(scope="session")
def built(demo_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bundled catalogue, refrain.db, and its index by the small configuration, ix."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copy(demo_catalogue, folder / "refrain.db")
    with Catalogue(folder / "refrain.db") as catalogue:
        build_index(catalogue, folder / "ix", SMALL, encoder=HashEncoder())
    return folder


@pytest.fixture
def work(built: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def catalogue(work: Path) -> Iterator[Catalogue]:
    with Catalogue(work / "refrain.db") as opened:
        yield opened
