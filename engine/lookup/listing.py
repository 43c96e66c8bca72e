"""Listing: the songs under filters in an order that a person looks through, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.lookup.names import find
from engine.plain import answer_dict, song_dict
from engine.requests import Find, ListSongs
from indexer.records import AUDIO_NAMES, Song
from indexer.songs.table import Songs
from indexer.text.tokens import strip_accents

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Page:
    """Songs in an order: some of those that meet filters, or those that are called so.

    request   what it answers: how many stand before this page, among others
    total     how many meet the filters; None where nobody counts them
    """

    songs: tuple[Song, ...]
    request: ListSongs | Find
    total: int | None = None

    def __len__(self) -> int:
        return len(self.songs)

    def __iter__(self) -> Iterator[Song]:
        return iter(self.songs)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        answer = answer_dict(map(song_dict, self.songs), self.request.to_dict())
        return answer if self.total is None else answer | {"total": self.total}


def list_songs(index: OpenIndex, request: ListSongs) -> Page:
    """The page of songs that the request is for."""
    songs = index.songs
    rows = np.flatnonzero(request.filters.mask(songs) if request.filters else songs.alive)
    page = in_order(songs, rows, request.sort)[request.offset : request.offset + request.limit]
    return Page(tuple(songs.song(int(row)) for row in page), request, len(rows))


def find_songs(index: OpenIndex, request: Find) -> Page:
    """The songs whose names are most like the words."""
    matches = find(index, request.text, request.k)
    return Page(tuple(index.songs.song(match.row) for match in matches), request)


def in_order(songs: Songs, rows: Rows, sort: str = "name") -> Rows:
    """The rows sorted: texts from A to Z, numbers from the highest down, the other way round after a minus.

    Unknown values, titles too, come last either way; songs of one value are in the order of their names.
    """
    name, backwards = sort.removeprefix("-"), sort.startswith("-")
    rows = rows[_order([(strip_accents(songs.titles[r]), strip_accents(songs.artists[r])) for r in rows.tolist()])]
    if name == "name":
        titled = np.array([bool(songs.titles[row]) for row in rows.tolist()], bool)
        known, unknown = rows[titled], rows[~titled]
        return np.concatenate([known[::-1] if backwards else known, unknown])
    if name in _TEXTS:
        texts = [strip_accents(_TEXTS[name](songs, row)) for row in rows.tolist()]
        known = np.array([bool(text) for text in texts], bool)
        order = _order(texts, backwards=backwards)
    else:
        values = _numbers(songs, name)[rows].astype(np.float64)
        known = ~np.isnan(values)
        order = np.argsort(values if backwards else -values, kind="stable")
    return np.asarray(rows[np.concatenate([order[known[order]], order[~known[order]]])])


_TEXTS: dict[str, Callable[[Songs, int], str]] = {
    "artist": lambda songs, row: songs.artists[row],
    "album": lambda songs, row: songs.text("album", row) or "",
}


def _order(keys: list[str] | list[tuple[str, str]], *, backwards: bool = False) -> Rows:
    """Places in the order of the keys; equal keys stay as they stand, backwards too."""
    return np.array(sorted(range(len(keys)), key=keys.__getitem__, reverse=backwards), np.int64)


def _numbers(songs: Songs, name: str) -> npt.NDArray[np.floating]:
    """float (rows,), NaN where unknown; of a song whose decade is known alone, the decade's first year."""
    if name == "year":
        when = np.where(songs.year >= 0, songs.year, songs.decade).astype(np.float64)
        return np.where(when < 0, np.nan, when)
    return songs.popularity if name == "popularity" else songs.audio[:, AUDIO_NAMES.index(name)]
