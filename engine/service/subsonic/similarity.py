"""Calls for what is similar: songs, paths and artists."""

from __future__ import annotations

import numpy as np

from engine.bounds import MOST_STEPS
from engine.query.filters import by_artist
from engine.requests import Recommend
from engine.service.similar import (
    Near,
    artist_called,
    best_known,
    near_songs,
    similar_artists,
    similar_songs,
    song_path,
)
from engine.service.subsonic.entries import Call, Entry, artist_entries, song_entries
from engine.service.subsonic.ids import ALBUM, ARTIST, key_of, song_id_of
from engine.service.subsonic.problems import NOT_FOUND, Problem
from indexer.songs.table import Songs

MOST = 500  # songs of one answer
SEEDS = 20  # songs that stand for an album
_LEAST_PATH = 2  # songs: the first and the last


def get_sonic_similar_tracks(call: Call) -> Entry:
    song_id = known_song(call.index.songs, call.given.required("id"))
    return _matches(call, near_songs(call.service.engine, song_id, call.given.number("count", 10, MOST)))


def find_sonic_path(call: Call) -> Entry:
    """Each song with how near it is to the first."""
    start, end = (known_song(call.index.songs, call.given.required(name)) for name in ("startSongId", "endSongId"))
    length = max(call.given.number("count", 25, MOST_STEPS), _LEAST_PATH)
    return _matches(call, song_path(call.service.engine, start, end, length))


def get_similar_songs(call: Call) -> Entry:
    return {"similarSongs": {"song": _similar(call)}}


def get_similar_songs2(call: Call) -> Entry:
    """The specification names the id of an artist; many players send that of a song."""
    return {"similarSongs2": {"song": _similar(call)}}


def get_top_songs(call: Call) -> Entry:
    count = call.given.number("count", 50, MOST)
    mask = by_artist(call.index.songs, call.given.required("artist"))
    rows = [] if mask is None else best_known(call.service.engine, np.flatnonzero(mask & call.index.songs.alive))
    return {"topSongs": {"song": song_entries(call, rows[:count])}}


def get_artist_info(call: Call) -> Entry:
    return {"artistInfo": _artist_info(call)}


def get_artist_info2(call: Call) -> Entry:
    return {"artistInfo2": _artist_info(call)}


def known_song(songs: Songs, public: str) -> str:
    """The song_id of a song that there is; Problem 70 where there is none."""
    song_id = song_id_of(public)
    if songs.row_of(song_id) is None:
        raise Problem(NOT_FOUND, "no song has this id")
    return song_id


def _artist_info(call: Call) -> Entry:
    engine = call.service.engine
    key = key_of(ARTIST, call.given.required("id"))
    if key is None:
        return {"similarArtist": []}
    near = similar_artists(engine, artist_called(engine, key), call.given.number("count", 20, MOST))
    return {"similarArtist": artist_entries(call, [each for each, _ in near])}


def _similar(call: Call) -> list[Entry]:
    public, count = call.given.required("id"), call.given.number("count", 50, MOST)
    engine, songs = call.service.engine, call.index.songs
    if (artist := key_of(ARTIST, public)) is not None:
        request = Recommend(seed_artists=(artist_called(engine, artist),), k=max(count, 1))
    elif (album := key_of(ALBUM, public)) is not None:
        rows = best_known(engine, call.collection.songs_of_album(album))
        if not rows:
            raise Problem(NOT_FOUND, "no album has this id")
        request = Recommend(seeds=tuple(songs.song_ids[row] for row in rows[:SEEDS]), k=max(count, 1))
    else:
        request = Recommend(seeds=(known_song(songs, public),), k=max(count, 1))
    return song_entries(call, similar_songs(engine, request)[:count])


def _matches(call: Call, near: Near) -> Entry:
    entries = song_entries(call, [row for row, _ in near])
    return {
        "sonicMatch": [{"entry": entry, "similarity": value} for entry, (_, value) in zip(entries, near, strict=True)]
    }
