"""Hits: the songs of an answer as columns; one song of it as a row, whose reason is made when it is read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import compress
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from engine.answer.reasons import best_lines, reasons
from engine.plain import answer_dict, key_number, mode_number
from indexer.lazy import lazy
from indexer.records import AUDIO_NAMES

if TYPE_CHECKING:
    from engine.query.query import Query
    from engine.requests import Recommend, Search

DIGITS = 4  # decimals of scores in JSON


@dataclass(frozen=True)
class Hit:
    """A song that a query found; None is unknown.

    score         higher is better; comparable inside one answer only
    rank          place in the answer, from 1
    signals       name -> contribution; together they are the score
    reason        one short sentence
    line          the lyric line that fits the words of the query best
    duration_ms   milliseconds
    tempo         beats per minute
    key, mode     pitch class 0..11 (0 = C), 1 major or 0 minor
    energy        0..1
    spotify_id    the 22 characters after "spotify:track:"
    artists       those who made it, one by one; () where nobody is named
    featured      its guests
    """

    song_id: str
    title: str
    artist: str
    score: float
    rank: int
    signals: Mapping[str, float] = field(default_factory=dict, hash=False)
    reason: str = field(default_factory=str)  # no class attribute, so that __getattr__ is asked for it
    line: str | None = field(default_factory=lambda: None)
    album: str | None = None
    duration_ms: int | None = None
    year: int | None = None
    tempo: float | None = None
    key: int | None = None
    mode: int | None = None
    energy: float | None = None
    spotify_id: str | None = None
    artists: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError(f"rank of {self.song_id} is {self.rank}, expected 1 or more")
        for name in ("score", "tempo", "energy"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} of {self.song_id} is {value}, expected a finite number")

    @classmethod
    def of_answer(cls, hits: Hits, place: int, values: Mapping[str, Any]) -> Hit:
        """A song of an answer; its line and reason are made, with those of the others, when one is first read.

        values    the other fields
        """
        hit = object.__new__(cls)
        hit.__dict__.update(values, _source=(hits, place))
        return hit

    def __getattr__(self, name: str) -> Any:
        source = self.__dict__.get("_source")
        if source is None or name not in ("reason", "line"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        hits, place = source
        made = (hits.lines if name == "line" else hits.reasons)[place]
        return self.__dict__.setdefault(name, made)

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what makes the reason holds the whole index."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def to_dict(self) -> dict[str, Any]:
        """Every field as JSON has it: scores rounded, no NaN."""
        return self.__getstate__() | {
            "artists": list(self.artists),
            "featured": list(self.featured),
            "score": round(self.score, DIGITS),
            "signals": {name: round(value, DIGITS) for name, value in self.signals.items()},
        }


class Hits(Sequence[Hit]):
    """The songs of an answer, in its order.

    rows      int64 (n,): rows of the index
    scores    float32 (n,)
    weights   signal -> weight, in the order of the columns of `shares`
    shares    float32 (n, signals): what each signal gave to each score
    request   what they answer; None where nobody noted it
    notes     sentences about which songs the request's names were taken for

    A hit is made when it is read, so that a caller who wants ids and scores pays for no more. A slice keeps the ranks;
    hits equal any sequence of the same hits.
    """

    def __init__(
        self,
        query: Query,
        rows: npt.NDArray[np.int64],
        scores: npt.NDArray[np.float32],
        weights: Mapping[str, float],
        shares: npt.NDArray[np.float32],
        first: int = 1,
        request: Recommend | Search | None = None,
        notes: tuple[str, ...] = (),
    ):
        self.query = query
        self.rows = rows
        self.scores = scores
        self.weights = weights
        self.shares = shares
        self.first = first  # rank of the first hit
        self.request = request
        self.notes = notes

    @property
    def song_ids(self) -> list[str]:
        ids = self.query.index.songs.song_ids
        return [ids[row] for row in self.rows.tolist()]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | Sequence[Hit]:
        places = range(len(self))[place]
        if isinstance(places, int):
            return self._hits([places])[0]
        if places.step != 1:
            return self._hits(places)
        part = slice(places.start, places.stop)
        return Hits(
            self.query, self.rows[part], self.scores[part], self.weights, self.shares[part],
            self.first + places.start, self.request, self.notes,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._hits(range(len(self))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Hits({list(self)!r})"

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        query = {} if self.request is None else self.request.to_dict()
        return answer_dict(self._dicts(), query, notes=self.notes)

    @lazy
    def reasons(self) -> list[str]:
        """One sentence for each song."""
        return reasons(self.query, self.rows, self.shares, self.weights, lambda: self.lines)

    @lazy
    def lines(self) -> list[str | None]:
        """Each song's line that fits the words of the query best."""
        return best_lines(self.query, self.rows)

    @lazy
    def _columns(self) -> dict[str, Sequence[Any]]:
        """What is shown of each song, but for its line and reason, in the order of a hit's fields."""
        songs, rows = self.query.index.songs, self.rows.tolist()
        table = songs.audio_as_imported.take(self.rows, axis=0)
        audio = {
            name: rounded(table[:, AUDIO_NAMES.index(name)])
            for name in ("duration_ms", "tempo", "key", "mode", "energy")
        }
        artists = [songs.artists_of(row) for row in rows]
        return {
            "song_id": [songs.song_ids[row] for row in rows],
            "title": [songs.titles[row] for row in rows],
            "artist": [songs.artists[row] for row in rows],
            "score": self.scores.tolist(),
            "rank": range(self.first, self.first + len(rows)),
            "signals": self._signals(self.shares.tolist()),
            "album": [songs.text("album", row) for row in rows],
            "duration_ms": [None if value is None else round(value) for value in audio["duration_ms"]],
            "year": [None if year < 0 else year for year in songs.year[self.rows].tolist()],
            "tempo": audio["tempo"],
            "key": [key_number(value) for value in audio["key"]],
            "mode": [mode_number(value) for value in audio["mode"]],
            "energy": audio["energy"],
            "spotify_id": [songs.text("spotify_id", row) for row in rows],
            "artists": [main for main, _ in artists],
            "featured": [guests for _, guests in artists],
        }

    def _signals(self, shares: Sequence[Sequence[float]]) -> list[dict[str, float]]:
        """For each song name -> contribution, of the signals that gave something."""
        names, gave = list(self.weights), (self.shares != 0).tolist()
        return [dict(compress(zip(names, own, strict=True), some)) for own, some in zip(shares, gave, strict=True)]

    def _hits(self, places: Sequence[int]) -> list[Hit]:
        names, columns = list(self._columns), list(self._columns.values())
        return [
            Hit.of_answer(self, place, dict(zip(names, [column[place] for column in columns], strict=True)))
            for place in places
        ]

    def _dicts(self) -> list[dict[str, Any]]:
        """Each hit as `Hit.to_dict` has it."""
        columns = self._columns | {"reason": self.reasons, "line": self.lines}
        columns |= {
            "score": self.scores.astype(np.float64).round(DIGITS).tolist(),
            "signals": self._signals(self.shares.astype(np.float64).round(DIGITS).tolist()),
            "artists": list(map(list, columns["artists"])),
            "featured": list(map(list, columns["featured"])),
        }
        names = [each.name for each in fields(Hit)]
        return [dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True)]


def rounded(values: npt.NDArray[np.floating]) -> list[float | None]:
    """The numbers to 7 digits, without those that float32 adds; None where they are not finite.

    >>> rounded(np.array([0.1, 128.05, 0.0, np.nan], np.float32))
    [0.1, 128.05, 0.0, None]
    """
    known = np.isfinite(values)
    exact = np.where(known, values, 0.0).astype(np.float64)
    size = np.floor(np.log10(np.abs(exact), out=np.zeros_like(exact), where=exact != 0))
    scale = 10.0 ** np.abs(6 - size)
    scaled = np.where(size <= 6, np.round(exact * scale) / scale, np.round(exact / scale) * scale)
    return [value if here else None for value, here in zip(scaled.tolist(), known.tolist(), strict=True)]
