"""Small real files of sound for tests: written by libsndfile, tagged by mutagen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 22_050
SECONDS = 2.0
_FORMATS = {
    ".flac": {"format": "FLAC", "subtype": "PCM_16"},
    ".ogg": {"format": "OGG", "subtype": "VORBIS"},
    ".opus": {"format": "OGG", "subtype": "OPUS"},
    ".mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III"},
    ".wav": {"format": "WAV", "subtype": "PCM_16"},
    ".aiff": {"format": "AIFF", "subtype": "PCM_16"},
}


def sound_file(path: Path, *, pitch: float = 220.0, seconds: float = SECONDS, **tags: str | list[str]) -> Path:
    """A tone with a click twice a second; its format by the ending of its name. Another pitch is another sound."""
    rate = 48_000 if path.suffix == ".opus" else RATE
    time = np.arange(int(rate * seconds)) / rate
    tone = 0.4 * np.sin(2 * np.pi * pitch * time) + 0.2 * np.sin(2 * np.pi * 1.5 * pitch * time)
    tone += 0.3 * np.sin(2 * np.pi * 1_000 * time) * (time % 0.5 < 0.01)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone.astype(np.float32), rate, **_FORMATS[path.suffix])
    if tags:
        write_tags(path, **tags)
    return path


def write_tags(path: Path, **tags: str | list[str]) -> None:
    """Tags by mutagen's common names (title, artist, album, date, genre, tracknumber, bpm, isrc, ...)."""
    import mutagen

    file: Any = mutagen.File(path, easy=True)
    if file.tags is None:
        file.add_tags()
    for name, value in tags.items():
        file[name] = value
    file.save()
