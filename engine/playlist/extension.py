"""Extensions: a list of songs that somebody has, and songs that go on from its last."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.answer.hits import Hit, Hits
from engine.fields import MOST_SEEDS
from engine.index import OpenIndex
from engine.lookup.files import Listed
from engine.lookup.named import with_ids
from engine.playlist.formats import NO_FILES, Writable, m3u8
from engine.playlist.locations import Files
from engine.playlist.playlist import Playlist
from engine.playlist.requested import playlist
from engine.query.query import Query
from engine.query.reading import known_rows
from engine.query.seeds import Seed
from engine.requests import MakePlaylist
from engine.score.weights import Profiles
from indexer.errors import EmptyQueryError

MOST_MISSING = 10  # songs that a note names


@dataclass(frozen=True, slots=True)
class Extension:
    """A list and what goes on from it.

    before    the songs of the list that the index holds, each once
    new       the songs after them: none of the list, nor a version of one
    missing   what the list calls those that the index does not hold, or not surely
    """

    before: tuple[Hit, ...]
    new: Playlist
    missing: tuple[str, ...]

    @property
    def whole(self) -> Playlist:
        """The songs of the list that the index holds, and the new ones."""
        songs = (*self.before, *self.new.songs)
        placed = tuple(replace(hit, rank=place) for place, hit in enumerate(songs, 1))
        return replace(self.new, songs=placed)


def extension(index: OpenIndex, listed: Listed, request: MakePlaylist, profiles: Profiles) -> Extension:
    """The playlist that the request is for, as one that goes on from a list: its songs are seeds, and the first new
    song fits the last of them.

    Caps count the new songs alone. EmptyQueryError where the index holds no song of the list.
    """
    ids = [song.song_id for song in listed.songs if song.song_id]
    missing = (*listed.missing, *(song.name for song in listed.songs if not song.song_id))
    if not ids:
        raise EmptyQueryError(
            f"no song of the list is in the catalogue ({len(missing):,} were looked up); expected a song a line, by "
            "its song_id, its file's name, or its artist and title"
        )
    named, notes = with_ids(index, request)
    assert isinstance(named, MakePlaylist)  # of one kind with the request
    last_first = ids[-MOST_SEEDS:][::-1]
    alike = [song_id for several in listed.ambiguous.values() for song_id in several]
    # What is excluded cannot open a list; a song of the list is a seed, so it does not come back in any case.
    exclude = [each for each in named.exclude if each != ids[-1]]
    wanted = named.model_copy(
        update={
            "seeds": tuple(dict.fromkeys([*last_first, *named.seeds])),
            "exclude": (*exclude, *ids[:-MOST_SEEDS], *(each for each in alike if each not in ids)),
            "with_seeds": False,
        }
    )
    opened = playlist(index, wanted.model_copy(update={"length": request.length + 1}), profiles, opening=1)
    songs = [hit for hit in opened.songs if hit.song_id != ids[-1]][: request.length]
    placed = tuple(replace(hit, rank=place) for place, hit in enumerate(songs, 1))
    if missing:
        more = f" and {len(missing) - MOST_MISSING:,} more" if len(missing) > MOST_MISSING else ""
        notes = (*notes, f"not found, so not gone by: {'; '.join(missing[:MOST_MISSING])}{more}")
    new = replace(opened, songs=placed, query=wanted.to_dict(), notes=notes)
    return Extension(_hits(index, ids), new, missing)


def appended(text: str, new: Writable, files: Files = NO_FILES) -> str:
    """The text of an M3U with more songs at its end; what stands in it stays as it is, also what nobody knows."""
    text = text.replace("\r\n", "\n")
    if not text.lstrip("\ufeff \t\n").upper().startswith("#EXTM3U"):
        text = "#EXTM3U\n" + text.lstrip("\ufeff")
    _header, _name, entries = m3u8(new, files).split("\n", 2)
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{entries}"


def _hits(index: OpenIndex, song_ids: list[str]) -> tuple[Hit, ...]:
    """Songs as hits that nothing ranked."""
    rows = known_rows(index, "songs", song_ids)
    query = Query(index, seeds=(Seed.of_row(index, rows[-1]),))
    none = np.zeros((len(rows), 0), np.float32)
    return tuple(Hits(query, np.array(rows, np.int64), np.zeros(len(rows), np.float32), {}, none))
