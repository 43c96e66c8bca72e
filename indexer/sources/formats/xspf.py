"""XSPF, the XML Shareable Playlist Format: https://xspf.org/spec. Durations in milliseconds, locations as URIs."""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import CERTAIN, LIKELY, Batch, Fit, Format
from indexer.sources.elements import elements
from indexer.sources.lists import Entry, location_of, read_list
from indexer.sources.opened import OpenedFile

NAMESPACE = "http://xspf.org/ns/0/"
SONG_RELATION = "urn:refrain:song_id"  # what the <meta> is called in which Refrain notes the catalogue's key of a track

_FIELDS = ("title", "creator", "album", "duration")
_MOST_LOCATIONS = 50  # of a track


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind != "xml" or not isinstance(opened.outline, tuple) or opened.outline[0] != "playlist":
        return None
    if any("xspf.org" in value for value in opened.outline[1].values()):
        return Fit(CERTAIN, "an XML document playlist of XSPF")
    return Fit(LIKELY, "an XML document playlist with a trackList") if "trackList" in opened.head else None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    facts: dict[str, object] = {}
    name = ""
    for tag, attributes, text in elements(opened):
        if tag == "trackList":
            break
        if attributes is None and tag in ("title", "annotation") and tag not in facts:
            facts[tag] = text
    name = str(facts.get("title", ""))
    yield from read_list(opened, name, _entries(opened), {"description": facts.get("annotation")})


def _entries(opened: OpenedFile) -> Iterator[Entry]:
    number = depth = 0
    values: dict[str, str] | None = None
    locations: list[str] = []
    relation = ""  # of the <meta> that is open
    for tag, attributes, text in elements(opened):
        if values is None:
            if tag == "track" and attributes is not None:
                values, locations, depth = {}, [], 0
                number += 1
        elif attributes is not None:
            depth += 1
            relation = attributes.get("rel", "") if tag == "meta" and depth == 1 else ""
        elif depth == 0:
            facts = (values.get(each, "").strip() for each in (*_FIELDS, SONG_RELATION))
            yield Entry(number, tuple(locations), *facts)
            values = None
        else:
            depth -= 1
            if depth == 0 and tag in _FIELDS:
                values.setdefault(tag, text)
            elif depth == 0 and relation == SONG_RELATION:
                values.setdefault(relation, text.strip())
            elif depth == 0 and tag in ("location", "identifier") and text.strip() and len(locations) < _MOST_LOCATIONS:
                locations.append(location_of(text.strip()))


FORMATS = (Format("xspf", 3, "playlist with trackList in XML (XSPF)", _recognise, _read, lambda _: ()),)
