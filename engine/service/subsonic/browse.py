"""Calls for browsing: search, single songs, artists, albums, genres, and lists of songs."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.bounds import MOST_SONGS
from engine.query.filters import Filters
from engine.requests import Find
from engine.service.similar import best_known, rows_of
from engine.service.subsonic.collection import matching
from engine.service.subsonic.entries import (
    Call,
    Entry,
    album_directories,
    album_entries,
    album_rows,
    artist_entries,
    song_entries,
)
from engine.service.subsonic.ids import ALBUM, ARTIST, key_of, marked_id
from engine.service.subsonic.problems import GENERIC, NOT_FOUND, Problem
from engine.service.subsonic.similarity import known_song
from indexer.errors import EmptyQueryError, FilterError

MOST = 500  # songs or albums of one list, as the specification has it

Rows = npt.NDArray[np.int64]


def get_song(call: Call) -> Entry:
    row = call.index.songs.row_of(known_song(call.index.songs, call.given.required("id")))
    return {"song": song_entries(call, [] if row is None else [row])[0]}


def get_artist(call: Call) -> Entry:
    key = _artist(call, call.given.required("id"))
    albums = album_entries(call, call.collection.albums_of_artist(key))
    return {"artist": {**artist_entries(call, [key])[0], "album": albums}}


def get_album(call: Call) -> Entry:
    key = _album(call, call.given.required("id"))
    return {"album": {**album_entries(call, [key])[0], "song": song_entries(call, album_rows(call, key))}}


def get_music_directory(call: Call) -> Entry:
    """An artist holds albums, an album songs."""
    public = call.given.required("id")
    if key_of(ALBUM, public) is not None:
        key = _album(call, public)
        album = album_entries(call, [key])[0]
        children = song_entries(call, album_rows(call, key))
        return {"directory": {"id": public, "name": album["name"], "parent": album["artistId"], "child": children}}
    key = _artist(call, public)
    children = album_directories(call, call.collection.albums_of_artist(key))
    return {"directory": {"id": marked_id(ARTIST, key), "name": call.collection.artist_name(key), "child": children}}


def get_artists(call: Call) -> Entry:
    return {"artists": {"ignoredArticles": "The", "index": _letters(call)}}


def get_indexes(call: Call) -> Entry:
    from datetime import datetime

    at = int(datetime.fromisoformat(call.index.manifest["created"]).timestamp() * 1000)
    return {"indexes": {"lastModified": at, "ignoredArticles": "The", "index": _letters(call)}}


def get_genres(call: Call) -> Entry:
    songs = call.index.songs
    genres, albums = songs.column("genre"), songs.single("album_key")
    alive = np.flatnonzero(songs.alive)
    owner, codes = genres.of_rows(alive)
    counts = Counter(codes.tolist())
    both = {(code, int(album)) for code, album in zip(codes.tolist(), albums[alive][owner].tolist(), strict=True)}
    albums_of = Counter(code for code, album in both if album >= 0)
    listed = [
        {"songCount": count, "albumCount": albums_of[code], "value": genres.terms[code]}
        for code, count in counts.most_common()
        if genres.terms[code]
    ]
    return {"genres": {"genre": listed}}


def search2(call: Call) -> Entry:
    return {"searchResult2": _search(call, albums=album_directories)}


def search3(call: Call) -> Entry:
    """An empty text finds everything: players copy a collection so."""
    return {"searchResult3": _search(call, albums=album_entries)}


def get_random_songs(call: Call) -> Entry:
    given = call.given
    conditions: dict[str, Any] = {"genre": [given.text("genre")]} if given.text("genre") else {}
    if given.given("fromYear") or given.given("toYear"):
        conditions["year"] = (given.number("fromYear", 0), given.number("toYear", 9999))
    rows = _under(call, conditions)
    size = min(given.number("size", 10, MOST), len(rows))
    chosen = np.random.default_rng().choice(rows, size, replace=False)
    return {"randomSongs": {"song": song_entries(call, chosen.tolist())}}


def get_songs_by_genre(call: Call) -> Entry:
    rows = best_known(call.service.engine, _under(call, {"genre": [call.given.required("genre")]}))
    first, count = call.given.number("offset", 0), call.given.number("count", 10, MOST)
    return {"songsByGenre": {"song": song_entries(call, rows[first : first + count])}}


def get_album_list(call: Call) -> Entry:
    return {"albumList": {"album": album_directories(call, _listed_albums(call))}}


def get_album_list2(call: Call) -> Entry:
    return {"albumList2": {"album": album_entries(call, _listed_albums(call))}}


def _listed_albums(call: Call) -> list[str]:
    kind, given = call.given.required("type"), call.given
    keys = list(call.collection.albums)
    years = call.index.songs.year

    def year(key: str) -> int:
        return int(years[call.collection.songs_of_album(key)].max())

    match kind:
        case "random":
            np.random.default_rng().shuffle(keys)
        case "newest":
            keys.sort(key=year, reverse=True)
        case "frequent" | "highest":
            place = {row: i for i, row in enumerate(call.index.by_popularity.tolist())}
            keys.sort(key=lambda key: min(place[row] for row in call.collection.songs_of_album(key).tolist()))
        case "alphabeticalByArtist":
            pass  # the keys are in this order
        case "alphabeticalByName":
            keys.sort(key=lambda key: key.partition("|")[2])
        case "byYear":
            first, last = given.number("fromYear", 0), given.number("toYear", 9999)
            keys = [key for key in keys if min(first, last) <= year(key) <= max(first, last)]
            keys.sort(key=year, reverse=first > last)
        case "byGenre":
            rows = set(_under(call, {"genre": [given.required("genre")]}).tolist())
            keys = [key for key in keys if not rows.isdisjoint(call.collection.songs_of_album(key).tolist())]
        case "recent" | "starred":
            keys = []  # nobody notes what is played or liked
        case _:
            raise Problem(GENERIC, "this type of list is unknown")
    offset = given.number("offset", 0)
    return keys[offset : offset + given.number("size", 10, MOST)]


def _search(call: Call, albums: Any) -> Entry:
    given = call.given
    text = given.required("query").strip().strip('"').removesuffix("*").strip()
    collection = call.collection
    artist_keys = matching(collection.artists, text) if text else collection.artists
    album_keys = matching(collection.albums, text) if text else collection.albums
    first, count = given.number("songOffset", 0), given.number("songCount", 20, MOST_SONGS)
    if not text:
        rows = np.flatnonzero(call.index.songs.alive)[first : first + count].tolist()
    else:
        rows = _called(call, text, min(first + count, MOST_SONGS))[first : first + count]
    return {
        "artist": artist_entries(call, _page(call, "artist", artist_keys)),
        "album": albums(call, _page(call, "album", album_keys)),
        "song": song_entries(call, rows),
    }


def _called(call: Call, text: str, most: int) -> list[int]:
    if not most:
        return []
    try:
        songs = call.service.engine.answer(Find(text=text, k=most))
    except EmptyQueryError:
        return []
    return rows_of(call.service.engine, [song.song_id for song in songs])


def _page(call: Call, name: str, keys: Any) -> Any:
    first = call.given.number(f"{name}Offset", 0)
    return keys[first : first + call.given.number(f"{name}Count", 20, MOST_SONGS)]


def _letters(call: Call) -> list[Entry]:
    """The artists under the letters that they begin with."""
    keys = call.collection.artists
    return [
        {"name": letter, "artist": artist_entries(call, group)}
        for letter, group in groupby(sorted(keys, key=_letter), key=_letter)
    ]


def _letter(key: str) -> str:
    return key[0].upper() if key[0].isalpha() else "#"


def _under(call: Call, conditions: dict[str, Any]) -> Rows:
    """The living rows under filters; none where no song has such a genre."""
    try:
        return np.flatnonzero(Filters.of(conditions).mask(call.index.songs))
    except FilterError:
        return np.zeros(0, np.int64)


def _artist(call: Call, public: str) -> str:
    key = key_of(ARTIST, public)
    if key is None or not len(call.collection.songs_of_artist(key)):
        raise Problem(NOT_FOUND, "no artist has this id")
    return key


def _album(call: Call, public: str) -> str:
    key = key_of(ALBUM, public)
    if key is None or not len(call.collection.songs_of_album(key)):
        raise Problem(NOT_FOUND, "no album has this id")
    return key
