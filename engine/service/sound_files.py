"""Files of sound as the catalogue knows them, for all threads of a process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from indexer.errors import CatalogueError

if TYPE_CHECKING:
    from indexer.catalogue import Catalogue, FileRecord

RETRY_S = 10.0  # before a catalogue that could not be opened is tried again

log = logging.getLogger("refrain.service")

T = TypeVar("T")


class SoundFiles:
    """What the catalogue knows of files of sound: one catalogue for all threads of a process, opened when needed.

    A catalogue that cannot be opened or read is logged, and there are no files meanwhile: songs are found without it.
    """

    def __init__(self, catalogue: str):
        self._place = catalogue
        self._catalogue: Catalogue | None = None
        self._next_try = 0.0
        self._opening = Lock()

    def records(self, song_ids: Iterable[str]) -> Mapping[str, FileRecord]:
        """song_id -> its file, for songs that have one."""
        return self._ask(lambda catalogue: catalogue.file_records_of_songs(song_ids))

    def ids(self, song_ids: Iterable[str]) -> Mapping[str, Mapping[str, list[str]]]:
        """song_id -> namespace ("isrc", "mbid", ...) -> ids."""
        return self._ask(lambda catalogue: catalogue.ids_of_songs(song_ids))

    def close(self) -> None:
        with self._opening:
            if self._catalogue is not None:
                self._catalogue.close()
                self._catalogue = None

    def _ask(self, question: Callable[[Catalogue], dict[str, T]]) -> dict[str, T]:
        try:
            catalogue = self._opened()
            return {} if catalogue is None else question(catalogue)
        except CatalogueError as error:
            log.warning("files of sound are not served: %s", error)
            return {}

    def _opened(self) -> Catalogue | None:
        with self._opening:
            if self._catalogue is None and time.monotonic() >= self._next_try:
                self._next_try = time.monotonic() + RETRY_S
                from indexer.catalogue import Catalogue  # SQLAlchemy takes a third of a second

                self._catalogue = Catalogue(self._place, create=False)
            return self._catalogue
