"""Calls that answer with a file: sound and covers."""

from __future__ import annotations

from fastapi import Response

from engine.service.similar import best_known
from engine.service.sound import cover_response, sound_response
from engine.service.subsonic.entries import Call
from engine.service.subsonic.ids import ALBUM, ARTIST, key_of
from engine.service.subsonic.problems import NOT_FOUND, Problem
from engine.service.subsonic.similarity import known_song
from indexer.records import Song


def stream(call: Call) -> Response:
    """The file as it is: nothing is transcoded, whatever format or bit rate is asked for."""
    return sound_response(call.service.sound, _song(call))


def download(call: Call) -> Response:
    return sound_response(call.service.sound, _song(call), download=True)


def get_cover_art(call: Call) -> Response:
    """The cover of a song, an album or an artist, as large as it is."""
    public = call.given.required("id")
    artist, album = key_of(ARTIST, public), key_of(ALBUM, public)
    if artist is None and album is None:
        return cover_response(call.service.sound, [_song(call)])
    of = call.collection
    rows = of.songs_of_album(album) if album is not None else of.songs_of_artist(artist or "")
    best = best_known(call.service.engine, rows)
    return cover_response(call.service.sound, call.index.songs.described(best))


def _song(call: Call) -> Song:
    songs = call.index.songs
    row = songs.row_of(known_song(songs, call.given.required("id")))
    if row is None:
        raise Problem(NOT_FOUND, "no song has this id")
    return next(iter(songs.described([row])))
