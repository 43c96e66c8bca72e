"""Paths in catalogues of few songs or few facts: a path, or a sentence that says why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Engine
from indexer import Catalogue, IndexConfig, build_index
from indexer.errors import RequestError

Facts = Callable[[int, int], dict[str, object]]

KINDS: dict[str, Facts] = {
    "energy alone": lambda i, n: {"energy": i / n},
    "two features": lambda i, n: {"energy": i / n, "tempo": 80 + i},
    "lyrics": lambda i, n: {"lyrics": f"a lamp and {i} boats on tide {i * i}"},
    "both": lambda i, n: {"energy": i / n, "valence": 0.5, "lyrics": f"a lamp and {i} boats"},
}


def opened(folder: Path, rows: list[dict[str, object]], config: IndexConfig) -> Engine:
    named = [{"song_id": f"s{i}", "title": f"Song {i}", "artist": f"Singer {i}", **row} for i, row in enumerate(rows)]
    (folder / "songs.jsonl").write_text("\n".join(map(json.dumps, named)), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(folder / "songs.jsonl")
        build_index(catalogue, folder / "refrain.index", config)
    return Engine.open(folder / "refrain.index")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("many", [2, 4, 9, 20])
def test_a_path_from_the_first_song_to_the_last(tmp_path: Path, tiny_config: IndexConfig, kind: str, many: int) -> None:
    with opened(tmp_path, [KINDS[kind](i, many) for i in range(many)], tiny_config) as engine:
        path = engine.path("s0", f"s{many - 1}", 5)
    numbers = [int(hit.song_id[1:]) for hit in path]
    assert (numbers[0], numbers[-1], len(set(numbers))) == (0, many - 1, min(many, 5))
    assert bool(path.relaxed) >= (many < 5), "what is missing is said"
    if kind in ("energy alone", "two features"):
        assert numbers == sorted(numbers), "each step is further along the line that the songs lie on"


def test_songs_that_nothing_tells_apart_have_no_path_and_it_is_said(tmp_path: Path, tiny_config: IndexConfig) -> None:
    with (
        opened(tmp_path, [{"energy": 0.5}] * 6, tiny_config) as engine,
        pytest.raises(RequestError, match="in the same place"),
    ):
        engine.path("s0", "s5", 4)
