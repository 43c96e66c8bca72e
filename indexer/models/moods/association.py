"""Association: which songs listeners call by which moods, from the names of the playlists that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.models.moods.vocabulary import moods_of
from indexer.songs.splits import PlaylistRows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatMatrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]

CLEAR = 0.1  # |NPMI| from here on is an association, positive or negative; nearer to 0 is neutral (Naseri et al. 2022)
LEAST_TOGETHER = 2.0  # playlists that call a song by a mood, seen or expected, below which nothing is said of the pair
_ROWS = 65_536  # songs whose pairs are labelled at once


@dataclass(frozen=True, slots=True)
class Counts:
    """How often listeners' playlists hold songs and say moods.

    moods       names, in the order of the columns: those that any playlist says, sorted
    of_songs    float64 (rows,): playlists that hold the song
    of_moods    float64 (moods,): playlists that say the mood, each counted once for each song that it holds
    together    sparse float64 (rows, moods): playlists that do both
    entries     songs in playlists, over all
    """

    moods: tuple[str, ...]
    of_songs: npt.NDArray[np.float64]
    of_moods: npt.NDArray[np.float64]
    together: csr_array
    entries: float

    @property
    def expected(self) -> FloatMatrix:
        """float32 (rows, moods): what `together` would be if moods were said of songs at random."""
        return np.outer(self.of_songs, self.of_moods / max(self.entries, 1.0)).astype(np.float32)

    def part(self, rows: slice) -> Counts:
        """The counts of some rows."""
        return replace(self, of_songs=self.of_songs[rows], together=self.together[rows])


def count(playlists: Iterable[PlaylistRows], rows: int) -> Counts:
    """Counts over playlists of (name, rows, description): each says the moods of its name and description."""
    from scipy.sparse import csr_array

    held: list[Rows] = []
    said: list[str] = []
    holding = np.zeros(rows)
    for name, songs, description in playlists:
        np.add.at(holding, songs, 1.0)
        for mood in moods_of(name) | moods_of(description):
            held.append(songs)
            said.append(mood)
    moods = tuple(sorted(set(said)))
    column = {mood: i for i, mood in enumerate(moods)}
    codes = np.repeat(np.array([column[mood] for mood in said], np.int64), [len(songs) for songs in held])
    at = np.concatenate([np.zeros(0, np.int64), *held])
    together = csr_array((np.ones(len(codes)), (at, codes)), shape=(rows, len(moods)))
    together.sum_duplicates()
    return Counts(moods, holding, np.asarray(together.sum(axis=0), np.float64).ravel(), together, float(holding.sum()))


def npmi(counts: Counts, least: float = LEAST_TOGETHER) -> FloatMatrix:
    """float32 (rows, moods) in [-1, 1]: normalised pointwise mutual information, NaN where too little is known.

    log(p(s, m) / (p(s) p(m))) / -log p(s, m), p over all entries of all playlists (Bouma 2009); -1 where a song and a
    mood that were expected together never are, by its limit. A pair of which fewer than `least` playlists are seen
    and expected is unknown: a song in one playlist is no proof of anything.

    >>> import numpy as np
    >>> sad, happy = np.array([0, 1]), np.array([2, 3])
    >>> each = count([("sad", sad, "")] * 3 + [("happy", happy, "")] * 3, rows=4)
    >>> each.moods, npmi(each)[[0, 2]].round(2).tolist()
    (('happy', 'sad'), [[nan, 0.5], [0.5, nan]])
    """
    seen = counts.together.toarray().astype(np.float32)
    expected = counts.expected
    total = np.float32(max(counts.entries, 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = np.where(seen < total, -np.log(seen / total), np.float32(np.inf))
        values = np.where(seen > 0, np.log(seen / np.maximum(expected, 1e-30)) / bound, np.float32(-1.0))
    values[np.maximum(seen, expected) < least] = np.nan
    return np.clip(values, -1.0, 1.0).astype(np.float32)


def clear_labels(counts: Counts) -> Labels:
    """int8 (rows, moods): `labels` of `npmi`, some rows at a time, for a million songs have half a billion pairs."""
    found = np.zeros((len(counts.of_songs), len(counts.moods)), np.int8)
    for start in range(0, len(found), _ROWS):
        rows = slice(start, start + _ROWS)
        found[rows] = labels(npmi(counts.part(rows)))
    return found


def labels(values: FloatMatrix) -> Labels:
    """int8 (rows, moods): 1 from CLEAR on, -1 to -CLEAR, 0 between them and where the value is unknown (NaN)."""
    with np.errstate(invalid="ignore"):
        return ((values >= CLEAR).astype(np.int8) - (values <= -CLEAR).astype(np.int8)).astype(np.int8)
