"""Every reproduction runs on the bundled catalogue, quickly, in one folder: a second call finds what the first did."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from benchmarks.papers import reproduce
from benchmarks.papers.record import Record
from indexer.config import IndexConfig


@pytest.fixture(scope="session")
def reproduced(demo_catalogue: Path, work: Path, tiny_config: IndexConfig) -> Callable[[str], Record]:
    return partial(
        reproduce, catalogue=str(demo_catalogue), work=work, command="test", quick=True, config=tiny_config
    )  # fmt: skip
