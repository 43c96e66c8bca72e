"""Opened files: what a file is by its first bytes, and how it is read as text."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

Kind = Literal["csv", "jsonl", "json", "json table", "parquet", "sheet", "xml", "lines", "sound"]
Row = tuple[int, Mapping[str, object]]

# A row that could not be read has this key alone, with the reason as its value. No column can have this name.
BROKEN = "\x00"

# Endings of files that may hold sound: those of libsndfile, and those that need FFmpeg.
_LIBSNDFILE_ENDINGS = frozenset(
    {".mp3", ".flac", ".ogg", ".oga", ".opus", ".wav", ".wave", ".aif", ".aiff", ".aifc", ".caf", ".w64", ".rf64",
     ".au"}
)  # fmt: skip
FFMPEG_ENDINGS = frozenset(
    {".m4a", ".m4b", ".m4r", ".mp4", ".aac", ".alac", ".wma", ".asf", ".ape", ".wv", ".mka", ".webm", ".mpc", ".tta"}
)
SOUND_ENDINGS = _LIBSNDFILE_ENDINGS | FFMPEG_ENDINGS

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
    spaced     whether quotes of a CSV file open behind spaces
    delimiter  of a CSV file; skipped: lines before its header; header: whether it has one, else `columns` are ours
    rows       number of rows where the file says it, else None
    head       the beginning of a text
    outline    of JSON: the value that the head holds, cut where the head ends, or a `JsonTable`; of XML: (root tag,
               attributes)
    remarks    what had to be guessed, for people
    cache      what readers found in it once: its first rows, what its columns mean
    """

    path: Path
    kind: Kind
    name: str = ""
    encoding: str = "utf-8"
    errors: str = "strict"
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    spaced: bool = False
    skipped: int = 0
    header: bool = True
    rows: int | None = None
    head: str = field(default="", repr=False)
    outline: object = field(default=None, repr=False)
    remarks: tuple[str, ...] = ()
    cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

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


def unique_names(names: Iterable[object]) -> tuple[str, ...]:
    """The cells of a header as column names, each once.

    >>> unique_names(["Title", " Title", "\\ufeffYear"])
    ('Title', 'Title (2)', 'Year')
    """
    unique: dict[str, None] = {}
    numbers: Counter[str] = Counter()
    for each in names:
        name = base = " ".join(str("" if each is None else each).strip("\ufeff\x00").split())
        while name in unique:
            numbers[base] += 1
            name = f"{base} ({numbers[base] + 1})"
        unique[name] = None
    return tuple(unique)
