"""Co-occurrence: songs are near that playlists hold together; the playlists are kept, and compared when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.settings import NotNegative, settings
from indexer.store import artefacts
from indexer.store.columns import check_numbers, check_starts
from indexer.store.draft import Draft
from indexer.store.generations import Source

Rows = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]

MOST_PLAYLISTS = 2_000  # of one song, the shortest, which say the most; a hit of a million playlists is in 45,000


@settings("cooccurrence")
class CoOccurrenceConfig:
    """shrinkage: added to the denominator, in playlists of mean weight; 1 to 10 measure within 3 percent."""

    shrinkage: NotNegative = 5.0


DEFAULTS = CoOccurrenceConfig()


@dataclass(frozen=True, slots=True)
class CoOccurrence:
    """Playlists by song and songs by playlist, sparse, and the shrunk cosine of any song with all others.

    A table of each song's 100 nearest songs, which is the usual way, takes more room than the playlists
    themselves, and loses a sixth of NDCG@500 against all neighbours; one of the 400 nearest still 3 percent.

    songs      playlist p holds songs[song_starts[p] : song_starts[p + 1]]
    holders    song r is held by playlists holders[holder_starts[r] : holder_starts[r + 1]], the shortest first
    weights    float32 (playlists,): what a playlist counts, 1 / sqrt(its songs)
    totals     float32 (songs,): sqrt of the sum of weights of the playlists that hold the song
    damping    shrinkage x the mean weight

    >>> near = CoOccurrence.of_playlists([np.array([0, 1]), np.array([0, 1]), np.array([0, 2])], songs=4)
    >>> near.of(0)[0].tolist(), near.of(3)[0].tolist()
    ([1, 2], [])
    """

    song_starts: npt.NDArray[np.int64]
    songs: npt.NDArray[np.int32]
    holder_starts: npt.NDArray[np.int64]
    holders: npt.NDArray[np.int32]
    weights: Values
    totals: Values
    damping: float

    @classmethod
    def of_playlists(cls, playlists: Sequence[Rows], songs: int, config: CoOccurrenceConfig = DEFAULTS) -> CoOccurrence:
        """From the rows of each playlist; a row named twice counts once."""
        lists = [np.unique(rows) for rows in playlists if len(rows)]
        lengths = np.array([len(rows) for rows in lists], np.int64)
        weights = (1.0 / np.sqrt(lengths)).astype(np.float32)
        entries = np.concatenate([*lists, np.zeros(0, np.int64)]).astype(np.int32)
        playlist = np.repeat(np.arange(len(lists), dtype=np.int32), lengths)
        order = np.lexsort((playlist, lengths[playlist], entries))
        return cls(
            np.concatenate([[0], np.cumsum(lengths)]),
            entries,
            np.concatenate([[0], np.cumsum(np.bincount(entries, minlength=songs))]),
            playlist[order],
            weights,
            np.sqrt(np.bincount(entries, weights[playlist], minlength=songs)).astype(np.float32),
            config.shrinkage * float(weights.mean()) if len(weights) else 0.0,
        )

    @property
    def history(self) -> npt.NDArray[np.bool_]:
        """bool (songs,): whether any playlist holds the song."""
        return self.totals > 0

    def of(self, row: int) -> tuple[Rows, Values]:
        """The songs that share a playlist with a song, ascending, and how near each is, 0..1.

        value(a, b) = sum of w over playlists with both / (sqrt(W_a W_b) + damping), W_a = sum of w over playlists
        with a: a cosine. A long playlist says less of each of its pairs; damping keeps pairs that met once by chance
        low (Sarwar et al. 2001; Bell & Koren 2007).
        """
        playlists = self.holders[self.holder_starts[row] : self.holder_starts[row + 1]][:MOST_PLAYLISTS]
        check_numbers(playlists, len(self.weights), artefacts.HOLDERS.name)
        starts = self.song_starts[playlists]
        counts = self.song_starts[playlists + 1] - starts
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        songs = self.songs[np.repeat(starts, counts) + within]
        check_numbers(songs, len(self.totals), artefacts.PLAYLIST_SONGS.name)
        near, where = np.unique(songs, return_inverse=True)
        shared = np.bincount(where, np.repeat(self.weights[playlists], counts), minlength=len(near))
        values = shared / (self.totals[row] * self.totals[near] + self.damping)
        other = near != row
        return near[other].astype(np.int64), values[other].astype(np.float32)

    def playlists_of(self, row: int) -> list[int]:
        """The playlists that hold a song, the shortest first."""
        playlists: list[int] = self.holders[self.holder_starts[row] : self.holder_starts[row + 1]].tolist()
        return playlists

    def most_shared(self, rows: Sequence[int], others: Rows) -> Rows:
        """int64 (others,): the most playlists that hold both one of the songs and each of the others."""
        starts = self.holder_starts[others]
        counts = self.holder_starts[others + 1] - starts
        some = np.flatnonzero(counts)
        most = np.zeros(len(others), np.int64)
        if not len(some):
            return most
        ends = np.cumsum(counts[some])
        first = ends - counts[some]
        holders = self.holders[np.arange(ends[-1]) + np.repeat(starts[some] - first, counts[some])]
        check_numbers(holders, len(self.weights), artefacts.HOLDERS.name)
        own = np.zeros(len(self.weights), np.int32)
        for row in rows:
            playlists = self.holders[self.holder_starts[row] : self.holder_starts[row + 1]]
            check_numbers(playlists, len(self.weights), artefacts.HOLDERS.name)
            own[playlists] = 1
            most[some] = np.maximum(most[some], np.add.reduceat(own[holders], first))
            own[playlists] = 0
        return most

    def mean(self, rows: Sequence[int]) -> tuple[Rows, Values]:
        """The songs that share a playlist with any of the songs, ascending, and the mean of their values to all."""
        if not len(rows):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        near_each = [self.of(row) for row in rows]
        near, where = np.unique(np.concatenate([part for part, _ in near_each]), return_inverse=True)
        summed = np.bincount(where, np.concatenate([values for _, values in near_each]), minlength=len(near))
        return near, (summed / len(rows)).astype(np.float32)

    def save(self, draft: Draft) -> None:
        for name, artefact in artefacts.COOCCURRENCE.items():
            draft.write_array(artefact, getattr(self, name))
        draft.write_array(artefacts.DAMPING, np.array([self.damping]))

    @classmethod
    def load(cls, source: Source) -> CoOccurrence:
        """Memory-mapped; which playlists and songs the lists name is checked when they are read."""
        arrays = {name: source.array(artefact) for name, artefact in artefacts.COOCCURRENCE.items()}
        check_starts(arrays["song_starts"], len(arrays["weights"]), len(arrays["songs"]), artefacts.SONG_STARTS.name)
        check_starts(
            arrays["holder_starts"], len(arrays["totals"]), len(arrays["holders"]), artefacts.HOLDER_STARTS.name
        )
        damping = source.array(artefacts.DAMPING)
        for numbers, artefact in (
            (arrays["weights"], artefacts.PLAYLIST_WEIGHTS),
            (arrays["totals"], artefacts.SONG_TOTALS),
            (damping, artefacts.DAMPING),
        ):
            if not np.isfinite(numbers).all():
                raise IndexFormatError(
                    f"{artefact.name} holds a value that is not finite; rebuild with `refrain build`"
                )
        return cls(**arrays, damping=float(damping[0]))
