"""Apple Music in the copy of one's data from https://privacy.apple.com: what was played.

"Apple Music Play Activity.csv" has a row for each event (Song Name, Album Name, Artist Name or Container Artist Name,
Event Start Timestamp, Event Type, Media Type, End Reason Type, Play Duration Milliseconds); in many years the artist is
empty. "Apple Music - Play History Daily Tracks.csv" has days, and calls a song "Artist - Title" (Track Description).
Columns: https://github.com/meghpatel/MusicFlow/tree/main/docs. "Apple Music Library Tracks.json" is a list of songs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from indexer.sources.base import CERTAIN, Fit
from indexer.sources.cells import plain
from indexer.sources.listens import NoListen, Record, listens_format
from indexer.sources.opened import OpenedFile
from indexer.sources.tabular import listed_rows

_TITLES, _ARTISTS = ("Song Name", "Content Name"), ("Artist Name", "Container Artist Name")
_DESCRIPTION = "Track Description"  # "Artist - Title"
_ACTIVITY = frozenset({"Event Start Timestamp", "Play Duration Milliseconds"})
_DAYS = frozenset({_DESCRIPTION, "Date Played", "Play Duration Milliseconds"})
_NAMES = frozenset({*_TITLES, *_ARTISTS, _DESCRIPTION})


def _recognise(opened: OpenedFile) -> Fit | None:
    names = set(opened.columns)
    if names >= _ACTIVITY and not names.isdisjoint(_TITLES):
        return Fit(CERTAIN, "the columns Event Start Timestamp, Play Duration Milliseconds and a song's name")
    return Fit(CERTAIN, "the columns Track Description, Date Played and its length") if names >= _DAYS else None


def _listens(opened: OpenedFile) -> Iterator[tuple[int, Record | NoListen]]:
    for row, cells in listed_rows(opened):
        yield row, NoListen(cells) if isinstance(cells, str) else _listen(cells)


def _listen(cells: Mapping[str, object]) -> Record | NoListen:
    artist, _, title = plain(cells.get(_DESCRIPTION)).partition(" - ")
    title = title or _first(cells, _TITLES)
    artist = artist or _first(cells, _ARTISTS)
    if not title or plain(cells.get("Media Type")).upper() == "VIDEO":
        return NoListen("no song: a video, a station or another event")
    if plain(cells.get("Event Type")).upper() not in ("", "PLAY_END"):
        return NoListen("the beginning of a song or another event: its end is the play")
    if not artist:
        return NoListen(
            "Apple left out the artist; what was played stands in Apple Music - Play History Daily Tracks.csv as well"
        )
    others = {name: cell for name, cell in cells.items() if name not in _NAMES}
    skipped = "SKIPPED" in plain(cells.get("End Reason Type")).upper()
    return {"title": title, "artist": artist, "skipped": skipped, **others}


def _first(cells: Mapping[str, object], names: Sequence[str]) -> str:
    return next((text for name in names if (text := plain(cells.get(name)))), "")


FORMATS = (listens_format("apple music history", "what was played in Apple Music", _recognise, _listens),)
