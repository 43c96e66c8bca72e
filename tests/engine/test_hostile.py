"""An engine on indexes that somebody prepared: it answers, or refuses in a sentence; it never hangs or crashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.indexer.store import hostile

CASES = 60  # of about a hundred and sixty; each loads the encoder, four seconds


def ask(index: Path) -> None:
    """Open, find, search, recommend and verify."""
    from engine import Engine
    from engine.verify import verify_index

    with Engine.open(index) as engine:
        engine.find("rain")
        engine.search("rain on the window")
        engine.similar(engine.index.songs.song_ids[0])
    verify_index(index)


@pytest.mark.slow
def test_an_engine_on_any_prepared_index_answers_or_refuses(demo_index: Path, tmp_path: Path) -> None:
    generation = hostile.current(demo_index)
    files = sorted(path for path in generation.rglob("*") if path.is_file())
    changes = [
        (path.relative_to(generation).as_posix(), *each) for path in files for each in list(hostile.changes(path))[::12]
    ]
    changes = changes[:: max(1, len(changes) // CASES)]
    prepared = {
        hostile.prepare(demo_index, tmp_path / str(number), name, apply): f"{name}: {change}"
        for number, (name, change, apply) in enumerate(changes)
    }
    outcomes = hostile.outcomes(list(prepared), seconds=900, reader="tests.engine.test_hostile:ask")
    bad = [f"{prepared[index]}: {outcome}" for index, outcome in outcomes.items() if outcome not in ("read", "refused")]
    assert not bad, "\n".join(bad)
