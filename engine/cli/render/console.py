"""The way to the terminal: tables, lines and JSON on stdout, messages on stderr. Here outside text becomes harmless."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from engine.plain import json_line_text, json_text
from indexer.text.printable import HARMFUL, printable

if TYPE_CHECKING:
    from rich.console import Console

NAMED = 10  # songs that a message names
PIPE_WIDTH = 160  # columns of a table that goes into a file: wide enough for a song and its reason in one line

Column = tuple[str, Literal["left", "right"]]  # heading, and the side to which its cells keep


def stdout() -> Console:
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def table(title: str | None, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    """A table on stdout. None is an empty cell; a title in square brackets is a title."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    def cell(value: object) -> Text:  # as Text, for rich reads markup and emoji codes in a str
        return Text("" if value is None else printable(str(value)))

    drawn = Table(title=None if title is None else cell(title), box=SIMPLE, title_justify="left", pad_edge=False)
    drawn.show_header = any(heading for heading, _ in columns)
    for heading, side in columns:
        drawn.add_column(cell(heading), justify=side, overflow="fold")
    for row in rows:
        drawn.add_row(*map(cell, row))
    stdout().print(drawn)


def line(text: str, style: str = "") -> None:
    """One line of an answer, on stdout; it is not broken where the terminal ends."""
    _write(stdout(), text, style)


def message(text: str, style: str = "") -> None:
    """One line that is no part of an answer, on stderr."""
    _write(stderr(), text, style)


def notes(sentences: Iterable[str]) -> None:
    """What was decided about the names of a request, on stderr."""
    for sentence in sentences:
        message(sentence, style="yellow")


def some_of(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are.

    >>> some_of(["a", "b"])
    'a; b'
    """
    more = f"; and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more


def _write(console: Console, text: str, style: str) -> None:
    from rich.text import Text

    console.print(Text(printable(text), style), soft_wrap=True)


def json_document(value: object) -> None:
    """One JSON document on stdout: dataclasses are objects, a number that is none (NaN, infinity) is null.

    What a terminal would obey stands in it as JSON's own escapes, so the document is the same.
    """
    sys.stdout.write(_escaped(json_text(value)))


def json_line(value: object) -> None:
    """A JSON document on a line of its own, for whoever reads while more of them come."""
    sys.stdout.write(_escaped(json_line_text(value)))
    sys.stdout.flush()


def _escaped(text: str) -> str:
    return HARMFUL.sub(lambda sign: "\n" if sign[0] == "\n" else f"\\u{ord(sign[0]):04x}", text)
