"""Labels of songs for tBERT: what listeners call the playlists that hold them, and how songs are tagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indexer.models.moods.lexicon import Negation
from indexer.models.moods.vocabulary import lexicon, moods_of
from indexer.songs.splits import PlaylistRows
from indexer.songs.table import Songs
from indexer.text.stopwords import ALL as STOP_WORDS
from indexer.text.tokens import tokenise

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Rows = npt.NDArray[np.int64]

_MEANINGLESS = STOP_WORDS | set(
    tokenise("music musica song playlist list jam tune mix best good new favorite fav stuff random hit")
)
ENOUGH_PLAYLISTS = 100  # from so many on songs' own tags count for nothing; with fewer, the more the fewer there are
LEAST_PLAYLISTS = 4  # a word of fewer is a listener's own
LEAST_SONGS = 20  # a label of fewer songs cannot be learned
COMMON = 0.5  # power of a label's frequency that its counts are divided by


@lru_cache(maxsize=100_000)
def _plain(word: str) -> str | None:
    """The word without a plural s; None where it means nothing."""
    plain = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    return None if len(plain) < 2 or {word, plain} & _MEANINGLESS else plain


def labels_in(text: str) -> set[str]:
    """What a title calls its songs: moods of the vocabulary, and every other word that means something.

    The first such word after a negation is denied and left out.

    >>> sorted(labels_in("Saaad rock for rainy days 😌")), labels_in("NOT sad"), labels_in("Saddle up")
    (['chill', 'day', 'rainy', 'rock', 'sad'], set(), {'saddle'})
    """
    moods = lexicon()
    labels = set() if text.isascii() else {moods.emoji[letter] for letter in text if letter in moods.emoji}
    words, negation, place = tokenise(text), Negation(), 0
    while place < len(words):
        match = moods.at(words, place)
        label = _plain(words[place]) if match is None else match[0]
        if negation.affirms(place, words[place], label is not None) and label is not None:
            labels.add(label)
        place += 1 if match is None else match[1]
    return labels


@dataclass(frozen=True, slots=True)
class SongLabels:
    """What songs are called.

    names          of the columns: moods of the vocabulary and other words, sorted
    distributions  sparse float32 (rows, names): each row sums to 1, or is empty where nobody called the song anything
    """

    names: tuple[str, ...]
    distributions: csr_array

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """bool (rows,): songs that somebody called something."""
        return np.asarray(np.diff(self.distributions.indptr) > 0)


def song_labels(
    songs: Songs,
    playlists: Iterable[PlaylistRows],
    *,
    least_playlists: int = LEAST_PLAYLISTS,
    least_songs: int = LEAST_SONGS,
) -> SongLabels:
    """What songs are called by the names of the playlists that hold them, with moods also from descriptions.

    n(song, label) / n(label) ** COMMON, rows scaled to sum 1: a song of one party and one rain playlist is
    rather rainy. A label needs `least_playlists` and `least_songs`; `playlists` may be learned from.
    A song's own tag counts 1 - playlists / ENOUGH_PLAYLISTS of a playlist: most tags are genres, which playlists make
    superfluous.
    """
    from scipy.sparse import csr_array, diags_array

    called = [(labels_in(name) | moods_of(description), rows) for name, rows, description in playlists]
    frequency = Counter(label for labels, _ in called for label in labels)
    names = {label for label, count in frequency.items() if count >= least_playlists}
    weights = [1.0] * len(called)
    of_tags = 1.0 - len(called) / ENOUGH_PLAYLISTS
    if of_tags > 0:
        tagged = list(_tagged(songs))
        called += tagged
        weights += [of_tags] * len(tagged)
        names |= {label for labels, _ in tagged for label in labels}
    ordered = sorted(names)
    column_of = {label: column for column, label in enumerate(ordered)}
    columns = [sorted(column_of[label] for label in labels & names) for labels, _ in called]
    says = _incidence(columns, len(ordered), np.array(weights, np.float32))
    holds = _incidence([rows for _, rows in called], len(songs), np.ones(len(called), np.float32))
    counts = csr_array(holds.T @ says)
    used = np.flatnonzero(np.bincount(counts.indices, minlength=len(ordered)) >= least_songs)
    counts = csr_array(counts[:, used])
    common = np.maximum(np.asarray(counts.sum(axis=0)).ravel(), 1.0) ** np.float32(COMMON)
    weighted = csr_array(counts @ diags_array(1 / common))
    sums = np.asarray(weighted.sum(axis=1)).ravel()
    shares = csr_array(diags_array(1 / np.where(sums > 0, sums, 1.0)) @ weighted).astype(np.float32)
    shares.sort_indices()
    return SongLabels(tuple(ordered[i] for i in used), shares)


def _incidence(lists: Sequence[Sequence[int] | Rows], columns: int, values: npt.NDArray[np.float32]) -> csr_array:
    """Sparse float32 (lists, columns): values[i] in each column that list i names, however often."""
    from scipy.sparse import csr_array

    unique = [np.unique(np.asarray(each, np.int64)) for each in lists]
    lengths = [len(each) for each in unique]
    entries = np.concatenate([np.zeros(0, np.int64), *unique])
    ends = np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))])
    return csr_array((np.repeat(values, lengths), entries, ends), shape=(len(lists), columns))


def _tagged(songs: Songs) -> Iterator[tuple[set[str], Rows]]:
    """What each tag calls its songs, and their living rows."""
    tags = songs.column("tag")
    living = np.flatnonzero(songs.alive)
    owners, codes = tags.of_rows(living)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(tags.terms) + 1))
    for tag, first, end in zip(tags.terms, starts[:-1], starts[1:], strict=True):
        if end > first and (labels := labels_in(tag)):
            yield labels, living[owners[order[first:end]]]
