"""Plain values: what JSON cannot hold becomes what it can, or is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.plain import json_text, plain
from indexer.records import AudioFeatures, Song


def test_what_json_cannot_hold_becomes_what_it_can() -> None:
    value = {1: float("nan"), "inf": [-float("inf"), np.float32(0.5), np.float32("nan")], "rows": np.arange(3)}
    assert plain(value) == {"1": None, "inf": [None, 0.5, None], "rows": [0, 1, 2]}
    assert json.loads(json_text(value)) == plain(value)
    assert plain([np.int64(3), ("a", Path("a/b"))]) == [3, ["a", "a/b"]]
    song = Song("x", "y", audio=AudioFeatures(energy=0.5), tags=("z",))
    assert plain(song)["audio"]["energy"] == 0.5
    assert plain(song)["tags"] == ["z"]
    for write in (plain, json_text):
        with pytest.raises(TypeError, match="object has no JSON form"):
            write({"x": object()})
