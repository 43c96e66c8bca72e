"""The songs that a request names, looked up before anything is computed, and what was decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.bounds import MOST_NAMES
from engine.index import OpenIndex
from engine.lookup.ids import row_of_id
from engine.lookup.names import resolve, resolve_known
from engine.requests import Explain, MakePath, MakePlaylist, Recommend, Request
from indexer.errors import RequestError
from indexer.records import Song

_LISTS, _SINGLE = ("seeds", "avoid", "liked", "skipped"), ("start", "end", "a", "b")


class Names:
    """Looks the names of one request up, each once, and notes which of several songs was taken.

    Whatever names songs for somebody goes through here: a name costs as much as a search, so no more than MOST_NAMES
    of them are looked up, however they came in; of song_ids there may be any number.

    exact   a name that several songs have is an AmbiguousSongError, however well one of them is known
    notes   a sentence for each name that several songs have
    """

    def __init__(self, index: OpenIndex, *, exact: bool = False):
        self._index, self._exact = index, exact
        self._notes: dict[str, None] = {}
        self._ids: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def song_id(self, song: Any) -> Any:
        """The song_id of a song that is given by words or an id; a `Song` as it is.

        RequestError for a name beyond the MOST_NAMES that are looked up.
        """
        if not isinstance(song, str):
            return song
        if song in self._ids:
            return self._ids[song]
        row = row_of_id(self._index, song)
        if row is not None:
            return self._index.songs.song_ids[row]
        if len(self._ids) == MOST_NAMES:
            raise RequestError(
                field="songs", found=f"more than {MOST_NAMES} names", expected=f"at most {MOST_NAMES}; give song_ids"
            )
        note = ""
        if self._exact:
            row = resolve(self._index, song)
        else:
            row, note = resolve_known(self._index, song)
        if note:
            self._notes[note] = None
        self._ids[song] = self._index.songs.song_ids[row]
        return self._ids[song]


def song_ids(index: OpenIndex, songs: Sequence[Song | str]) -> list[str]:
    """The song_ids of songs that are given by names and ids; of a `Song` its own, else that of its title and artist."""
    names = Names(index)
    return [names.song_id(name_of(song)) for song in songs]


def name_of(song: Song | str) -> str:
    """What a song is looked up by: its id, else its title and artist; RequestError where it has neither."""
    if isinstance(song, str):
        return song
    if song.song_id:
        return song.song_id
    if not song.title.strip():
        raise RequestError(field="songs", found="a song without id and title", expected="songs with one of them")
    return f"{song.title}, {song.artist}" if song.artist.strip() else song.title


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
