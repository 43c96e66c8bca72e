"""JSPF, XSPF as JSON (https://xspf.org/jspf), as ListenBrainz, Refrain and others write it.

ListenBrainz names a recording by an address of MusicBrainz in "identifier", which is a text or a list
(https://musicbrainz.org/doc/jspf); Refrain notes its song_id in the additional metadata of that extension.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from indexer.sources.base import CERTAIN, Batch, Fit, Format, Refusal
from indexer.sources.cells import identifier, plain
from indexer.sources.documents import whole
from indexer.sources.lists import Entry, location_of, read_list
from indexer.sources.opened import OpenedFile

_MOST_LOCATIONS = 50  # of a track


def _playlists(document: object) -> list[Mapping[str, object]]:
    """The playlists of a document: one, or a page of them as the API of ListenBrainz gives it."""
    if not isinstance(document, dict):
        return []
    listed = document.get("playlists", [document])
    inner = [each.get("playlist") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [each for each in inner if isinstance(each, dict) and isinstance(each.get("track"), list)]


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind in ("json", "jsonl") and _playlists(opened.outline):
        return Fit(CERTAIN, 'a "playlist" with "track"')
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    for playlist in _playlists(whole(opened)):
        batch = Batch()
        tracks = playlist["track"]
        assert isinstance(tracks, list)
        entries = []
        for row, track in enumerate(tracks, start=1):
            if isinstance(track, dict):
                entries.append(_entry(row, track))
            else:
                batch.refusals.append(
                    Refusal(opened.name, row, "entry", f"a track is {type(track).__name__}, no object")
                )
        yield batch
        facts = {"description": playlist.get("annotation")}
        yield from read_list(opened, plain(playlist.get("title")), entries, facts)


def _entry(row: int, track: Mapping[str, object]) -> Entry:
    locations = [location_of(plain(each)) for key in ("identifier", "location") for each in _listed(track.get(key))]
    title, artist, album = (plain(track.get(key)) for key in ("title", "creator", "album"))
    found = tuple(filter(None, locations[:_MOST_LOCATIONS]))
    return Entry(row, found, title, artist, album, track.get("duration") or None, _song_id(track))


def _song_id(track: Mapping[str, object]) -> str:
    extension = track.get("extension")
    for each in extension.values() if isinstance(extension, dict) else ():
        more = each.get("additional_metadata") if isinstance(each, dict) else None
        if isinstance(more, dict) and (song_id := identifier(more.get("refrain_song_id"))):
            return song_id
    return ""


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


FORMATS = (Format("jspf", 3, '"playlist" with "track" in JSON (JSPF, ListenBrainz)', _recognise, _read, lambda _: ()),)
