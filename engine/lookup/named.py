"""The songs that a request names, looked up before anything is computed, and what was decided about them."""

from __future__ import annotations

from typing import Any

from engine.index import OpenIndex
from engine.lookup.names import resolve, resolve_known
from engine.requests import Explain, MakePath, MakePlaylist, Recommend, Request

_LISTS, _SINGLE = ("seeds", "avoid", "liked", "skipped"), ("start", "end", "a", "b")


class Names:
    """Looks names up, and notes which of several songs was taken.

    exact   a name that several songs have is an AmbiguousSongError, however well one of them is known
    notes   a sentence for each name that several songs have
    """

    def __init__(self, index: OpenIndex, *, exact: bool = False):
        self._index, self._exact = index, exact
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def song_id(self, song: Any) -> Any:
        """The song_id of a song that is given by words or an id; a `Song` as it is."""
        if not isinstance(song, str):
            return song
        if self._exact:
            return self._index.songs.song_ids[resolve(self._index, song)]
        row, note = resolve_known(self._index, song)
        if note:
            self._notes[note] = None
        return self._index.songs.song_ids[row]


def with_ids(index: OpenIndex, request: Request) -> tuple[Request, tuple[str, ...]]:
    """The request with the ids of the songs that it names, but for those that it excludes, and notes about them."""
    if not isinstance(request, Recommend | MakePlaylist | MakePath | Explain):
        return request, ()
    names = Names(index, exact=request.exact)
    fields = type(request).model_fields
    values: dict[str, Any] = {}
    for field in _LISTS:
        if field in fields:
            values[field] = tuple(names.song_id(song) for song in getattr(request, field))
    for field in _SINGLE:
        if field in fields:
            values[field] = names.song_id(getattr(request, field))
    return request.model_copy(update=values), names.notes
