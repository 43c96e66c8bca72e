"""Sessions: listens in order of time, each once, and where one session of a listener ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

GAP_S = 30 * 60  # without a song end a session
SONGS = 3  # of the shortest session that says anything of what goes with what


@dataclass(frozen=True, slots=True)
class Session:
    """The numbers of the songs of a session in order, each once, and its start in seconds since 1970."""

    start: float
    songs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plays:
    """Plays in order of time, those without a time last.

    songs    int64 (n,)    number of the song
    starts   float64 (n,)  seconds since 1970, NaN where the time is not known
    ends     float64 (n,)  the same as starts where the length is not known
    again    how many were left out: the same song at the same time
    """

    songs: npt.NDArray[np.int64]
    starts: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]
    again: int

    @classmethod
    def of(cls, songs: Sequence[int], starts: Sequence[float], ends: Sequence[float]) -> Plays:
        """Sort plays by time, each once.

        >>> Plays.of([4, 7, 4], [60.0, 0.0, 60.0], [90.0, 30.0, 90.0]).songs.tolist()
        [7, 4]
        """
        songs_, starts_, ends_ = (
            np.asarray(songs, np.int64),
            np.asarray(starts, np.float64),
            np.asarray(ends, np.float64),
        )
        order = np.lexsort((ends_, songs_, starts_))
        songs_, starts_, ends_ = songs_[order], starts_[order], ends_[order]
        again = np.zeros(len(songs_), dtype=bool)
        again[1:] = (songs_[1:] == songs_[:-1]) & (starts_[1:] == starts_[:-1])  # NaN equals nothing
        return cls(songs_[~again], starts_[~again], ends_[~again], int(again.sum()))

    def counts(self, songs: int) -> list[int]:
        """How often each of the songs 0 .. songs - 1 was played."""
        counts: list[int] = np.bincount(self.songs, minlength=songs).tolist()
        return counts

    def sessions(self) -> Iterator[Session]:
        """Runs of plays with gaps of at most 30 minutes from an end to the next start, of three songs or more."""
        timed = int(np.searchsorted(self.starts, np.inf))
        if not timed:
            return
        gaps = self.starts[1:timed] - np.maximum.accumulate(self.ends[:timed])[:-1]
        bounds = [0, *(np.flatnonzero(gaps > GAP_S) + 1).tolist(), timed]
        for begin, end in pairwise(bounds):
            songs = tuple(dict.fromkeys(self.songs[begin:end].tolist()))
            if len(songs) >= SONGS:
                yield Session(float(self.starts[begin]), songs)
