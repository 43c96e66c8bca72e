"""Spelling: the words an index holds that differ from a given word by a letter or two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.store.columns import map_array
from indexer.text.latin import in_latin

Kind = Literal["lyrics", "names"]
KINDS: tuple[Kind, ...] = ("lyrics", "names")

WORDS_FILE, TABLE_FILE = "words.npy", "vocabulary.npy"
_TABLE = np.dtype([("end", "<u8"), ("letters", "<u8"), ("length", "<u2"), ("lyrics", "<u4"), ("names", "<u4")])


@dataclass(frozen=True, slots=True)
class Variant:
    """A word of the index: how many letters it differs by, and in how many songs it stands."""

    term: str
    distance: int
    frequency: int


def reach(word: str) -> int:
    """How many letters of a word may be wrong: none below 4 letters, one up to 7, two in longer words.

    Shorter words are left alone: three letters with one wrong are near a hundred other words.

    >>> reach("you"), reach("night"), reach("midnight")
    (0, 1, 2)
    """
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def write_vocabulary(folder: Path, lyrics: Iterable[tuple[str, int]], names: Iterable[tuple[str, int]]) -> None:
    """Write the words of an index and the number of songs they stand in, ordered by length, then word."""
    in_lyrics, in_names = Counter(dict(lyrics)), Counter(dict(names))
    words = sorted(in_lyrics.keys() | in_names.keys(), key=lambda word: (len(word), word))
    table = np.zeros(len(words), _TABLE)
    encoded = [word.encode() for word in words]
    table["end"] = np.cumsum([len(word) for word in encoded], dtype=np.uint64)
    table["length"] = [min(len(word), 65_535) for word in words]
    table["letters"] = _letters(words)
    table["lyrics"] = [in_lyrics[word] for word in words]
    table["names"] = [in_names[word] for word in words]
    np.save(folder / WORDS_FILE, np.frombuffer(b"".join(encoded), np.uint8), allow_pickle=False)
    np.save(folder / TABLE_FILE, table, allow_pickle=False)


class Spelling:
    """The vocabulary that `write_vocabulary` left in `folder`, memory-mapped.

    Comparing a word with all of a million others takes seconds. An edit of d letters changes at most
    2 d members of the set of letters, so one pass over 64-bit letter sets leaves a few hundred to compare.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        table, words = map_array(folder / TABLE_FILE), map_array(folder / WORDS_FILE)
        if table.dtype != _TABLE or table.ndim != 1 or words.dtype != np.uint8 or words.ndim != 1:
            raise self._damaged(
                f"{TABLE_FILE} is {table.dtype} {table.shape}, {WORDS_FILE} {words.dtype} {words.shape}"
            )
        if len(words) != (int(table["end"][-1]) if len(table) else 0):
            raise self._damaged(f"{TABLE_FILE} does not belong to {WORDS_FILE}")
        self._table = table
        self._words = words.data
        self._columns: dict[str, npt.NDArray[np.uint64]] | None = None
        self._latin: tuple[list[str], list[int]] | None = None

    def __len__(self) -> int:
        return len(self._table)

    def _damaged(self, what: str) -> IndexFormatError:
        return IndexFormatError(f"{self._folder} is damaged ({what}); rebuild with `refrain build`")

    def _by_column(self) -> dict[str, npt.NDArray[np.uint64]]:
        """The table's columns, made once: its rows are 26 bytes, and contiguous columns make the pass over the letters
        ten times quicker. Two threads that come first both make them, and neither waits."""
        if self._columns is None:
            columns = {name: np.ascontiguousarray(self._table[name]) for name in ("letters", "length", *KINDS)}
            columns["ends"] = np.concatenate([np.zeros(1, np.uint64), self._table["end"]])
            if (np.diff(columns["ends"].astype(np.int64)) < 0).any():
                raise self._damaged(f"the ends of words in {TABLE_FILE} fall")
            self._columns = columns
        return self._columns

    def near(self, word: str, kind: Kind, *, limit: int = 20) -> list[Variant]:
        """Words at most `reach(word)` letters away in that kind of text, nearest first, then most frequent.

        The distance is optimal string alignment: inserting, deleting, changing a letter or swapping two
        neighbours counts 1. The word itself is not among its variants.
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        most = reach(word)
        if most == 0 or limit < 1:
            return []
        columns = self._by_column()
        low = int(np.searchsorted(columns["length"], np.uint16(len(word) - most), "left"))
        high = int(np.searchsorted(columns["length"], np.uint16(len(word) + most), "right"))
        frequency = columns[kind][low:high]
        differing = np.bitwise_count(columns["letters"][low:high] ^ _letters([word])[0])
        at = low + np.flatnonzero((differing <= 2 * most) & (frequency > 0))
        starts, ends = columns["ends"][at].tolist(), columns["ends"][at + 1].tolist()
        try:
            terms = [str(self._words[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]
        except UnicodeDecodeError as error:
            raise self._damaged(f"{WORDS_FILE} is no UTF-8: {error.reason}") from error
        distances = process.cdist([word], terms, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)[0]
        found = [
            Variant(terms[i], int(distances[i]), int(columns[kind][at[i]]))
            for i in np.flatnonzero((distances <= most) & (distances > 0))
        ]
        return sorted(found, key=lambda v: (v.distance, -v.frequency, v.term))[:limit]

    def in_latin(self, word: str, *, limit: int = 20) -> list[Variant]:
        """Words of names in other scripts that are `word`, or up to `reach` letters from it, in Latin letters.

        All such words are transliterated at the first call: 0.1 s for 10,000.
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        latin, at = self._transliterated()
        if not latin or limit < 1:
            return []
        most = reach(word)
        distances = process.cdist([word], latin, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)[0]
        near = np.flatnonzero(distances <= most)
        found = [Variant(self._word(at[i]), int(distances[i]), int(self._table["names"][at[i]])) for i in near.tolist()]
        return sorted(found, key=lambda v: (v.distance, -v.frequency, v.term))[:limit]

    def _transliterated(self) -> tuple[list[str], list[int]]:
        """The words of names that hold a letter beyond ASCII: in Latin letters, and their places in the table."""
        if self._latin is None:
            ends = self._table["end"].astype(np.int64)
            before = np.concatenate([[0], np.cumsum(np.frombuffer(self._words, np.uint8) >= 0x80)])
            foreign = before[ends] > before[np.concatenate([[0], ends[:-1]])] if len(ends) else np.zeros(0, bool)
            at = np.flatnonzero(foreign & (self._table["names"] > 0)).tolist()
            written = [(in_latin(self._word(place)), place) for place in at]
            known = [(latin, place) for latin, place in written if latin]
            self._latin = [latin for latin, _ in known], [place for _, place in known]
        return self._latin

    def _word(self, place: int) -> str:
        start = int(self._table["end"][place - 1]) if place else 0
        try:
            return str(self._words[start : int(self._table["end"][place])], "utf-8")
        except UnicodeDecodeError as error:
            raise self._damaged(f"{WORDS_FILE} is no UTF-8: {error.reason}") from error


def _letters(words: list[str]) -> npt.NDArray[np.uint64]:
    """The set of letters of each word as 64 bits; letters that share a bit only let more words through."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    points = np.frombuffer("".join(words).encode("utf-32-le"), "<u4").astype(np.uint64)
    if not len(points):
        return np.zeros(len(words), np.uint64)
    bits = np.left_shift(np.uint64(1), points & np.uint64(63))
    starts = np.cumsum(lengths) - lengths
    return np.bitwise_or.reduceat(bits, starts)
