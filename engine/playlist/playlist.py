"""Playlists: made from a ranking, with the songs in their order, a name, and what was relaxed to find them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engine.answer.hits import Hit
from engine.bounds import Arc
from engine.plain import answer_dict
from engine.playlist.formats import ENDINGS, playlist_text
from engine.playlist.locations import Files
from engine.playlist.order import order
from engine.playlist.select import BEGUN, SPARE, Rules, broken_caps, enough, fill, select, usual_duration
from engine.playlist.tracks import Candidates, Selection
from engine.query.filters import Filters
from indexer.errors import RequestError
from indexer.records import AUDIO_NAMES
from indexer.store.files import write_whole

if TYPE_CHECKING:
    from engine.answer.ranked import Answer
    from engine.index import OpenIndex
    from engine.query.query import Query

RANKED_PER_SONG = 8  # songs ranked for each that a playlist takes: caps and versions use them up
MOST_NAMED = 3  # seeds, artists or genres that a name repeats
LONGEST = 60  # characters of the words asked for that a name repeats


@dataclass(frozen=True, slots=True)
class Playlist:
    """Songs in playing order.

    relaxed   one sentence per rule that could not be kept, in the order in which they gave way
    query     the request that it answers, as JSON has it; {} where nobody noted it
    notes     sentences about which songs the request's names were taken for
    """

    name: str
    songs: tuple[Hit, ...]
    relaxed: tuple[str, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.songs)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.songs)

    def to_dict(self) -> dict[str, Any]:
        """Everything that it holds, as JSON has it."""
        songs = (hit.to_dict() for hit in self.songs)
        return {"name": self.name, **answer_dict(songs, self.query, self.relaxed, self.notes)}

    def save(self, path: str | Path, files: Mapping[str, str] | None = None) -> Path:
        """Write the playlist; the ending of the name says how, RequestError where it does not.

        A file of that name is replaced whole or not at all.

        files   song_id -> the absolute path of its file of sound, as `Catalogue.files_of_songs` has them, for players:
                they stand in M3U8, XSPF and JSPF
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in ENDINGS:
            known = ", ".join(ENDINGS)
            ends = repr(target.suffix) if target.suffix else "nothing"
            raise RequestError(
                f"{target.name} ends in {ends}, expected one of {known}",
                field="path", found=ends, expected=f"a name that ends in one of {known}",
            )  # fmt: skip
        write_whole(target, playlist_text(self, ending, Files.for_list(files or {}, target)))
        return target


def songs_to_rank(index: OpenIndex, length: int, duration_ms: float | None) -> int:
    """How many songs `make_playlist` wants ranked, before any bound on k."""
    if duration_ms is not None:
        length = min(length, math.ceil(duration_ms / usual_duration(index.songs))) + SPARE
    return RANKED_PER_SONG * length


def opening_songs(query: Query, most: int) -> Candidates:
    """The first seeds that are songs of the index and not excluded, at most so many, each once."""
    gone = set(query.excluded_rows.tolist())
    rows = list(dict.fromkeys(seed.row for seed in query.seeds[:most] if seed.row is not None and seed.row not in gone))
    return Candidates.of_rows(query.index.songs, np.array(rows, np.int64))


def make_playlist(
    rankings: Iterable[Answer],
    name: str,
    length: int,
    rules: Rules,
    *,
    duration_ms: float | None = None,
    arc: Arc = "flat",
    opening: int = 0,
) -> Playlist:
    """Songs of a ranking, chosen by the rules, and put in order.

    rankings      of one query, each of more songs than the last: the first that has enough for the rules is taken
    length        how many songs; with `duration_ms` the most
    duration_ms   milliseconds that they last together, as nearly as can be
    opening       so many of the query's seeds, those that are songs of the index, come first in their order; they
                  count as any song does
    """
    for ranked in rankings:
        candidates = Candidates.of_rows(ranked.query.index.songs, ranked.ranking.rows, ranked.ranking.scores)
        first = opening_songs(ranked.query, min(opening, length))
        wanted = length - len(first)
        rules = replace(rules, before=first)
        if not wanted:
            chosen = Selection(candidates.take([]), tuple(broken_caps(first, rules, BEGUN)))
        elif duration_ms is None:
            chosen = select(candidates, wanted, rules)
        else:
            chosen = fill(candidates, duration_ms, wanted, rules)
        together = Selection(first.followed_by(chosen.songs), chosen.relaxed)
        if enough(together.songs, length, rules, duration_ms):
            break
    ordered = order(together, arc=arc, variation=rules.variation, pinned=len(first))
    return Playlist(name, tuple(ranked.hits(ordered.songs.rows.tolist())), ordered.relaxed)


class Wishes(Protocol):
    """What a name is made from: the fields of a request for a playlist."""

    @property
    def seed_artists(self) -> Sequence[str]: ...
    @property
    def seed_genres(self) -> Sequence[str]: ...
    @property
    def text(self) -> str: ...
    @property
    def target(self) -> Mapping[str, float]: ...
    @property
    def filters(self) -> Filters: ...


def playlist_name(request: Wishes, seeds: Sequence[str] = ()) -> str:
    """What a playlist is called that nobody named: after its seeds, else its words, else its filters and targets.

    seeds   titles of the seed songs

    "Like Salt Road, Tides", "rainy sunday", "Rock, sad, 1990s", "Songs with energy near 0.8", "Songs".
    """
    likes = [*seeds, *request.seed_artists, *request.seed_genres]
    if likes:
        more = f" and {len(likes) - MOST_NAMED} more" if len(likes) > MOST_NAMED else ""
        return f"Like {', '.join(likes[:MOST_NAMED])}{more}"
    if words := " ".join(request.text.split()):
        return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "…"
    filters = request.filters
    kinds = [*filters.genre, *filters.tag, *filters.mood, *filters.artist, *filters.album, *filters.language]
    if len(kinds) == 1 and filters.mood:
        kinds = [f"{kinds[0]} songs"]
    parts = [*kinds[:MOST_NAMED], *(_range(*each) for each in filters.ranges)]
    pulls = [name for name in request.target if name not in AUDIO_NAMES and name != "popularity"]
    near = [f"{name} near {value:g}" for name, value in request.target.items() if name not in pulls]
    if not parts and pulls:
        parts = [f"{', '.join(pulls)} songs"]
    if near:
        parts.append(f"{'' if parts else 'Songs with '}{', '.join(near)}")
    described = ", ".join(parts) or "Songs"
    return described[:1].upper() + described[1:]


def _range(name: str, low: float, high: float) -> str:
    """A filter's range in a name.

    >>> _range("year", 1990, 1999), _range("year", 1994, 1994), _range("tempo", 90, math.inf)
    ('1990s', '1994', 'tempo from 90')
    """
    called = "" if name == "year" else f"{name} "
    if name == "year" and low % 10 == 0 and high == low + 9:
        return f"{low:g}s"
    if low == high:
        return f"{called}{low:g}"
    if math.isinf(high):
        return f"{called}from {low:g}"
    if math.isinf(low):
        return f"{called}up to {high:g}"
    return f"{called}{low:g} to {high:g}"
