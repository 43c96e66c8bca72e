"""What the engine's tests share: an engine on the bundled catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Engine


@pytest.fixture
def demo(demo_index: Path) -> Iterator[Engine]:
    with Engine.open(demo_index) as engine:
        yield engine
