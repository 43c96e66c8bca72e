"""`refrain update --watch`: looks at a folder until a signal ends it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from engine.cli.render.console import message
from engine.cli.render.watch import Rounds
from engine.cli.waiting import patience
from indexer.progress import Track


def keep_up(folder: Path, catalogue: str, index: Path, *, track: Track, as_json: bool) -> None:
    """Show each round of a watch until Ctrl-C or SIGTERM.

    Both end it at once, wherever it is: a file is imported whole or not at all, an index published whole or not at all,
    and what a build had finished is there for the next one.
    """
    from indexer.build.watch import Watch, publish
    from indexer.processes import run_apart
    from indexer.sources.sound.workers import cores

    # In a process of its own: what encoding and learning load would stay with a watch, which waits for weeks.
    waits = patience(no_wait=False)
    bring_up = partial(run_apart, publish, catalogue, index, None, None, waits, track)
    rounds = Rounds(as_json=as_json)
    with _terminated_as_by_ctrl_c():
        try:
            watch = Watch(folder, catalogue, index, bring_up, workers=cores(), patience=waits, track=track)
            rounds.show(watch.begin())
            message(f"watching {folder}; Ctrl-C ends it")
            while True:
                rounds.show(watch.look())
                time.sleep(watch.pause_s)
        except KeyboardInterrupt:
            message("the watch has ended; what was imported and published stays")


@contextmanager
def _terminated_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt in the block."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
