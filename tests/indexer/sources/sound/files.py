"""Files of sound for tests, written by the libraries' own encoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from indexer.sources.sound.spectra import Spectra
from tests.indexer.sources.sound.synthesis import RATE, Wave

ENCODINGS: dict[str, dict[str, str]] = {
    "wav": {},
    "flac": {},
    "aiff": {},
    "caf": {},
    "ogg": {"format": "OGG", "subtype": "VORBIS"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {"format": "MP3"},
}


def spectra(wave: Wave) -> Spectra:
    """What `measure` computes of a piece."""
    return Spectra.of((wave / np.abs(wave).max()).astype(np.float32))


def saved(path: Path, wave: Any, rate: int = RATE, **encoding: str) -> Path:
    """`wave` (n,) or (n, channels) at RATE, in a file of sample rate `rate`; the ending says how."""
    import soundfile
    import soxr

    if rate != RATE:
        wave = soxr.resample(wave, RATE, rate)
    soundfile.write(path, wave, rate, **(encoding or ENCODINGS[path.suffix[1:]]))
    return path


def saved_by_ffmpeg(path: Path, wave: Wave, codec: str, container: str | None = None) -> Path:
    """`wave` in both channels at 44.1 kHz."""
    import av
    import soxr

    rate = 44100
    plane = np.asarray(soxr.resample(wave, RATE, rate), np.float32)
    with av.open(str(path), "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = "stereo", 128_000
        stream.codec_context.open()
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=rate)
        frame = av.AudioFrame.from_ndarray(np.stack([plane, plane]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = rate, 0
        queue = av.AudioFifo()
        for part in resampler.resample(frame):
            queue.write(part)
        size = stream.codec_context.frame_size or 1024
        while (part := queue.read(size) or queue.read(0, partial=True)) is not None:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path
