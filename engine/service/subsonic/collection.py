"""Collection: the artists and albums of an index, as players browse them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from indexer.songs.table import Coded
from indexer.text.names import fold

Rows = npt.NDArray[np.int64]


class Collection:
    """Artists and albums by their keys, which are those of the index.

    artists, albums   the keys that living songs have, from A to Z
    """

    def __init__(self, index: OpenIndex):
        songs = index.songs
        alive = np.flatnonzero(songs.alive)
        self._artists = _Inverse(songs.column("artist_key"), alive)
        self._albums = _Inverse(songs.column("album_key"), alive)
        self._names = _names(songs.column("artist_key"), songs.column("artist_name"))
        self.artists: Sequence[str] = self._artists.keys
        self.albums: Sequence[str] = self._albums.keys
        self._albums_of: dict[str, list[str]] = {}
        for key in self.albums:
            self._albums_of.setdefault(key.partition("|")[0], []).append(key)

    def songs_of_artist(self, key: str) -> Rows:
        """The living rows of which the artist is one, also as a guest; none for a key that no song has."""
        return self._artists.rows(key)

    def songs_of_album(self, key: str) -> Rows:
        return self._albums.rows(key)

    def artist_name(self, key: str) -> str:
        """The artist as some song writes him."""
        return self._names.get(key, key)

    def albums_of_artist(self, key: str) -> Sequence[str]:
        return self._albums_of.get(key, ())


class _Inverse:
    """A column of terms the other way round: the rows of each term."""

    def __init__(self, column: Coded, alive: Rows):
        owner, codes = column.of_rows(alive)
        order = np.argsort(codes, kind="stable")
        self._rows = alive[owner][order]
        self._starts = np.searchsorted(codes[order], np.arange(len(column.terms) + 1))
        used = np.flatnonzero(np.diff(self._starts))
        self._codes = {term: code for code in used.tolist() if (term := column.terms[code])}
        self.keys = tuple(sorted(self._codes))

    def rows(self, key: str) -> Rows:
        code = self._codes.get(key)
        return self._rows[:0] if code is None else self._rows[self._starts[code] : self._starts[code + 1]]


def _names(keys: Coded, names: Coded) -> dict[str, str]:
    """Key -> the artist as the first song writes him."""
    codes, firsts = np.unique(keys.codes, return_index=True)
    written = names.codes[firsts]
    return {keys.terms[code]: names.terms[name] for code, name in zip(codes.tolist(), written.tolist(), strict=True)}


@lru_cache(maxsize=1)
def collection_of(index: OpenIndex) -> Collection:
    """The collection of an index, made once for each that is opened."""
    return Collection(index)


def matching(keys: Iterable[str], text: str) -> list[str]:
    """The keys in which every word of the text begins a word: those that are the text first, then those that begin so.

    >>> matching(["tin heron", "the tin men", "heron"], "Tin"), matching(["mo vale|pier", "pier"], "pier")
    (['tin heron', 'the tin men'], ['pier', 'mo vale|pier'])
    """
    wanted = fold(text)
    words = [f" {word}" for word in wanted.split()]
    names = ((key, f" {key.replace('|', ' ')}") for key in keys)
    near = [key for key, name in names if words and all(word in name for word in words)]
    return sorted(near, key=lambda key: (key != wanted, not key.startswith(wanted)))
