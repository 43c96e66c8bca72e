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

    Whatever names songs for somebody goes through here. A name costs as much as a search, and so does a `Song` of which
    the index has nothing but what is given: there may be MOST_NAMES of them, however they came in, and of song_ids any
    number.

    exact   a name that several songs have is an AmbiguousSongError, however well one of them is known
    notes   a sentence for each name that several songs have
    """

    def __init__(self, index: OpenIndex, *, exact: bool = False):
        self._index, self._exact = index, exact
        self._notes: dict[str, None] = {}
        self._ids: dict[Any, Any] = {}
        self._looked_up = 0  # names, found or not

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def song_id(self, song: Any) -> Any:
        """The song_id of a song that is given by words or an id; a `Song` as it is.

        RequestError where there are more than MOST_NAMES that are no ids.
        """
        if not isinstance(song, str | Song):
            return song  # nothing was given, or what the caller refuses by its own words
        if song in self._ids:
            return self._ids[song]
        if isinstance(song, str):
            row = row_of_id(self._index, song)
        else:
            row = self._index.songs.row_of(song.song_id) if song.song_id else None
        if row is not None:
            return self._index.songs.song_ids[row] if isinstance(song, str) else song
        if self._looked_up == MOST_NAMES:
            raise RequestError(
                field="songs", found=f"more than {MOST_NAMES} that are given by names or content",
                expected=f"at most {MOST_NAMES}; give song_ids",
            )  # fmt: skip
        self._looked_up += 1
        self._ids[song] = self._id_of(song) if isinstance(song, str) else song
        return self._ids[song]

    def _id_of(self, name: str) -> str:
        if self._exact:
            return self._index.songs.song_ids[resolve(self._index, name)]
        row, note = resolve_known(self._index, name)
        if note:
            self._notes[note] = None
        return self._index.songs.song_ids[row]


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
