"""What the engine's tests share: an engine on the bundled catalogue, and the index of the scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import Engine
from indexer import IndexConfig
from tests.engine.names import build_names
from tests.engine.scenes import build_scenes


@pytest.fixture
def demo(demo_index: Path) -> Iterator[Engine]:
    with Engine.open(demo_index) as engine:
        yield engine


@pytest.fixture(scope="session")
def scenes_index(tiny_config: IndexConfig, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """The index that tests/engine/scenes.py describes, to read only."""
    return once("scenes", lambda folder: build_scenes(folder, tiny_config)) / "refrain.index"


@pytest.fixture(scope="session")
def names_index(tiny_config: IndexConfig, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """The index that tests/engine/names.py describes, to read only."""
    return once("names", lambda folder: build_names(folder, tiny_config)) / "refrain.index"
