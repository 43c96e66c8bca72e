"""Served: the engine that a process answers from, brought to a newer generation while it answers."""

from __future__ import annotations

import logging
from threading import Event, Thread

from engine.engine import Engine
from engine.requests import Find, ListSongs, MakePlaylist, Search
from engine.service.settings import Settings
from engine.service.sound_files import SoundFiles
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
    sound      the files of sound of the catalogue
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        self.token = settings.read_token()
        self.engine = Engine.open(settings.index)
        self.sessions = Sessions(sessions_file(settings.index))
        self.sound = SoundFiles(settings.catalogue)
        self._stopped = Event()
        self._beside = Thread(target=self._work_beside, name="beside", daemon=True)

    def start(self) -> None:
        """Begin what goes on beside the answers: loading the encoder, and looking for newer generations if wanted."""
        self._beside.start()

    def stop(self) -> None:
        self._stopped.set()
        self._beside.join(WATCH_S)  # longer only where the encoder is still being loaded, which harms nothing
        self.engine.close()
        self.sound.close()

    def refresh(self) -> bool:
        """Take what is newer in the index folder; whether there was anything. What cannot be read stays aside."""
        try:
            if not self.engine.stale():
                return False
            self.engine.reopen()
        except Exception as error:  # of any kind: what is served goes on, and so does the watch
            log.warning("the newer index is left aside: %s", error)
            return False
        log.info("generation %d is served", self.engine.index.generation.number)
        return True

    def _work_beside(self) -> None:
        self._answer_once()
        while self.settings.watch and not self._stopped.wait(WATCH_S):
            self.refresh()

    def _answer_once(self) -> None:
        """Answer one request of each kind, so that the first who asks does not wait for what is loaded then."""
        try:
            best_known = self.engine.answer(ListSongs(sort="popularity", limit=1)).songs
            for song in best_known:
                self.engine.answer(Find(text=song.title, k=1))
                self.engine.answer(Search(text=song.title, k=1))
                self.engine.answer(MakePlaylist(seeds=(song.song_id,), length=2))
        except RefrainError as error:  # whoever asks is told
            log.info("%s", error)
        except Exception as error:
            log.error("a bug of this program", exc_info=error)
