"""Opened files: what a file is by its first bytes, and how it is read as text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TextIO

Kind = Literal["csv", "jsonl", "json", "parquet", "sheet", "xml", "lines", "sound"]
Row = tuple[int, Mapping[str, object]]

# A row that could not be read has this key alone, with the reason as its value. No column can have this name.
BROKEN = "\x00"

_ENDINGS = (".gz", ".zip", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".ods", ".xml",
            ".nml", ".xspf", ".jspf", ".m3u", ".m3u8", ".pls", ".lrc")  # fmt: skip


def shown(path: str | Path) -> str:
    """A path for people: bytes of a name that are not UTF-8 text are shown as the replacement character."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(frozen=True)
class OpenedFile:
    """A file that can be read and what its first bytes say.

    path       where its bytes are; of a packed file, where they were unpacked to
    name       what it is called: the file's name, in an archive "archive.zip/folder/name"
    encoding   of text; errors: "strict", or "replace" where single bytes are damaged
    columns    of a table: the header's cells, each once ("Title", "Title (2)"); of JSON Lines the first keys
    delimiter  of a CSV file; skipped: lines before its header; header: whether it has one, else `columns` are ours
    rows       number of rows where the file says it, else None
    head       the beginning of a text
    outline    of JSON: the value that the head holds, cut where the head ends; of XML: (root tag, attributes)
    remarks    what had to be guessed, for people
    """

    path: Path
    kind: Kind
    name: str = ""
    encoding: str = "utf-8"
    errors: str = "strict"
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    skipped: int = 0
    header: bool = True
    rows: int | None = None
    head: str = field(default="", repr=False)
    outline: object = field(default=None, repr=False)
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", shown(self.path.name))

    @property
    def shown(self) -> str:
        """The file in messages: its path, or its name in an archive."""
        return shown(self.path) if self.path.name == self.name else self.name

    @property
    def title(self) -> str:
        """What the file's name calls what is in it: without folders and endings, "_" as spaces.

        >>> OpenedFile(Path("night_ferry.csv.gz"), "csv").title
        'night ferry'
        """
        title = self.name.replace("\\", "/").rpartition("/")[2]
        while (ending := next((each for each in _ENDINGS if title.lower().endswith(each)), "")) and title != ending:
            title = title[: -len(ending)]
        return title if " " in title else " ".join(title.replace("_", " ").split()) or title

    def open_text(self, newline: str | None = None) -> TextIO:
        """The file as text, from its beginning."""
        return self.path.open(encoding=self.encoding, errors=self.errors, newline=newline)

    @cached_property
    def sample(self) -> tuple[Row, ...]:
        """The first rows of a table, for guessing what its columns hold; empty for other files."""
        from indexer.sources.tabular import first_rows

        return first_rows(self)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that a table's columns mean."""
        from indexer.sources.mapping import mapping_of

        return frozenset(column.field for column in mapping_of(self).columns if column.field)
