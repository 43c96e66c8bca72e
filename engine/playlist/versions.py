"""Versions of a song: title stems on demand, and how much two lyrics share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from indexer.songs.table import Songs
from indexer.text.names import title_stem
from indexer.text.tokens import tokenise


class Stems(Sequence[str]):
    """Title stems of rows, computed when they are read: a playlist looks at few of its candidates."""

    def __init__(self, songs: Songs, rows: npt.NDArray[np.int64]):
        self._titles = songs.titles
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            return [title_stem(self._titles[int(row)]) for row in self._rows[i]]
        return title_stem(self._titles[int(self._rows[i])])


def overlap_of(songs: Songs) -> Callable[[int, int], float]:
    """`lyric_overlap` of two rows."""
    return lambda a, b: lyric_overlap(songs.lyrics[a], songs.lyrics[b])


def lyric_overlap(a: str, b: str) -> float:
    """|shared words| / |words of the shorter|, 0..1; 0 where one has no lyrics.

    >>> lyric_overlap("rain on the roof", "rain on the river"), lyric_overlap("", "rain")
    (0.75, 0.0)
    """
    first, second = set(tokenise(a)), set(tokenise(b))
    if not first or not second:
        return 0.0
    return len(first & second) / min(len(first), len(second))
