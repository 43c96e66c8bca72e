"""Where the commands of these tests find the bundled catalogue and its index."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def place(demo_index: Path) -> dict[str, str]:
    """The environment of somebody who works with the demo."""
    return {"REFRAIN_INDEX": str(demo_index), "REFRAIN_CATALOGUE": str(demo_index.with_name("refrain.db"))}
