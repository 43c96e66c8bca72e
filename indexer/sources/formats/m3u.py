"""M3U and M3U8: a song per line, and in the extended form what it is called before it.

No standard; directives as https://en.wikipedia.org/wiki/M3U lists them: #EXTM3U, #PLAYLIST:name,
#EXTINF:seconds attributes,Artist - Title, #EXTALB:album, #EXTART:artist. VirtualDJ writes
#EXTVDJ:<artist>...</artist><title>...</title>, iTunes "Title - Artist".
Refrain's own are #REFRAIN-SONG:song_id and, where a file stands for the song, #REFRAIN-LINK:URI.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from indexer.errors import SourceError
from indexer.sources.base import CERTAIN, LIKELY, Batch, Fit, Format
from indexer.sources.lists import Entry, read_list
from indexer.sources.opened import OpenedFile
from indexer.sources.path_names import parted
from indexer.sources.paths import plain_path
from indexer.text.names import artist_key

SONG_DIRECTIVE = "#REFRAIN-SONG:"  # the catalogue's key of the next song
LINK_DIRECTIVE = "#REFRAIN-LINK:"  # an address of the next song beside that of its file
_STREAM = re.compile(r"^\s*#EXT-X-", re.MULTILINE)
_NAME = re.compile(r"^#PLAYLIST:(.*)$", re.MULTILINE)
_INFO = re.compile(r"#EXTINF:\s*(-?\d+(?:\.\d+)?)?((?:\s+[\w-]+=(?:\"[^\"]*\"|[^\s,]+))*)\s*,?(.*)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"(#EXTALB|#EXTART|#EXTVDJ|#REFRAIN-SONG|#REFRAIN-LINK):(.*)", re.IGNORECASE)
_LONGEST = 100_000  # characters of a line


def m3u_entries(lines: Iterable[str]) -> Iterator[tuple[Entry, str]]:
    """The entries of a list, each with what it is called as a whole, as "Artist - Title"; "" where nothing says it."""
    album = artist = ""  # of the whole list: what stands before its first entry
    entry, called, begun = Entry(0), "", False
    links: tuple[str, ...] = ()
    for row, line in enumerate(lines, start=1):
        line = line.strip("\ufeff \t\r\n\x00")[:_LONGEST]
        if info := _INFO.match(line):
            seconds, _, called = info.groups()
            called = " ".join(called.split())
            length = float(seconds) if seconds and len(seconds) < 10 else 0.0
            entry = replace(entry, duration_ms=1000 * length if length > 0 else None)
            begun = True
        elif found := _DIRECTIVE.match(line):
            name, text = found.group(1).upper(), " ".join(found.group(2).split())
            if name == "#EXTALB":
                entry = replace(entry, album=text)
                album = album if begun else text
            elif name == "#EXTART":
                entry = replace(entry, artist=text, title="" if text else called)  # it has none: "A - B" is a title
                artist = artist if begun else text
            elif name == "#EXTVDJ":
                entry = replace(entry, artist=_inner(text, "artist"), title=_inner(text, "title"))
            elif name == "#REFRAIN-LINK":
                links = (text,) if text else ()
            else:
                entry = replace(entry, song_id=text)
        elif line and not line.startswith("#"):
            entry = replace(entry, row=row, locations=(line, *links))
            entry = replace(entry, album=entry.album or album, artist=entry.artist or artist)
            yield _named(entry, called), called
            entry, called, links, begun = Entry(0), "", (), True


def _named(entry: Entry, called: str) -> Entry:
    if entry.title or not called:
        return entry
    if entry.artist and called.startswith(f"{entry.artist} - "):
        return replace(entry, title=called[len(entry.artist) + 3 :])
    first, second = parted(called)
    if not first:
        return replace(entry, title=called)
    folders = {artist_key(part) for part in re.split(r"[\\/]", plain_path(entry.locations[0]))[:-1]}
    if artist_key(second) in folders and artist_key(first) not in folders:  # as iTunes writes it
        first, second = second, first
    return replace(entry, title=second, artist=first)


def _inner(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.IGNORECASE)
    return html.unescape(found.group(1)) if found else ""


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind != "lines":
        return None
    start = opened.head.lstrip("\ufeff \t\r\n")[:7].upper()
    if start in ("#EXTM3U", "#EXTINF"):
        return Fit(CERTAIN, f"it begins with {start}")
    return None if start.startswith("[") else Fit(LIKELY, "each line is the name of a file of sound, or a link")


def _read(opened: OpenedFile) -> Iterator[Batch]:
    if _STREAM.search(opened.head.replace("\r", "\n")):
        raise SourceError(
            f"{opened.shown} is a stream in pieces (HLS), no playlist of songs; save the playlist in the player itself"
        )
    name = _NAME.search(opened.head.replace("\r", "\n"))
    with opened.open_text() as file:
        yield from read_list(opened, name.group(1) if name else "", (entry for entry, _ in m3u_entries(file)))


FORMATS = (Format("m3u", 3, "#EXTM3U, or a file of sound per line (M3U, M3U8)", _recognise, _read, lambda _: ()),)
