"""A playlist as a person arranges it: moved, taken out, replaced; each change is another address."""

from __future__ import annotations

import numpy as np

from engine.answer.answer import answer
from engine.engine import Engine
from engine.lookup.named import with_ids
from engine.playlist.playlist import Playlist
from engine.query.reading import read
from engine.requests import MakePlaylist
from engine.service.page.wishes import MOST_LENGTH, Wishes
from indexer.errors import RequestError, SongNotFoundError
from indexer.search.allowed import Allowed

CHANGES = ("up", "down", "remove", "replace")


def make(engine: Engine, wishes: Wishes) -> Playlist:
    """The playlist of the wishes: as it was arranged, or where nobody did, as the engine chooses."""
    request = wishes.playlist()
    arranged = wishes.all("song")
    if not arranged:
        return engine.answer(request)
    if len(arranged) > MOST_LENGTH:
        raise RequestError(field="song", found=f"{len(arranged)} songs", expected=f"at most {MOST_LENGTH}")
    if wishes.empty:
        request = MakePlaylist(seeds=arranged[:1])
    return _as_arranged(engine, request, arranged)


def change(engine: Engine, wishes: Wishes, what: str, song_id: str) -> Wishes:
    """The wishes after one song of an arranged playlist was moved, taken out or replaced."""
    songs = list(wishes.all("song"))
    if what not in CHANGES or song_id not in songs:
        raise RequestError(field="change", found=repr(what[:60]), expected=f"one of {', '.join(CHANGES)}, and a song")
    at = songs.index(song_id)
    bare = wishes.without("song")
    if what in ("up", "down"):
        to = min(max(at + (1 if what == "down" else -1), 0), len(songs) - 1)
        songs.insert(to, songs.pop(at))
        return bare.with_("song", *songs)
    bare = bare.less("seed", song_id).with_("gone", song_id)
    songs.remove(song_id)
    if what == "replace":
        songs[at:at] = _another(engine, bare, songs)
    return bare.with_("song", *songs)


def _another(engine: Engine, wishes: Wishes, songs: list[str]) -> list[str]:
    """The best song for the wishes that is not in the playlist and was never taken out; none where none is left."""
    base = wishes if not wishes.empty else wishes.with_("seed", *songs[:1])
    made = engine.answer(base.with_("gone", *songs).without("length").with_("length", "1").playlist().model_copy(
        update={"with_seeds": False}
    ))  # fmt: skip
    return [song.song_id for song in made.songs]


def _as_arranged(engine: Engine, request: MakePlaylist, songs: tuple[str, ...]) -> Playlist:
    """The songs in their order, each with the reason that it has under the request; seeds of it count as seeds."""
    index = engine.index
    rows = [index.songs.row_of(song_id) for song_id in songs]
    known = [row for row in rows if row is not None]
    if not known:
        raise SongNotFoundError("none of the songs of this playlist is in the catalogue any more; make it anew")
    named, _ = with_ids(index, request.model_copy(update={"exclude": ()}))
    assert isinstance(named, MakePlaylist)  # of one kind with the request
    reading = read(index, named, engine.weights)
    allowed = np.zeros(len(index.songs), bool)
    allowed[known] = True
    ranked = answer(reading.query, reading.weights, len(known), Allowed(allowed))
    gone = len(songs) - len(known)
    notes = (f"{gone} of its songs are not in the catalogue any more",) if gone else ()
    titles = [seed.song.title for seed in reading.query.seeds[: reading.given]]
    name = f"Like {', '.join(titles[:3])}" if titles else request.text or "Playlist"
    return Playlist(name, tuple(ranked.hits(known)), (), request.to_dict(), notes)
