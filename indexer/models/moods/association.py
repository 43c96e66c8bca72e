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
LEAST_TOGETHER = 2.0  # playlists that call a song by a mood, seen or expected; with fewer the pair is unknown
_ROWS = 8_192  # songs whose pairs with moods are labelled at once


@dataclass(frozen=True, slots=True)
class Counts:
    """How often listeners' playlists hold songs and are named by moods.

    moods       names, in the order of the columns: those that any playlist is named by, sorted
    of_songs    float64 (rows,): playlists that hold the song
    of_moods    float64 (moods,): playlists named by the mood, each counted once for each song that it holds
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
        """float32 (rows, moods): what `together` would be if moods were named of songs at random."""
        return np.outer(self.of_songs, self.of_moods / max(self.entries, 1.0)).astype(np.float32)

    def part(self, rows: slice) -> Counts:
        """The counts of some rows."""
        return replace(self, of_songs=self.of_songs[rows], together=self.together[rows])


def count(playlists: Iterable[PlaylistRows], rows: int) -> Counts:
    """Counts over playlists of (name, rows, description): each names the moods of its name and description."""
    from scipy.sparse import csr_array

    lists: list[Rows] = []
    named: list[list[str]] = []
    of_songs = np.zeros(rows)
    for name, songs, description in playlists:
        np.add.at(of_songs, songs, 1.0)
        if each := sorted(moods_of(name) | moods_of(description)):
            lists.append(songs)
            named.append(each)
    moods = tuple(sorted({mood for each in named for mood in each}))
    column = {mood: i for i, mood in enumerate(moods)}

    def incidence(of_lists: list[Rows], columns: int) -> csr_array:
        ends = np.concatenate([[0], np.cumsum([len(each) for each in of_lists], dtype=np.int64)])
        entries = np.concatenate([np.zeros(0, np.int64), *of_lists])
        return csr_array((np.ones(len(entries)), entries, ends), shape=(len(of_lists), columns))

    says = incidence([np.array([column[mood] for mood in each], np.int64) for each in named], len(moods))
    together = csr_array(incidence(lists, rows).T @ says)
    together.sort_indices()
    of_moods = np.asarray(together.sum(axis=0), np.float64).ravel()
    return Counts(moods, of_songs, of_moods, together, float(of_songs.sum()))


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
    """int8 (rows, moods): `labels` of `npmi`, computed for _ROWS songs at a time, the only dense floats."""
    out = np.zeros((len(counts.of_songs), len(counts.moods)), np.int8)
    for start in range(0, len(out), _ROWS):
        rows = slice(start, start + _ROWS)
        out[rows] = labels(npmi(counts.part(rows)))
    return out


def labels(values: FloatMatrix) -> Labels:
    """int8 (rows, moods): 1 from CLEAR on, -1 to -CLEAR, 0 between them and where the value is unknown (NaN)."""
    with np.errstate(invalid="ignore"):
        return ((values >= CLEAR).astype(np.int8) - (values <= -CLEAR).astype(np.int8)).astype(np.int8)
