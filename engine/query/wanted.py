"""Which rows may come back: those that meet the filters, without karaoke and the like that nobody wants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.query.filters import Filters
from engine.query.seeds import Seed
from indexer.search.allowed import Allowed, Mask
from indexer.songs.table import Songs
from indexer.text.versions import DERIVED, bits, version_of, versions_wanted

_DERIVED = np.uint32(bits(DERIVED))


def allowed_rows(
    index: OpenIndex, filters: Filters, seeds: Sequence[Seed] = (), text: str = "", *, versions: bool = False
) -> Allowed | None:
    """The rows that meet the filters and are wanted; None where that is every row of the index.

    Recordings made of others' (DERIVED: karaoke, tributes, sped up, ...) are wanted of the kinds that a seed is of or
    that the words or a filter name, of the artists and albums that a filter names, and with `versions`.
    """
    every = versions or bool(filters.artist or filters.album)
    kinds = int(_DERIVED) if every else _kinds_wanted(index.songs, filters, seeds, text)

    def allowed() -> Allowed | None:
        mask = filters.mask(index.songs) if filters else index.songs.alive
        mask = np.asarray(mask & ~_unwanted(index.songs, kinds))
        return None if mask.all() else Allowed(mask)

    return index.conditions.get((filters, kinds), allowed)


def derived(songs: Songs, rows: npt.NDArray[np.int64]) -> Mask:
    """bool (len(rows),): which of the rows are made of others' recordings."""
    return np.asarray((songs.versions[rows] & _DERIVED) != 0)


def _unwanted(songs: Songs, kinds: int) -> Mask:
    """bool (rows,): the derived recordings of none of these kinds."""
    return np.asarray(((songs.versions & _DERIVED) != 0) & ((songs.versions & np.uint32(kinds)) == 0))


def _kinds_wanted(songs: Songs, filters: Filters, seeds: Sequence[Seed], text: str) -> int:
    """As bits: the derived kinds of the seeds, and those that words or filters name."""
    words = " ".join([text, *filters.genre, *filters.tag])
    kinds = bits([*versions_wanted(words)[0], *filters.version_kind])
    for seed in seeds:
        own = bits(version_of(seed.song.title, seed.song.artist)) if seed.row is None else int(songs.versions[seed.row])
        kinds |= own
    return kinds & int(_DERIVED)
