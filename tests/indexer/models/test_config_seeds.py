"""Seeds of a configuration: what no library takes is refused before the work, not in the middle of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.config import IndexConfig
from indexer.errors import ConfigError


@pytest.mark.parametrize("section", ["topics", "lyrics", "audio", "factors", "taste", "tbert", "moods"])
@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_is_a_whole_number_of_32_bits(section: str, seed: int, tmp_path: Path) -> None:
    file = tmp_path / "refrain.toml"
    file.write_text(f"[{section}]\nseed = {seed}\n", "utf-8")
    with pytest.raises(ConfigError, match=rf"{section}\.seed is {seed}, expected"):
        IndexConfig.from_toml(file)
    file.write_text(f"[{section}]\nseed = {2**32 - 1}\n", "utf-8")
    assert getattr(IndexConfig.from_toml(file), section).seed == 2**32 - 1
