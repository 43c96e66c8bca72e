"""Sources: the files that people have, recognised by their content and read as rows.

A new format is one module with a tuple `FORMATS` and one line in the registry below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import SourceError
from indexer.sources.base import Batch, Format, Refusal
from indexer.sources.deezer import FORMATS as DEEZER
from indexer.sources.detect import sniff
from indexer.sources.hit_predictor import FORMATS as HIT_PREDICTOR
from indexer.sources.mpd import FORMATS as MPD
from indexer.sources.spotify_csv import FORMATS as SPOTIFY_CSV
from indexer.sources.tables import FORMATS as TABLES
from indexer.sources.tabular import OpenedFile, shown

__all__ = ["Batch", "Format", "Refusal", "Source", "import_order", "recognise"]

# The first format that fits a file reads it: plain tables, which ask for least, come last.
FORMATS: tuple[Format, ...] = (*MPD, *DEEZER, *SPOTIFY_CSV, *HIT_PREDICTOR, *TABLES)


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its format."""

    opened: OpenedFile
    format: Format

    @property
    def path(self) -> Path:
        return self.opened.path

    def batches(self) -> Iterator[Batch]:
        """The file's rows, some thousand at a time. A file that breaks off raises `SourceError` on the way."""
        return self.format.read(self.opened)


def recognise(path: str | Path) -> Source:
    """The format of a file, by its content; the name and its ending are not read."""
    opened = sniff(path)
    fitting = next((format for format in FORMATS if format.fits(opened)), None)
    if fitting is None:
        columns = ", ".join(opened.columns[:20]) or "none"
        known = "; ".join(format.layout for format in FORMATS)
        raise SourceError(
            f"{shown(path)} has the columns: {columns[:300]}. No known layout has these; known are: {known}. "
            "Rename the columns to one of them"
        )
    return Source(opened, fitting)


def import_order(paths: Iterable[str | Path]) -> list[Path]:
    """The files in the order in which they can be imported: songs, then playlists, entries and tags of them."""
    return sorted(map(Path, paths), key=lambda path: recognise(path).format.rank)
