"""What the build's tests share: a copy of the bundled catalogue and of its index, to change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import Catalogue


@pytest.fixture
def work(built: Path, tmp_path: Path) -> Path:
    """refrain.db, the bundled catalogue, and its index by the small configuration, ix."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def catalogue(work: Path) -> Iterator[Catalogue]:
    with Catalogue(work / "refrain.db") as opened:
        yield opened
