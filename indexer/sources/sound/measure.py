"""Measure: everything that is known of a recording from its sound, from one decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.sources.opened import shown
from indexer.sources.sound.decode import Samples, Sound, SoundDecodeError, opened_sound
from indexer.sources.sound.estimates import estimates
from indexer.sources.sound.key import chroma, key
from indexer.sources.sound.loudness import block_loudness, integrated
from indexer.sources.sound.spectra import RATE, Spectra
from indexer.sources.sound.tempo import onset_strength, tempo
from indexer.sources.sound.timbre import cepstrum, timbre

ANALYSIS_VERSION = 1  # another number: what was measured before is measured again

PIECES, PIECE_S = 4, 30.0  # what is read of a long recording: pieces spread evenly over it
SILENT_PEAK = 1e-4  # -80 dB: below, a piece is silence
FAINT = 0.02  # of the loudest piece: the hiss before and after the music is not measured
MOST_SAMPLES = 1 << 26  # in one piece, of all channels: a quarter of a GiB
CANCELLED = 0.01  # of the loudest channel: what channels in opposite phase leave of each other in their mean


@dataclass(frozen=True, slots=True)
class Measured:
    """What the sound of a file says. None is unknown: silence, too short, nothing that stands out.

    duration_ms        milliseconds
    tempo              beats per minute, 50..210, with its confidence 0..1
    key                pitch class 0..11, 0 = C; mode 1 major, 0 minor; key_confidence 0..1
    loudness           LUFS, -70..10 or so (ITU-R BS.1770-4)
    energy, danceability, acousticness, speechiness, instrumentalness   0..1, see `estimates`; not Spotify's scale
    timbre             float32 (timbre.DIMENSIONS,), see `timbre`; not looked at where two are compared
    analysis_version   ANALYSIS_VERSION of the program that measured
    """

    duration_ms: int
    tempo: float | None = None
    tempo_confidence: float | None = None
    key: int | None = None
    mode: int | None = None
    key_confidence: float | None = None
    loudness: float | None = None
    energy: float | None = None
    danceability: float | None = None
    acousticness: float | None = None
    speechiness: float | None = None
    instrumentalness: float | None = None
    timbre: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    analysis_version: int = ANALYSIS_VERSION


def measure(path: str | Path) -> Measured:
    """What the sound of the file says; the same file gives the same values.

    Reads at most PIECES * PIECE_S seconds, a piece at a time. Raises `SoundDecodeError` (a `SourceError`) for a file
    that holds no sound that can be decoded here.
    """
    path = Path(path)
    blocks: list[npt.NDArray[np.float64]] = []
    peaks: list[float] = []
    spectra: list[Spectra] = []
    with opened_sound(path) as sound:
        for samples in _pieces(sound):
            blocks.append(block_loudness(samples, sound.sample_rate))
            mono = _mono(samples)
            peak = float(np.abs(mono).max())
            if peak >= SILENT_PEAK:
                peaks.append(peak)
                spectra.append(Spectra.of(_resampled(mono / peak, sound.sample_rate)))
        duration_ms = max(1, round(1000 * sound.frames / sound.sample_rate))
    if not blocks:
        raise SoundDecodeError(
            f"{shown(path)} holds no samples that can be decoded, its header speaks of {sound.frames}; copy it again"
        )
    lufs = integrated(blocks)
    if not spectra:
        return Measured(duration_ms, loudness=lufs)
    spectra = [piece for piece, peak in zip(spectra, peaks, strict=True) if peak >= FAINT * max(peaks)]
    onsets = [onset_strength(piece.mel) for piece in spectra]
    chromas = [chroma(piece.pitch) for piece in spectra]
    beat, tonality = tempo(onsets), key(chromas)
    estimate = estimates(spectra, chromas, beat, lufs)
    return Measured(
        duration_ms=duration_ms,
        tempo=beat.bpm if beat else None,
        tempo_confidence=beat.confidence if beat else None,
        key=tonality.tonic if tonality else None,
        mode=tonality.mode if tonality else None,
        key_confidence=tonality.confidence if tonality else None,
        loudness=lufs,
        energy=estimate.energy,
        danceability=estimate.danceability,
        acousticness=estimate.acousticness,
        speechiness=estimate.speechiness,
        instrumentalness=estimate.instrumentalness,
        timbre=timbre([cepstrum(piece.mel) for piece in spectra], chromas),
    )


def _pieces(sound: Sound) -> Iterator[Samples]:
    """The whole sound where it is short, else pieces with the same gap before, between and after them."""
    length = min(round(PIECE_S * sound.sample_rate), MOST_SAMPLES // sound.channels)
    if sound.frames <= PIECES * length:
        starts = range(0, sound.frames, length)
    else:
        gap = (sound.frames - PIECES * length) // (PIECES + 1)
        starts = range(gap, sound.frames - length, length + gap)
    for start in starts:
        samples = sound.read(start, length)
        if len(samples):
            yield samples


def _mono(samples: Samples) -> npt.NDArray[np.float64]:
    """The mean of the channels, without its offset; the loudest channel where they cancel each other."""
    mono = samples.mean(1, dtype=np.float64)
    levels = samples.std(0, dtype=np.float64)
    if mono.std() < CANCELLED * levels.max():
        mono = samples[:, int(np.argmax(levels))].astype(np.float64)
    return np.asarray(mono - mono.mean())


def _resampled(mono: npt.NDArray[np.float64], sample_rate: int) -> Samples:
    """`mono` at RATE."""
    import soxr

    return np.asarray(soxr.resample(mono.astype(np.float32), sample_rate, RATE), np.float32)
