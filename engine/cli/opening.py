"""Opening the engine that a command asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engine.cli.render.console import message
from indexer.errors import IndexFormatError, RefrainError

CATALOGUE = "refrain.db"  # in the folder where a command runs, unless it names another

if TYPE_CHECKING:
    from engine.engine import Engine


@contextmanager
def open_engine(index: Path) -> Iterator[Engine]:
    """The engine of an index; what is odd about it goes to stderr.

    IndexFormatError takes the place of an error that nobody expected, where the index turns out to be damaged.
    """
    from engine.engine import Engine

    try:
        with Engine.open(index) as engine:
            for note in engine.notes:
                message(note, style="yellow")
            yield engine
    except (RefrainError, OSError, typer.TyperException, typer.Exit, typer.Abort):
        raise
    except Exception as error:
        from indexer.store.generations import verify

        if problems := verify(index):
            raise IndexFormatError(
                f"{index} is damaged: {problems[0]}; run `refrain build`, which makes it anew"
            ) from error
        raise
