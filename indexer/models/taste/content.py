"""Content: what is known of a song beside playlists, as numbers and weighted terms; what taste reads."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.text.names import fold

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatMatrix = npt.NDArray[np.float32]
Tags = Sequence[tuple[str, float]]


class Described(Protocol):
    """What taste reads of a song: a `records.Song` is one, and so is any record with these fields (no lyrics)."""

    @property
    def title(self) -> str: ...
    @property
    def genres(self) -> tuple[str, ...]: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def language(self) -> str | None: ...
    @property
    def year(self) -> int | None: ...
    @property
    def decade(self) -> int | None: ...
    @property
    def explicit(self) -> bool | None: ...
    @property
    def popularity(self) -> float | None: ...


LEAST_SONGS = 10  # a term in fewer songs is not learned
MOST_TERMS = 5_000
MOST_COLUMNS, MOST_SCALE = 100_000, 1e6  # of a part; what is above comes from a damaged file
KINDS = ("genre", "tag", "language", "decade", "explicit", "artist tag", "title")
FACTS = 2  # of `song_facts`
ERAS, ERA_WIDTH = tuple(range(1950, 2026, 5)), 6.0  # a year is read as its nearness to each of these, in years


@dataclass(frozen=True, slots=True)
class Content:
    """Songs as the taste model reads them.

    numbers   float32 (songs, columns): the parts side by side, zero where a part is unknown
    terms     float32 sparse (songs, terms)
    """

    numbers: FloatMatrix
    terms: csr_array

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns songs into Content, the same way for the catalogue, for new songs and for a query's.

    parts    name -> (columns, scale): a part's rows have a mean square length of 1 after scaling
    terms    "kind:term", in the order of the columns
    """

    parts: Mapping[str, tuple[int, float]]
    terms: tuple[str, ...]

    @classmethod
    def learn(cls, songs: Iterable[tuple[Described, Tags]], parts: Mapping[str, FloatMatrix]) -> tuple[Reader, Content]:
        """The terms that LEAST_SONGS songs have, the most frequent MOST_TERMS of them, and each part's scale; and the
        songs as `read` would give them, which are walked through once: a million of them take a minute.

        songs   each with the tags of its artist
        parts   name -> float32 (songs, columns), zero rows where unknown; Reader adds "facts" and "era" of its own
        """
        walked = _Walked.of(songs)
        frequent = sorted(
            (-count, name) for name, count in zip(walked.names, walked.counts, strict=True) if count >= LEAST_SONGS
        )
        scales = {name: (each.shape[1], _scale(each)) for name, each in {**parts, **walked.own}.items()}
        reader = cls(scales, tuple(name for _, name in frequent[:MOST_TERMS]))
        return reader, reader._content(walked, parts)

    @property
    def columns(self) -> dict[str, slice]:
        """Where each part lies in Content.numbers."""
        ends = np.cumsum([0, *(columns for columns, _ in self.parts.values())]).tolist()
        return {name: slice(a, b) for name, a, b in zip(self.parts, ends[:-1], ends[1:], strict=True)}

    @property
    def kinds(self) -> npt.NDArray[np.int64]:
        """int64 (terms,): the kind of each term, its place in KINDS."""
        return np.array([KINDS.index(term.partition(":")[0]) for term in self.terms], np.int64)

    def read(self, songs: Iterable[tuple[Described, Tags]], parts: Mapping[str, FloatMatrix]) -> Content:
        """The songs, each with the tags of its artist, as Content; `parts` as in `fit`, a row per song."""
        return self._content(_Walked.of(songs, self.terms), parts)

    def _content(self, walked: _Walked, parts: Mapping[str, FloatMatrix]) -> Content:
        from scipy.sparse import csr_array

        column_of = {term: column for column, term in enumerate(self.terms)}
        columns = np.array([column_of.get(name, -1) for name in walked.names], np.int32)
        codes = columns[np.array(walked.codes, np.int32)]
        known = codes >= 0
        small = np.int32 if len(codes) < 2**31 else np.int64  # scipy takes the wider of the two for both
        before = np.concatenate([np.zeros(1, small), np.cumsum(known, dtype=small)])
        ends = before[np.array(walked.starts, np.int64)]
        terms = csr_array(
            (np.array(walked.weights, np.float32)[known], codes[known], ends),
            shape=(len(ends) - 1, len(self.terms)),
        )
        numbers = np.empty((len(ends) - 1, sum(width for width, _ in self.parts.values())), np.float32)
        for name, at in self.columns.items():  # each where it belongs: side by side they would be there twice
            np.multiply({**parts, **walked.own}[name], np.float32(self.parts[name][1]), out=numbers[:, at])
        return Content(numbers, terms)

    def facts(self) -> dict[str, Any]:
        """What `of_facts` reads."""
        return {"parts": self.parts, "terms": self.terms}

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Reader:
        """The reader that `facts` described; ValueError where it cannot be one."""
        parts = {str(name): (int(columns), float(scale)) for name, (columns, scale) in facts["parts"].items()}
        terms = tuple(map(str, facts["terms"]))
        for name, (columns, scale) in parts.items():
            if not 0 <= columns <= MOST_COLUMNS or not 0 < scale < MOST_SCALE:
                raise ValueError(f"the part {name} has {columns} columns and the scale {scale:g}")
        if foreign := {term.partition(":")[0] for term in terms} - set(KINDS):
            raise ValueError(f"terms are of the kinds {sorted(foreign)}, expected {', '.join(KINDS)}")
        return cls(parts, terms)


