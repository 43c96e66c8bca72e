"""Estimates: energy, danceability and their like, 0..1, by formulas; their order within a library is what counts.

Nobody outside Spotify knows its formulas, and no recording with its values was at hand: these are other scales. Each is
a logistic function of a weighted sum of traits, centred on what free game music, synthesised drums and chords, and
speech have; more of a trait never turns the direction. Valence and liveness are never estimated: nothing here hears
them. A voice cannot be told from a lead instrument either: instrumentalness is known of speech alone.

What each stands on:

energy          busy (rise of the bands), noisy, bright, loud in LUFS: a quieter copy has less
danceability    repeats after a beat, in the drums and below 250 Hz; near 118 bpm or its octaves. No beat: low
acousticness    tones rather than noise, dark, few attacks, not loud. Soft synthesisers pass for acoustic
speechiness     the level swings 2.5 to 7 times a second as syllables do (Scheirer and Slaney 1997), pauses, pitch that
                moves on, no beat
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.spectra import FRAMES_PER_S, PITCH_WINDOW, RATE, WINDOW, Spectra
from indexer.sources.sound.tempo import COMPRESSION, Tempo, onset_strength, repetition

Array = npt.NDArray[np.float64]

LEAST_S = 5.0  # less sound than this says nothing of how a recording goes on
BRIGHT_HZ = 3000.0
LOW_BANDS = 4  # mel bands below 250 Hz
VOICE_BANDS = slice(3, 28)  # 200 Hz to 5 kHz
DANCE_BPM = 118.0
MOST_MOVING = 0.45  # more is drums, not speech


@dataclass(frozen=True, slots=True)
class Estimates:
    """Each 0..1; None where it would be a guess."""

    energy: float | None = None
    danceability: float | None = None
    acousticness: float | None = None
    speechiness: float | None = None
    instrumentalness: float | None = None


@dataclass(frozen=True, slots=True)
class Traits:
    """What the estimates are sums of.

    busy       mean rise of the log power of the mel bands, frame to frame
    noisy      0..1, spectral flatness of the long windows, 250 Hz to 4 kHz: 0 tones, 1 noise
    bright     log10 of the share of the power above 3 kHz
    pauses     share of the frames with less than half the mean power
    syllables  share of the modulation between 0.3 and 20 Hz that lies in 2.5 to 7 Hz
    moving     0..2, how much the chroma changes from one long window to the next
    beat       0..1, how well the onsets repeat after a beat; 0 without a tempo
    low_beat   the same below 250 Hz
    off_dance  0..0.5 octaves between the tempo, its octave ignored, and DANCE_BPM
    """

    busy: float
    noisy: float
    bright: float
    pauses: float
    syllables: float
    moving: float
    beat: float
    low_beat: float
    off_dance: float


def estimates(
    spectra: Sequence[Spectra], chromas: Sequence[Array], beat: Tempo | None, lufs: float | None
) -> Estimates:
    """The estimates of pieces of one recording; nothing is known where there is less than LEAST_S of sound."""
    if sum(len(piece.mono) for piece in spectra) < LEAST_S * RATE:
        return Estimates()
    return estimated(traits(spectra, chromas, beat), lufs)


def estimated(of: Traits, lufs: float | None) -> Estimates:
    """The formulas. `lufs` is the loudness; unknown counts as the middle."""
    loud = 0.0 if lufs is None else (lufs + 16) / 5
    busy, noisy, bright = (of.busy - 0.05) / 0.018, (of.noisy - 0.45) / 0.18, (of.bright + 2) / 0.6
    speechiness = _share(
        8 * (of.syllables - 0.43)
        + 10 * (min(of.moving, MOST_MOVING) - 0.33)
        + 4 * (of.pauses - 0.5)
        - 6 * (of.beat - 0.15)
        - 0.5
    )
    return Estimates(
        energy=_share(0.5 * busy + 0.5 * noisy + 0.3 * bright + 0.7 * loud),
        danceability=_share(3 * (of.beat - 0.4) + 2 * (of.low_beat - 0.25) - 2 * (of.off_dance - 0.25)),
        acousticness=_share(-0.3 * busy - 0.9 * noisy - 0.5 * bright - 0.3 * loud),
        speechiness=speechiness,
        instrumentalness=1 - speechiness if speechiness > 0.5 else None,
    )


def traits(spectra: Sequence[Spectra], chromas: Sequence[Array], beat: Tempo | None) -> Traits:
    """The traits of pieces of one recording, each with its `chroma`."""
    levels = [np.log1p(COMPRESSION * piece.mel) for piece in spectra]
    rises = [np.maximum(0, np.diff(level, axis=0)).mean(1) for level in levels]
    power = np.concatenate([piece.power.sum(1) for piece in spectra])
    high = round(BRIGHT_HZ * WINDOW / RATE)
    above = sum(float(piece.power[:, high:].sum()) for piece in spectra)
    low = [onset_strength(piece.mel[:, :LOW_BANDS]) for piece in spectra]
    return Traits(
        busy=float(np.concatenate(rises).mean()),
        noisy=float(np.median(np.concatenate([_flatness(piece.pitch) for piece in spectra]))),
        bright=float(np.log10(above / float(power.sum()) + 1e-5)),
        pauses=float((power < 0.5 * power.mean()).mean()),
        syllables=float(np.mean([_syllables(piece.mel) for piece in spectra])),
        moving=_moving(chromas),
        beat=beat.confidence if beat else 0.0,
        low_beat=repetition(low, beat.bpm) if beat else 0.0,
        off_dance=abs((float(np.log2(beat.bpm / DANCE_BPM)) + 0.5) % 1 - 0.5) if beat else 0.5,
    )


def _share(total: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(total, -20, 20))))


def _flatness(pitch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The geometric over the arithmetic mean of the magnitudes of each long window."""
    first, last = (round(hertz * PITCH_WINDOW / RATE) for hertz in (250, 4000))
    magnitudes = pitch[:, first:last] + np.float32(1e-7)
    return np.asarray(np.exp(np.log(magnitudes).mean(1)) / magnitudes.mean(1))


def _syllables(mel: npt.NDArray[np.float32]) -> float:
    levels = np.log1p(COMPRESSION / 10 * mel[:, VOICE_BANDS])
    modulation = np.fft.rfft((levels - levels.mean(0)) * np.hanning(len(levels))[:, None], axis=0)
    strengths = (np.abs(modulation) ** 2).sum(1)
    hertz = np.fft.rfftfreq(len(levels), 1 / FRAMES_PER_S)
    within = float(strengths[(hertz > 0.3) & (hertz < 20)].sum())
    return float(strengths[(hertz > 2.5) & (hertz < 7)].sum()) / within if within else 0.0


def _moving(chromas: Sequence[Array]) -> float:
    changes = [np.abs(np.diff(tones / (tones.sum(1, keepdims=True) + 1e-12), axis=0)).sum(1) for tones in chromas]
    together = np.concatenate(changes)
    return float(together.mean()) if len(together) else 0.0
