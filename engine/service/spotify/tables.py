"""Tables: what Spotify's shape needs beside an index, made once for each generation that is opened."""

from __future__ import annotations

from itertools import pairwise
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.service.spotify.ids import IdTable
from indexer.lazy import lazy
from indexer.songs.table import Songs
from indexer.text.names import artist_key

Rows = npt.NDArray[np.int64]


class Tables:
    """Lookups over the songs of one generation; each is made when it is first needed.

    Holds no index: it would live on with its tables.
    """

    def __init__(self, songs: Songs):
        self._songs = songs

    @lazy
    def tracks(self) -> IdTable:
        """Ids of living rows."""
        songs = self._songs
        alive = songs.alive.tolist()
        names = [songs.song_ids[row] if here else "" for row, here in enumerate(alive)]
        real = [songs.text("spotify_id", row) or "" if here else "" for row, here in enumerate(alive)]
        return IdTable("track", names, real)

    @lazy
    def artists(self) -> IdTable:
        """Ids of the codes of artists, by their folded names."""
        return IdTable("artist", self.artist_keys)

    @lazy
    def artist_keys(self) -> list[str]:
        """By code: an artist's folded name; "" for one whose songs are all deleted."""
        return list(self._songs.column("artist_key").terms)

    def song_ids(self, track_id: str) -> tuple[str, ...]:
        """The song that a track's id names; () where it names none."""
        row = self.tracks.number_of(track_id)
        return () if row is None else (self._songs.song_ids[row],)

    def artists_named(self, artist_id: str) -> tuple[str, ...]:
        """The artist that an id names, as some song writes the name; () where it names none."""
        code = self.artists.number_of(artist_id)
        return () if code is None else (self._songs.artist_called(code),)

    @lazy
    def genres(self) -> dict[str, tuple[str, ...]]:
        """Genres as they are asked for (`genre_key`) -> as songs have them, in every way of writing."""
        genres: dict[str, tuple[str, ...]] = {}
        for term in self._songs.column("genre").terms:
            if term:
                genres[genre_key(term)] = (*genres.get(genre_key(term), ()), term)
        return genres

    @lazy
    def titles(self) -> list[str]:
        """By row: the folded title between spaces, so that a word of it can be looked for; "" for a dead row."""
        songs = self._songs
        return [f" {artist_key(songs.titles[row])} " if here else "" for row, here in enumerate(songs.alive.tolist())]

    @lazy
    def artist_names(self) -> list[str]:
        """By row: the folded names of all artists, as in `titles`."""
        column = self._songs.column("artist_key")
        starts, codes = column.starts.tolist(), column.codes.tolist()
        names = [f" {key} " for key in self.artist_keys]
        return ["".join([names[code] for code in codes[a:b]]) for a, b in pairwise(starts)]

    @lazy
    def albums(self) -> list[str]:
        """By row: the folded title of the album, as in `titles`; "" where it has none."""
        column = self._songs.column("album_key")
        names = [f" {term.partition('|')[2]} " for term in column.terms]
        return [names[code] if code >= 0 else "" for code in self._songs.single("album_key").tolist()]

    @lazy
    def album_sizes(self) -> list[int]:
        """Living songs by the code of their album."""
        codes = self._songs.single("album_key")[self._songs.alive]
        sizes: list[int] = np.bincount(codes[codes >= 0], minlength=len(self._songs.column("album_key").terms)).tolist()
        return sizes

    @lazy
    def album_ids(self) -> IdTable:
        """Ids of the codes of albums, and behind them of the rows whose songs have none: each is an album alone."""
        songs = self._songs
        terms = songs.column("album_key").terms
        codes = songs.single("album_key").tolist()
        alone = [
            album_name(songs.song_ids[row]) if here and codes[row] < 0 else ""
            for row, here in enumerate(songs.alive.tolist())
        ]
        return IdTable(
            "album", [*(term if size else "" for term, size in zip(terms, self.album_sizes, strict=True)), *alone]
        )

    def rows_of_album(self, number: int) -> Rows:
        """The living songs of an album, by its number in `album_ids`, in the order of `album_places`."""
        songs, many = self._songs, len(self._songs.column("album_key").terms)
        if number >= many:
            return np.array([number - many], np.int64)
        return np.flatnonzero(songs.alive & (songs.single("album_key") == number))

    @lazy
    def album_places(self) -> npt.NDArray[np.int64]:
        """int64 (rows,): a song's place among the songs of its album here, from 1; no index has the album's own."""
        codes = np.where(self._songs.alive, self._songs.single("album_key"), -1)
        order = np.argsort(codes, kind="stable")
        places = np.empty(len(codes), np.int64)
        places[order] = np.arange(len(codes)) - np.searchsorted(codes[order], codes[order]) + 1
        return np.where(codes < 0, 1, places)

    @lazy
    def _artist_rows(self) -> tuple[Rows, npt.NDArray[np.int64]]:
        """Living rows in the order of their artists' codes, and where each code's begin."""
        column = self._songs.column("artist_key")
        rows, codes = column.of_rows(np.flatnonzero(self._songs.alive))
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(column.terms) + 1))
        return np.flatnonzero(self._songs.alive)[rows[order]], starts

    def rows_of_artist(self, code: int) -> Rows:
        """The living songs that an artist made or is a guest of, the most popular first."""
        rows, starts = self._artist_rows
        own = rows[starts[code] : starts[code + 1]]
        return own[np.argsort(-np.nan_to_num(self._songs.popularity[own], nan=-1.0), kind="stable")]

    @lazy
    def artist_popularity(self) -> npt.NDArray[np.float64]:
        """float64 (artists,), 0..100: of the best known song of each, 0 where nothing is known."""
        rows, starts = self._artist_rows
        best = np.zeros(len(starts) - 1)
        owner = np.repeat(np.arange(len(best)), np.diff(starts))
        np.maximum.at(best, owner, np.nan_to_num(self._songs.popularity[rows], nan=0.0))
        return best


def album_name(song_id: str) -> str:
    """What the album of a song without one is called towards ids: no folded name has a null."""
    return f"\0{song_id}"


def genre_key(genre: str) -> str:
    """What genres are told apart by: Spotify writes hip-hop, catalogues hip hop.

    >>> genre_key("Hip-Hop")
    'hip hop'
    """
    return genre.casefold().replace("-", " ").strip()


_made: WeakKeyDictionary[OpenIndex, Tables] = WeakKeyDictionary()
_making = Lock()


def tables_of(index: OpenIndex) -> Tables:
    """The tables of an index; a generation that is opened anew has its own, and a closed one's go with it."""
    with _making:
        tables = _made.get(index)
        if tables is None:
            tables = _made[index] = Tables(index.songs)
        return tables
