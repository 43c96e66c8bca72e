"""Files of sound on the command line: a path stands for the song that the file is in the catalogue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer


def songs_of_files(words: Any) -> Any:
    """The words of an option, each path of a file of sound as the song_id that it has in the catalogue.

    A word is a path where a file of this name is there; what names a song is never both.
    """
    if isinstance(words, str):
        return _song_of_file(words)
    return words if words is None else [_song_of_file(word) for word in words]


def _song_of_file(word: str) -> str:
    from indexer.sources.sound.walk import is_sound

    try:
        path = Path(word).expanduser()
        if "." not in path.name or not path.is_file() or not is_sound(path):
            return word
    except (OSError, ValueError, RuntimeError):  # too long for a path, a null character, nobody's home
        return word
    from engine.cli.opening import CATALOGUE
    from indexer.catalogue import Catalogue

    with Catalogue(os.environ.get("REFRAIN_CATALOGUE", CATALOGUE), create=False) as opened:
        song_id = opened.song_of_path(path)
    if song_id is None:
        raise typer.BadParameter(f"{path.name} is a file of no imported folder; import it with: refrain import {path}")
    return song_id
