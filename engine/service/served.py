"""Served: the engine that a process answers from, brought to a newer generation while it answers."""

from __future__ import annotations

import logging
from threading import Event, Thread

from engine.engine import Engine
from engine.service.settings import Settings
from engine.sessions import Sessions, sessions_file
from indexer.errors import RefrainError

WATCH_S = 1.0  # between two looks at the index folder

log = logging.getLogger("refrain.service")


class Served:
    """One engine for all requests of a process.

    engine     answers that began with an older generation end with it
    settings   what the service was started with
    token      None where none is needed
    sessions   recipes and history
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        self.token = settings.read_token()
        self.engine = Engine.open(settings.index)
        self.sessions = Sessions(sessions_file(settings.index))
        self._stopped = Event()
        self._watcher = Thread(target=self._watch, name="watch", daemon=True) if settings.watch else None

    def start(self) -> None:
        """Begin to look for newer generations, where that is wanted."""
        if self._watcher is not None:
            self._watcher.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()
        self.engine.close()

    def refresh(self) -> bool:
        """Take what is newer in the index folder; whether there was anything. What cannot be read stays aside."""
        try:
            if not self.engine.stale():
                return False
            self.engine.reopen()
        except (RefrainError, OSError) as error:
            log.warning("the newer index is left aside: %s", error)
            return False
        log.info("generation %d is served", self.engine.index.generation.number)
        return True

    def _watch(self) -> None:
        while not self._stopped.wait(WATCH_S):
            self.refresh()
