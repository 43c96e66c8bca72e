"""Timbre: the same music in another file is nearer than other music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.sources.sound.key import chroma
from indexer.sources.sound.measure import measure
from indexer.sources.sound.timbre import DIMENSIONS, cepstrum, timbre
from tests.indexer.sources.sound.files import saved, spectra
from tests.indexer.sources.sound.synthesis import TIMBRES, Wave, drums, noise, progression

pytest.importorskip("soundfile", reason="needs the extra audio")


def music() -> dict[str, Wave]:
    """Pieces of which no two sound alike."""
    chords = {name: progression(2, 1, name, 6) for name in TIMBRES}
    beats = {pattern: drums(110, pattern, 6) for pattern in ("rock", "four on the floor")}
    bands = {f"{name} and drums": 0.3 * wave + 0.5 * beats["rock"] for name, wave in chords.items()}
    return {**chords, **beats, **bands, "noise": 0.1 * noise(6)}


def vector(path: Path) -> np.ndarray:
    measured = measure(path).timbre
    assert measured is not None
    return measured


@pytest.mark.slow
def test_the_same_music_is_nearest_however_it_is_encoded(tmp_path: Path) -> None:
    pieces = music()
    originals = np.array([vector(saved(tmp_path / f"{i}.wav", wave)) for i, wave in enumerate(pieces.values())])
    spread = originals.std(0)
    for i, wave in enumerate(pieces.values()):
        copies = [
            saved(tmp_path / "a.ogg", wave, 44100),
            saved(tmp_path / "a.mp3", wave, 44100),
            saved(tmp_path / "a.flac", 0.1 * wave, 48000),
            saved(tmp_path / "a.opus", np.stack([wave, 0.8 * wave], 1), 48000),
        ]
        for copy in copies:
            distances = np.linalg.norm((originals - vector(copy)) / spread, axis=1)
            assert np.argmin(distances) == i, f"{list(pieces)[i]} as {copy.suffix}"


@pytest.mark.parametrize("semitones", [1, 5, 11])
def test_the_key_does_not_count(semitones: int) -> None:
    piece = spectra(progression(0, 1, "strings", 6))
    tones = chroma(piece.pitch)
    original, transposed = (
        timbre([cepstrum(piece.mel)], [moved]) for moved in (tones, np.roll(tones, semitones, axis=1))
    )
    np.testing.assert_allclose(transposed, original, rtol=1e-5)
    assert not np.allclose(timbre([cepstrum(piece.mel)], [tones**2]), original)


def test_the_level_does_not_count() -> None:
    mel = spectra(progression(0, 1, "strings", 6)).mel
    tones = np.ones((10, 6))
    np.testing.assert_allclose(
        timbre([cepstrum(np.float32(0.01) * mel)], [tones]), timbre([cepstrum(mel)], [tones]), rtol=1e-3, atol=1e-3
    )


def test_it_is_a_fixed_length_of_finite_numbers(tmp_path: Path) -> None:
    for seconds in (0.05, 0.3, 3, 70):
        measured = vector(saved(tmp_path / "x.wav", noise(seconds) * 0.1))
        assert measured.shape == (DIMENSIONS,)
        assert measured.dtype == np.float32
        assert np.isfinite(measured).all()
