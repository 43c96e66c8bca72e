"""PLS: the playlists of Winamp and of radio stations: [playlist], File1=, Title1=, Length1= in seconds.

Layout: https://en.wikipedia.org/wiki/PLS_(file_format).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.sources.base import CERTAIN, Batch, Fit, Format
from indexer.sources.lists import Entry, read_list
from indexer.sources.opened import OpenedFile
from indexer.sources.path_names import parted

_LINE = re.compile(r"\s*(File|Title|Length)(\d{1,9})\s*=\s*(.*)", re.IGNORECASE)
_LONGEST = 100_000  # characters of a line


def _entries(opened: OpenedFile) -> Iterator[Entry]:
    """The entries by their numbers; the lines of one need not stand together."""
    found: dict[int, dict[str, str]] = {}
    with opened.open_text() as file:
        for line in file:
            if match := _LINE.fullmatch(line.strip()[:_LONGEST]):
                found.setdefault(int(match.group(2)), {})[match.group(1).lower()] = match.group(3).strip()
    for number, values in sorted(found.items()):
        length = values.get("length", "")
        artist, title = parted(values.get("title", ""))
        location = values.get("file", "")
        seconds = int(length) if length.isdecimal() and len(length) < 7 else 0
        yield Entry(
            number, (location,) if location else (), title, artist, duration_ms=1000 * seconds if seconds else None
        )


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind == "lines" and opened.head.lstrip("\ufeff \t\r\n")[:10].lower() == "[playlist]":
        return Fit(CERTAIN, "it begins with [playlist]")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_list(opened, "", _entries(opened))


FORMATS = (Format("pls", 3, "[playlist] with File1, Title1 (PLS)", _recognise, _read, lambda _: ()),)
