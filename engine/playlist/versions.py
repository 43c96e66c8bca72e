"""Versions of a song: one title, and a known artist in common or nearly the same words; caps on artists and albums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from engine.playlist.tracks import Candidates, Integers
from indexer.songs.table import Songs
from indexer.text.tokens import tokenise

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Overlap = Callable[[int, int], float]  # rows of two songs -> shared words / words of the shorter lyric, 0..1

# 4,000 pairs of real songs with one title and two artists: namesakes share 0.2 to 0.6 of their words, covers
# 0.65 and more, few lie between. Of 4,000 pairs drawn at random two share as much.
VERSION_OVERLAP = 0.65

NO_STEMS = np.zeros(0, np.int64)


class Versions:
    """Remembers songs, `first` to begin with, and says of the next whether it is new."""

    def __init__(self, overlap: Overlap | None, *first: Candidates | None):
        self.overlap = overlap
        self.rows: set[int] = set()
        self.titles: dict[int, list[tuple[int, frozenset[int]]]] = defaultdict(list)
        for songs in first:
            if songs is not None:
                for place, (row, stem) in enumerate(zip(songs.rows.tolist(), songs.stems.tolist(), strict=True)):
                    self._remember(row, frozenset(songs.artists_of(place)), stem)

    def _remember(self, row: int, artists: frozenset[int], stem: int) -> None:
        self.rows.add(row)
        if stem:
            self.titles[stem].append((row, artists))

    def new(self, row: int, artists: Iterable[int], stem: int) -> bool:
        """Whether the song is no version of one remembered; if so it is remembered too. `artists` has known ones."""
        if row in self.rows:
            return False
        own = frozenset(artists)
        for other, by in self.titles.get(stem, ()):
            if own & by or (self.overlap is not None and self.overlap(row, other) >= VERSION_OVERLAP):
                return False
        self._remember(row, own, stem)
        return True


def without_other_versions(songs: Songs, rows: Rows, *, most: int | None = None) -> Mask:
    """bool (len(rows),): the first version of each song.

    rows   int64, the best first: of two versions the better stays
    most   look no further than so many songs; those after them are left out unseen
    """
    first = np.ones(len(rows), bool)
    versions, artists = Versions(overlap_of(songs)), songs.column("artist_key")
    stems = songs.title_stems[rows]
    dropped = 0
    for place in np.flatnonzero(namesakes(stems)).tolist():
        if most is not None and place - dropped >= most:
            break
        row = int(rows[place])
        if not versions.new(row, artists.codes_of(row), int(stems[place])):
            first[place] = False
            dropped += 1
    return first if most is None else first & (np.cumsum(first) <= most)


def namesakes(stems: Integers, others: Integers = NO_STEMS) -> Mask:
    """bool (n,): the songs whose title without version marks another of them has, or one of `others`.

    >>> namesakes(np.array([7, 0, 8, 7, 0, 9]), np.array([9])).tolist()
    [True, False, False, True, False, True]
    """
    both = np.concatenate([stems, others])
    order = np.argsort(both, kind="stable")
    same = both[order[1:]] == both[order[:-1]]
    shared = np.zeros(len(both), bool)
    shared[order[1:][same]] = shared[order[:-1][same]] = True
    return np.asarray(shared[: len(stems)] & (stems != 0))


def capped(
    songs: Songs,
    rows: Rows,
    *,
    max_per_artist: int | None = None,
    max_per_album: int | None = None,
    most: int | None = None,
) -> Mask:
    """bool (len(rows),): the songs that stay under caps; nothing gives way, so fewer may be left than were wanted.

    rows   int64, the best first: of an artist's or album's songs the best stay; unknown artists and albums have no cap.
           A song counts for each of its artists, and comes only where all of them have room
    most   look no further than so many songs; those after them are left out unseen
    """
    for name, cap in (("max_per_artist", max_per_artist), ("max_per_album", max_per_album)):
        if cap is not None and cap < 1:
            raise ValueError(f"{name} is {cap}, expected 1 or more")
    columns = [
        (songs.column(name), cap, Counter[int]())
        for name, cap in (("artist_key", max_per_artist), ("album_key", max_per_album))
        if cap is not None
    ]
    stays = np.zeros(len(rows), bool)
    left = len(rows) if most is None else most
    for place, row in enumerate(rows.tolist()):
        if not left:
            break
        codes = [column.codes_of(row) for column, _, _ in columns]
        if all(counts[code] < cap for (_, cap, counts), own in zip(columns, codes, strict=True) for code in own):
            stays[place] = True
            left -= 1
            for (_, _, counts), own in zip(columns, codes, strict=True):
                counts.update(own)
    return stays


def overlap_of(songs: Songs) -> Overlap:
    """`lyric_overlap` of two rows; the words of a song are read once."""
    words: dict[int, frozenset[str]] = {}

    def overlap(a: int, b: int) -> float:
        for row in (a, b):
            if row not in words:
                words[row] = frozenset(tokenise(songs.lyrics[row]))
        return _shared(words[a], words[b])

    return overlap


def lyric_overlap(a: str, b: str) -> float:
    """|shared words| / |words of the shorter|, 0..1; 0 where one has no lyrics.

    >>> lyric_overlap("rain on the roof", "rain on the river"), lyric_overlap("", "rain")
    (0.75, 0.0)
    """
    return _shared(frozenset(tokenise(a)), frozenset(tokenise(b)))


def _shared(first: frozenset[str], second: frozenset[str]) -> float:
    return len(first & second) / min(len(first), len(second)) if first and second else 0.0