@dataclass(frozen=True, slots=True)
class _Walked:
    """What songs say of themselves, gathered on one way through them.

    names    every term once, in the order of codes; counts  how many songs have each
    starts   where each song's codes begin, one more than songs;  codes, weights  of its terms, side by side
    own      the parts "facts" and "era"
    """

    names: Sequence[str]
    counts: Sequence[int]
    starts: array[int]
    codes: array[int]
    weights: array[float]
    own: Mapping[str, FloatMatrix]

    @classmethod
    def of(cls, songs: Iterable[tuple[Described, Tags]], only: Sequence[str] | None = None) -> _Walked:
        """only   the terms that count; all without"""
        code_of = {} if only is None else {name: code for code, name in enumerate(only)}
        counts, last = [0] * len(code_of), [-1] * len(code_of)
        facts, eras = array("f"), array("f")  # lists of a million songs' numbers would take a gigabyte
        starts, codes, weights = array("q", [0]), array("i"), array("f")
        for row, (song, tags) in enumerate(songs):
            facts.extend(song_facts(song))
            eras.extend(song_era(song))
            for name, weight in song_terms(song, tags):
                code = code_of.get(name)
                if code is None:
                    if only is not None:
                        continue
                    code = code_of[name] = len(counts)
                    counts.append(0)
                    last.append(-1)
                if last[code] != row:
                    last[code] = row
                    counts[code] += 1
                codes.append(code)
                weights.append(weight)
            starts.append(len(codes))
        own = {"facts": _rows(facts, FACTS), "era": _rows(eras, len(ERAS))}
        return cls(list(code_of), counts, starts, codes, weights, own)


def song_terms(song: Described, artist_tags: Tags) -> Iterator[tuple[str, float]]:
    """("kind:term", weight) of a song; the terms of one kind have length 1 together."""
    for kind, terms in (
        ("genre", song.genres),
        ("tag", tuple(dict.fromkeys(tag.casefold() for tag in song.tags))),
        ("language", (song.language,) if song.language else ()),
        ("decade", (str(song.decade),) if song.decade is not None else ()),
        ("explicit", (str(song.explicit).lower(),) if song.explicit is not None else ()),
        ("title", tuple(dict.fromkeys(fold(song.title).split()))),
    ):
        for term in terms:
            yield f"{kind}:{term}", 1 / math.sqrt(len(terms))
    for tag, weight in artist_tags:
        yield f"artist tag:{tag}", weight


def song_facts(song: Described) -> tuple[float, ...]:
    """Popularity at its source, with a 1 where it is known; zeros where not."""
    known = song.popularity is not None
    return float(known), (song.popularity or 0.0) / 50 - known


def song_era(song: Described) -> tuple[float, ...]:
    """Nearness of the song's year to each of ERAS, exp(-(years / 6)^2); a decade alone counts as its middle.

    Years before the first era count as the first, years after the last as the last.
    """
    year = song.year if song.year is not None else None if song.decade is None else song.decade + 5
    if year is None:
        return (0.0,) * len(ERAS)
    year = min(max(year, ERAS[0]), ERAS[-1])
    return tuple(math.exp(-(((year - era) / ERA_WIDTH) ** 2)) for era in ERAS)


def _rows(numbers: array[float], columns: int) -> FloatMatrix:
    return np.array(numbers, np.float32).reshape(-1, columns)


def _scale(matrix: FloatMatrix) -> float:
    """1 / root of the mean square length of the rows that are known."""
    squares = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)
    known = squares[squares > 0]
    return 1 / math.sqrt(known.mean()) if len(known) else 1.0
