"""Songs that the catalogue knows and the index does not: by a file of sound, an ISRC or an MBID; and their files.

The catalogue is $REFRAIN_CATALOGUE, else refrain.db in the folder where a command runs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from engine.cli.opening import CATALOGUE
from engine.cli.render.console import message
from engine.playlist.formats import PLAYED
from indexer.errors import CatalogueError, SongNotFoundError

if TYPE_CHECKING:
    from engine.playlist.playlist import Playlist
    from indexer.catalogue import Catalogue

_NAMESPACE = re.compile(r"(isrc|mbid):", re.IGNORECASE)
_READABLE = {"isrc": "the ISRC", "mbid": "the MusicBrainz id"}


def songs_of_words(words: Any) -> Any:
    """The words of an option, each path of a file of sound, ISRC and MBID as the song_id that the catalogue has for it.

    A word is a path where a file of this name is there; what names a song is never both.
    """
    if isinstance(words, str):
        return _song_of_word(words)
    return words if words is None else [_song_of_word(word) for word in words]


def files_for(out: Path, playlist: Playlist) -> dict[str, str]:
    """song_id -> the path of its file of sound, for a playlist that is written to `out`, of those that have one.

    Empty where that is no file for players, or where no catalogue can be read.
    """
    if out.suffix.lower() not in PLAYED or _nobody_has_one():
        return {}
    try:
        with _catalogue() as catalogue:
            return catalogue.files_of_songs(hit.song_id for hit in playlist)
    except CatalogueError as error:
        message(f"{out.name} names no files of sound: {error}", style="yellow")
        return {}


def _song_of_word(word: str) -> str:
    path = _sound_file(word)
    return _song_of_id(word) if path is None else _song_of_file(path)


def _sound_file(word: str) -> Path | None:
    from indexer.sources.sound.walk import is_sound

    try:
        path = Path(word).expanduser()
        return path if "." in path.name and path.is_file() and is_sound(path) else None
    except (OSError, ValueError, RuntimeError):  # too long for a path, a null character, nobody's home
        return None


def _song_of_file(path: Path) -> str:
    with _catalogue() as catalogue:
        song_id = catalogue.song_of_path(path)
    if song_id is None:
        raise typer.BadParameter(f"{path.name} is a file of no imported folder; import it with: refrain import {path}")
    return song_id


def _song_of_id(word: str) -> str:
    """The song of an ISRC or MBID. One that no song has may be a name, unless "isrc:" or "mbid:" stands before it."""
    from indexer.sources.identifiers import READERS

    marked = _NAMESPACE.match(word)
    value = word[marked.end() :].strip() if marked else word
    namespaces = (marked[1].lower(),) if marked else ("isrc", "mbid")
    namespace = next((each for each in namespaces if READERS[each](value)), "")
    if not namespace or _nobody_has_one():
        return word  # a name, or the song_id of a song that nothing else is known by
    try:
        with _catalogue() as catalogue:
            if catalogue.song(word) is not None:
                return word
            songs = catalogue.songs_of_id(namespace, READERS[namespace](value))
    except CatalogueError:
        if marked:
            raise
        return word
    if songs:
        return songs[0]
    if marked:
        raise SongNotFoundError(
            f"no song of the catalogue has {_READABLE[namespace]} {value}; look it up by title and artist"
        )
    return word


def _nobody_has_one() -> bool:
    """Whether no catalogue is named and none lies here: an index works without."""
    return _place() == CATALOGUE and not Path(CATALOGUE).exists()


def _place() -> str:
    return os.environ.get("REFRAIN_CATALOGUE", CATALOGUE)


def _catalogue() -> Catalogue:
    from indexer.catalogue import Catalogue

    return Catalogue(_place(), create=False)
