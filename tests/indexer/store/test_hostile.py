"""Indexes that somebody prepared are read or refused in a sentence; nothing hangs, crashes or ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.indexer.store import hostile

MODELS = ("_model/", "_autoencoder/", "audio_scaler/")  # weights are read by the tests of their models


@pytest.fixture
def sound(built: Path) -> Path:
    """The index of the bundled catalogue."""
    return built / "ix"


def cases(index: Path) -> list[tuple[str, str, hostile.Change]]:
    """(file, name of the change, change) for every file but those of models."""
    generation = hostile.current(index)
    files = sorted(path for path in generation.rglob("*") if path.is_file())
    return [
        (name, change, apply)
        for path in files
        if not any(folder in (name := path.relative_to(generation).as_posix()) for folder in MODELS)
        for change, apply in hostile.changes(path)
    ]


def check(sound: Path, folder: Path, chosen: list[tuple[str, str, hostile.Change]], *, seconds: float) -> list[str]:
    """Prepare an index for each change and read it; returns the outcomes, and fails for one that is no sentence."""
    prepared = {
        hostile.prepare(sound, folder / str(number), name, apply): f"{name}: {change}"
        for number, (name, change, apply) in enumerate(chosen)
    }
    outcomes = hostile.outcomes(list(prepared), seconds=seconds)
    bad = [f"{prepared[index]}: {outcome}" for index, outcome in outcomes.items() if outcome not in ("read", "refused")]
    assert not bad, "\n".join(bad)
    return list(outcomes.values())


def test_a_sound_index_is_read(sound: Path, tmp_path: Path) -> None:
    index = hostile.linked(sound, tmp_path / "ix")
    hostile.reseal(index)
    assert hostile.outcomes([index], seconds=60) == {index: "read"}, "else every refusal below proves nothing"


def test_some_prepared_indexes_are_read_or_refused(sound: Path, tmp_path: Path) -> None:
    outcomes = check(sound, tmp_path, cases(sound)[::24], seconds=120)
    assert outcomes.count("refused") > len(outcomes) / 2


@pytest.mark.slow
def test_every_prepared_index_is_read_or_refused(sound: Path, tmp_path: Path) -> None:
    check(sound, tmp_path, list(cases(sound))[::3], seconds=900)


def nothing_but(value: object) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: np.full_like(array, value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("songs/genre.codes", nothing_but(10**6)),
        ("songs/genre.codes", nothing_but(-1)),
        ("songs/genre.starts", lambda starts: starts[::-1]),
        ("songs/by_id", nothing_but(-7)),
        ("popularity", lambda popularity: popularity[:-1]),
        ("songs/title.offsets", lambda offsets: np.concatenate([offsets[:1], offsets[:0:-1]])),
        ("parts/lyrics", lambda part: part.astype(np.float64)),
        ("sentence", lambda sentence: sentence[:, 0]),
    ],
)
def test_numbers_that_lead_nowhere_are_refused(
    sound: Path, tmp_path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    index = hostile.linked(sound, tmp_path / "ix")
    path = hostile.current(index) / f"{name}.npy"
    hostile.replace(path, hostile.npy(change(np.load(path))))
    hostile.reseal(index)
    assert hostile.outcomes([index], seconds=60) == {index: "refused"}
