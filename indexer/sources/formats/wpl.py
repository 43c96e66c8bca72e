"""WPL and ZPL, the playlists of Windows Media Player and Zune: SMIL with <media src="path"/>.

Layout: https://learn.microsoft.com/windows/win32/wmp/media-element (src; Zune adds trackTitle, trackArtist,
albumTitle, albumArtist, duration in milliseconds).
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import CERTAIN, LIKELY, Batch, Fit, Format
from indexer.sources.elements import elements
from indexer.sources.lists import Entry, read_list
from indexer.sources.opened import OpenedFile


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind != "xml" or not isinstance(opened.outline, tuple) or opened.outline[0] != "smil":
        return None
    if "<?wpl" in opened.head or "<?zpl" in opened.head:
        return Fit(CERTAIN, "a playlist of Windows Media Player")
    return Fit(LIKELY, "SMIL with media") if "<media" in opened.head else None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    name = ""
    for tag, attributes, text in elements(opened):
        if tag == "title" and attributes is None:
            name = text
        if tag == "body":
            break
    yield from read_list(opened, name, _entries(opened))


def _entries(opened: OpenedFile) -> Iterator[Entry]:
    media = (attributes for tag, attributes, _ in elements(opened) if tag == "media" and attributes is not None)
    for row, each in enumerate(media, start=1):
        source = each.get("src", "").strip()
        artist = each.get("trackArtist") or each.get("albumArtist", "")
        yield Entry(
            row, (source,) if source else (), each.get("trackTitle", ""), artist, each.get("albumTitle", ""),
            each.get("duration"),
        )  # fmt: skip


FORMATS = (Format("wpl", 3, "smil with media (Windows Media Player, Zune)", _recognise, _read, lambda _: ()),)
