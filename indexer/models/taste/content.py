"""Content: what is known of a song beside playlists, as numbers and weighted terms; what taste reads."""

from __future__ import annotations

import math
from array import array
from collections import Counter
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
    def fit(cls, songs: Iterable[tuple[Described, Tags]], parts: Mapping[str, FloatMatrix]) -> Reader:
        """The terms that LEAST_SONGS songs have, the most frequent MOST_TERMS of them, and each part's scale.

        songs   each with the tags of its artist
        parts   name -> float32 (songs, columns), zero rows where unknown; Reader adds "facts" and "era" of its own
        """
        frequency: Counter[str] = Counter()
        facts, eras = array("f"), array("f")  # lists of a million songs' numbers would take a gigabyte
        for song, tags in songs:
            frequency.update({name for name, _ in song_terms(song, tags)})
            facts.extend(song_facts(song))
            eras.extend(song_era(song))
        frequent = sorted((-count, name) for name, count in frequency.items() if count >= LEAST_SONGS)
        own = {"facts": _rows(facts, FACTS), "era": _rows(eras, len(ERAS))}
        scales = {name: (matrix.shape[1], _scale(matrix)) for name, matrix in {**parts, **own}.items()}
        return cls(scales, tuple(name for _, name in frequent[:MOST_TERMS]))

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
        from scipy.sparse import csr_array

        code_of = {term: code for code, term in enumerate(self.terms)}
        facts, eras, starts, codes, weights = array("f"), array("f"), array("q", [0]), array("i"), array("f")
        for song, tags in songs:
            facts.extend(song_facts(song))
            eras.extend(song_era(song))
            for name, weight in song_terms(song, tags):
                if name in code_of:
                    codes.append(code_of[name])
                    weights.append(weight)
            starts.append(len(codes))
        matrices = {**parts, "facts": _rows(facts, FACTS), "era": _rows(eras, len(ERAS))}
        scaled = [matrices[name].astype(np.float32) * np.float32(scale) for name, (_, scale) in self.parts.items()]
        terms = csr_array(
            (np.array(weights, np.float32), np.array(codes, np.int32), np.array(starts, np.int64)),
            shape=(len(starts) - 1, len(self.terms)),
        )
        return Content(np.hstack(scaled), terms)

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
