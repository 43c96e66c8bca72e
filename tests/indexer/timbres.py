"""Files with a timbre in a catalogue without sound: what an import of a folder would have written of songs there."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.catalogue.files import path_key, stored_vector

DIMENSIONS = 66
_FILE = """INSERT INTO files (path_key, path, song_id, size, mtime_ns, beside, sound_hash, album_artist, compilation,
    cover, analysis, timbre) VALUES (?, ?, ?, 1, 1, '', ?, '', 0, 0, 1, ?)"""


def store_timbres(database: Path, timbres: Mapping[str, npt.NDArray[np.floating]], folder: str = "/music") -> None:
    """A file of sound with this timbre for each of these songs."""
    connection = sqlite3.connect(database)
    with connection:
        for song_id, vector in timbres.items():
            path = f"{folder}/{song_id}.flac"
            raw = stored_vector(np.asarray(vector, np.float32))
            connection.execute(_FILE, (path_key(path), path, song_id, path_key(path), raw))
    connection.close()


def forget_timbres(database: Path, folder: str = "/music") -> None:
    """The files of a folder go, their songs stay."""
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("DELETE FROM files WHERE path LIKE ?", (f"{folder}/%",))
    connection.close()


def grouped(groups: int, each: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """float32 (groups x each, DIMENSIONS): row r is of group r % groups, four times as near to it as to the others."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0.0, 2.0, (groups, DIMENSIONS))
    noise = rng.normal(0.0, 0.5, (groups * each, DIMENSIONS))
    units = np.exp(rng.normal(0.0, 2.0, DIMENSIONS))  # the numbers are in units of their own
    return ((centres[np.arange(groups * each) % groups] + noise) * units).astype(np.float32)
