"""Waiting for other writers: the option of every command that writes a catalogue or an index."""

from __future__ import annotations

import math
from typing import Annotated

from engine.cli.options import flag
from engine.cli.render.console import message
from indexer.waiting import Patience

NoWaitOption = Annotated[
    bool, flag("--no-wait", help="Where another process writes, say which and leave with status 75; else wait for it.")
]


def patience(no_wait: bool) -> Patience:
    """How long a command waits for another writer: as long as it takes, with a line on stderr that says for whom."""
    return Patience(0.0 if no_wait else math.inf, message)
