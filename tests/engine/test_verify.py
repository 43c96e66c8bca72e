"""Verification: a sound index has no problems, and what hashes that fit do not show is derived again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.verify import verify_index
from tests.indexer.store import hostile


def test_a_sound_index_has_no_problems(demo_index: Path) -> None:
    assert verify_index(demo_index) == []


def test_a_changed_byte_is_found_by_its_hash(demo_index: Path, tmp_path: Path) -> None:
    index = hostile.linked(demo_index, tmp_path / "ix")
    path = hostile.current(index) / "songs" / "lyrics.utf8"
    content = path.read_bytes()
    hostile.replace(path, content[:-1] + bytes([content[-1] ^ 1]))
    problems = verify_index(index)
    assert len(problems) == 1
    assert problems[0].startswith("songs/lyrics.utf8: sha256 is")


def shifted(array: np.ndarray) -> np.ndarray:
    return np.roll(array, 1, axis=0)


def one_nan(array: np.ndarray) -> np.ndarray:
    out = array.copy()
    out[3, 0] = np.nan
    return out


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("sentence", shifted, "the sentence vector of"),
        ("parts/lyrics", shifted, "the lyrics part of"),
        ("audio", shifted, "the audio row of"),
        ("parts/taste", shifted, "the stored vector of"),
        ("sentence", one_nan, "sentence holds a value that is not finite, in rows 0 to"),
        ("parts/lyrics", one_nan, "parts/lyrics holds a value that is not finite"),
        ("cooccurrence/songs", lambda songs: songs + 10_000, "cooccurrence/songs is damaged"),
        ("cooccurrence/holders", lambda holders: holders - 10_000, "cooccurrence/holders is damaged"),
        ("songs/genre.codes", lambda codes: codes + 1_000, "genre.terms.utf8 is damaged"),
        ("songs/alive", lambda alive: np.arange(len(alive)) > 0, "the inverted index holds 255 songs, expected 254"),
    ],
)
def test_what_fits_its_hash_and_nothing_else_is_found(
    demo_index: Path, tmp_path: Path, name: str, change: Callable[[np.ndarray], np.ndarray], sentence: str
) -> None:
    index = hostile.linked(demo_index, tmp_path / "ix")
    path = hostile.current(index) / f"{name}.npy"
    hostile.replace(path, hostile.npy(change(np.load(path))))
    hostile.reseal(index)
    problems = verify_index(index)
    assert sentence in problems[0]
