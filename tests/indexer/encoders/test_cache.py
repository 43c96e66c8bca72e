"""The cache of sentence vectors: what one encoder made of one text is taken, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.cache import VectorCache
from tests.indexer.hash_encoder import HashEncoder

TEXTS = ["rain on the roof", "", "a boat", "rain on the roof", "sunday"]
HASHES = np.zeros((5, 16), np.uint8)
HASHES[[0, 3]], HASHES[2], HASHES[4] = 7, 8, 9


def encoded(folder: Path, encoder: HashEncoder, version: int = 1) -> list[str]:
    """What had to be encoded; the vectors are checked."""
    before = len(encoder.texts)
    vectors = VectorCache(folder, encoder, None, version).encode(TEXTS, HASHES)
    new = encoder.texts[before:]
    np.testing.assert_allclose(vectors, HashEncoder(encoder.seed, encoder.window).encode(TEXTS), atol=1e-3)
    return new


def test_each_text_is_encoded_once_and_kept_on_the_disk(tmp_path: Path) -> None:
    assert sorted(encoded(tmp_path, HashEncoder())) == ["a boat", "rain on the roof", "sunday"]
    assert encoded(tmp_path, HashEncoder()) == []
    VectorCache(tmp_path, HashEncoder(), None).forget()
    assert not tmp_path.exists()


def test_hashes_that_are_half_alike_are_two(tmp_path: Path) -> None:
    hashes = HASHES.copy()
    hashes[4, :8] = hashes[0, :8]
    for _ in range(2):
        vectors = VectorCache(tmp_path, HashEncoder(), None).encode(TEXTS, hashes)
        np.testing.assert_allclose(vectors, HashEncoder().encode(TEXTS), atol=1e-3)


@pytest.mark.parametrize("other", [HashEncoder(seed=1), HashEncoder(window=2)], ids=["other weights", "another window"])
def test_another_encoders_vectors_are_not_taken(tmp_path: Path, other: HashEncoder) -> None:
    encoded(tmp_path, HashEncoder())
    assert len(encoded(tmp_path, other)) == 3
    assert encoded(tmp_path, HashEncoder()) == []


def test_vectors_of_texts_that_another_version_of_the_stage_made_are_not_taken(tmp_path: Path) -> None:
    encoded(tmp_path, HashEncoder())
    assert len(encoded(tmp_path, HashEncoder(), version=2)) == 3


def test_files_named_by_hand_are_believed(tmp_path: Path) -> None:
    """As shared vectors are named: the model, its weights, and nothing else where windows and format are usual."""
    encoder = HashEncoder()
    vectors = encoder.encode(TEXTS).astype(np.float16)
    for name in (f"hash-{encoder.sha256[:12]}.part-1", f"hash-{encoder.sha256[:12]}.w256-float32.part-1"):
        folder = tmp_path / name
        folder.mkdir()
        np.save(folder / f"{name}.vectors.npy", vectors)
        np.save(folder / f"{name}.hashes.npy", HASHES)
        assert encoded(folder, HashEncoder()) == []


def test_a_file_that_was_cut_short_is_encoded_again(tmp_path: Path) -> None:
    encoded(tmp_path, HashEncoder())
    (vectors,) = tmp_path.glob("*.vectors.npy")
    vectors.write_bytes(vectors.read_bytes()[:100])
    assert len(encoded(tmp_path, HashEncoder())) == 3
