"""LRC: the lyrics of one song, each line with the time at which it is sung.

`[ti:Salt Road]`, `[ar:Ada]`, `[al:...]`, `[length: 3:45]`, then `[00:12.00]First line`, a line that is sung again with
several times, and in the enhanced form `<00:12.50>` before each word (https://en.wikipedia.org/wiki/LRC_(file_format)).
What the tags do not say is taken from the file's name, "Artist - Title.lrc". Times order the lines and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from indexer.errors import SourceError
from indexer.sources.base import CERTAIN, LIKELY, Batch, Fit, Format, Refusal
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.opened import OpenedFile
from indexer.sources.reader import SongReader
from indexer.sources.units import milliseconds

_TAG = re.compile(r"\[\s*([a-z#]{1,10})\s*:(.*?)\]\s*", re.IGNORECASE)
_TIMES = re.compile(r"(?:\[\s*\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\s*\]\s*)+")
_TIME = re.compile(r"(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?")
_WORD_TIME = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>\s?")
_COLUMNS = (
    Column("ti", "title"),
    Column("ar", "artist"),
    Column("al", "album"),
    Column("length", "duration_ms", "minutes:seconds", lambda cell: milliseconds(str(cell)) or cell),
    Column("la", "language"),
    Column("lyrics", "lyrics"),
    *(
        Column(name, "", "about the file, not about the song")
        for name in ("by", "re", "ve", "tool", "offset", "id", "#")
    ),
    Column("au", "", "who wrote the song"),
    Column("lr", "", "who wrote the words"),
)
_PLACE = re.compile(r"\A\d{1,3}(?:\.| -)\s+(?=\S)")  # on a disc: "07 - Artist - Title"
_LONGEST = 4_000_000  # characters: no song is that long


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind != "lines":
        return None
    lines = [line.strip("\ufeff \t") for line in opened.head.splitlines() if line.strip("\ufeff \t")]
    timed = sum(_TIMES.match(line) is not None for line in lines)
    tags = {tag.group(1).lower() for line in lines if (tag := _TAG.fullmatch(line))}
    if timed and tags.intersection(("ti", "ar")):
        return Fit(CERTAIN, "a title or an artist in brackets, and lines with times")
    if timed * 2 > len(lines) or tags.issuperset(("ti", "ar")):
        return Fit(LIKELY, "lines that begin with times" if timed else "a title and an artist in brackets")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    try:
        with opened.open_text() as file:
            text = file.read(_LONGEST)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{opened.shown} is not {opened.encoding.upper()} text ({error.reason}); it is damaged: get it again"
        ) from None
    reader, batch = SongReader(opened, ColumnMap(_COLUMNS)), Batch()
    tags, lyrics = _parts(text)
    if not lyrics:
        batch.refusals.append(Refusal(opened.name, 1, "value", "no words beside the times: no lyrics"))
    reader.add(batch, 1, {**_named(opened.title, tags), "lyrics": lyrics})
    reader.finish(batch)
    yield batch


def _parts(text: str) -> tuple[dict[str, str], str]:
    """The tags of a file, and its words in the order in which they are sung."""
    tags: dict[str, str] = {}
    lines: list[tuple[float, str]] = []
    last = 0.0
    for line in text.lstrip("\ufeff").splitlines():
        line = line.strip()
        if tag := _TAG.fullmatch(line):
            tags.setdefault(tag.group(1).lower(), tag.group(2).strip())
            continue
        times = _TIMES.match(line)
        words = _WORD_TIME.sub("", line[times.end() :] if times else line).strip()
        starts = [_seconds(*each) for each in _TIME.findall(times.group())] if times else [last]
        last = max(starts)
        lines += [(start, words) for start in starts]
    lines.sort(key=lambda each: each[0])
    return tags, re.sub(r"\n{3,}", "\n\n", "\n".join(words for _, words in lines)).strip()


def _seconds(minutes: str, seconds: str, fraction: str) -> float:
    return 60 * int(minutes) + int(seconds) + (float(f"0.{fraction}") if fraction else 0.0)


def _named(name: str, tags: dict[str, str]) -> dict[str, str]:
    """The tags; a title or an artist that they lack is what the file's name says, "Artist - Title"."""
    artist, dash, title = _PLACE.sub("", name).partition(" - ")
    if tags.get("ti"):
        return tags if tags.get("ar") or not dash else {**tags, "ar": artist.strip()}
    return {**tags, "ti": title.strip() if dash else artist, "ar": tags.get("ar") or (artist.strip() if dash else "")}


def _columns(opened: OpenedFile) -> Sequence[Column]:
    tags, _ = _parts(opened.head)
    return [column for column in _COLUMNS if column.name == "lyrics" or column.name in tags]


FORMATS = (Format("lrc", 1, "lyrics with times (LRC)", _recognise, _read, _columns),)
