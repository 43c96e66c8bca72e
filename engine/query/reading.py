"""Reading a request: names become songs of the index, conditions a mask, and weights those of this one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.answer.answer import POOL, pool
from engine.bounds import MOST_NAMES
from engine.index import OpenIndex
from engine.lookup.groups import songs_of_artist, songs_of_genre
from engine.lookup.named import name_of
from engine.lookup.names import called, resolve
from engine.query.query import Query
from engine.query.seeds import Seed, by_identity
from engine.query.wanted import allowed_rows
from engine.requests import MakePlaylist, Recommend, Search
from engine.retrieve.pool import Pool
from engine.score.search_policy import search_weights
from engine.score.weights import SEARCH_WEIGHTS, Profiles, profile_of
from engine.tune.reactions import weights_from_reactions
from indexer.errors import EmptyQueryError, RequestError, SongNotFoundError
from indexer.records import Song
from indexer.search.allowed import Allowed
from indexer.search.lexical import split_quotes

TABLED = 100  # songs from which on a table of all ids is made and kept


@dataclass(frozen=True, eq=False)
class Reading:
    """A request as one index reads it.

    weights       signal -> weight
    given         so many of the seeds, from the first on, were named themselves, not their artist or genre
    words_alone   whether nothing but words is given, so that the candidates decide what they weigh
    fixed         the weights of the request itself: they hold whatever is decided
    allowed       the rows that may come back; None is every row
    """

    query: Query
    given: int
    weights: Mapping[str, float]
    words_alone: bool
    fixed: Mapping[str, float]
    allowed: Allowed | None

    @property
    def songs_left(self) -> int:
        """How many songs may come back."""
        allowed = self.allowed or Allowed(self.query.index.songs.alive)
        return allowed.without(self.query.own_rows, self.query.excluded_rows).count

    def candidates(self, k: int) -> tuple[Pool, Mapping[str, float]]:
        """The songs to be ranked for the k best, and what each signal weighs."""
        if not self.words_alone:
            return pool(self.query, self.weights, k, self.allowed), self.weights
        # Whatever weight the words get in the end, the policy looks at what BM25 found.
        proposed = pool(self.query, {**self.weights, "lexical": 1.0}, k, self.allowed)
        others = {name: weight for name, weight in self.weights.items() if name not in SEARCH_WEIGHTS}
        return proposed, {**others, **search_weights(self.query, proposed), **self.fixed}


def read(index: OpenIndex, request: Recommend | Search | MakePlaylist, profiles: Profiles) -> Reading:
    """What the request means in this index. Raises the errors of names that are not found, and EmptyQueryError."""
    filters = request.filters
    seeds, given, avoid = _seeds(index, request)
    targets = {} if isinstance(request, Search) else dict(request.target)
    if isinstance(request, MakePlaylist) and request.from_mood is not None and request.to_mood is not None:
        targets |= {request.from_mood: 1.0, request.to_mood: 0.0}
    text = request.text if any(split_quotes(request.text)) else ""
    weights: Mapping[str, float] = profiles[profile_of(len(seeds))]
    if not seeds and not text and not targets:
        if filters.mood:
            targets = dict.fromkeys(filters.mood, 1.0)
        elif filters:  # the best known of the songs that the filters leave
            targets, weights = {"popularity": 100.0}, {"popularity": 1.0}
        else:
            raise EmptyQueryError("the query is empty; expected a seed song, words, target values or filters")
    query = Query(
        index, seeds=seeds, avoid=avoid, text=text, target=tuple(targets.items()), moods=filters.mood,
        exclude=excluded_rows(index, request.exclude),
    )  # fmt: skip
    words_alone = query.has_text and not seeds
    if words_alone:
        weights = SEARCH_WEIGHTS | ({"target": weights["target"]} if targets else {})
    elif query.has_text and not np.any(query.parts_of_words.get("taste", 0.0)):
        # No playlist is called by any of these words: beside the seeds nothing but their meaning can count.
        weights = {**weights, "lyrics": max(weights["lyrics"], SEARCH_WEIGHTS["lyrics"])}
    weights = {**weights, **request.weights}
    every = isinstance(request, Recommend | Search) and request.versions
    allowed = allowed_rows(index, filters, seeds, request.text, versions=every)
    reading = Reading(query, given, weights, words_alone, request.weights, allowed)
    if isinstance(request, Recommend) and (request.liked or request.skipped):
        return _after_reactions(reading, request)
    return reading


def known_rows(index: OpenIndex, field: str, songs: Sequence[Song | str]) -> list[int]:
    """The rows of songs that must be in the catalogue, each once."""
    rows: dict[int, None] = {}
    for song in songs:
        row = resolve(index, song) if isinstance(song, str) else index.songs.row_of(song.song_id)
        if row is None:
            name = song if isinstance(song, str) else song.name
            raise SongNotFoundError(f"{name!r} under {field} is not in the catalogue; name songs that are")
        rows[row] = None
    return list(rows)


def excluded_rows(index: OpenIndex, songs: Sequence[Song | str]) -> npt.NDArray[np.int64]:
    """The rows of songs that must not come back.

    An id that the index does not hold can not come back and is passed over, as a history of listening has many. A
    `Song` without an id is looked up by its name. A name of several words must be found, and that of a `Song`; a
    single word that names no song is read as an id. Of more than MOST_NAMES names all songs are excluded that are
    called so letter by letter, and what is left is looked up as names are.
    """
    rows: set[int] = set()
    names: dict[str, bool] = {}  # whether it must be found
    row_of = index.by_id.get if len(songs) > TABLED else index.songs.row_of
    for song in songs:
        song_id = song if isinstance(song, str) else song.song_id
        row = row_of(song_id) if song_id else None
        if row is not None:
            rows.add(row)
        elif isinstance(song, str):
            names[song] = names.get(song, False) or " " in song.strip()
        elif not song_id:
            names[name_of(song)] = True
    if len(names) > MOST_NAMES:
        unknown: dict[str, bool] = {}
        for name, must in names.items():
            if exact := called(index, name):
                rows.update(exact)
            else:
                unknown[name] = must
        names = unknown
        if (left := sum(names.values())) > MOST_NAMES:
            raise RequestError(
                field="exclude", found=f"{left} names that no song has letter by letter",
                expected=f"at most {MOST_NAMES} of them; give song_ids",
            )  # fmt: skip
    for name in sorted(names, key=names.__getitem__, reverse=True)[:MOST_NAMES]:
        try:
            rows.add(resolve(index, name))
        except (SongNotFoundError, EmptyQueryError):
            if names[name]:
                raise
    return np.array(sorted(rows), np.int64)


def _seeds(
    index: OpenIndex, request: Recommend | Search | MakePlaylist
) -> tuple[tuple[Seed, ...], int, tuple[Seed, ...]]:
    """Seeds, how many of them were named themselves, and songs to avoid: no song twice.

    Songs stand before those of artists and genres.
    """
    if isinstance(request, Search):
        return (), 0, ()
    seeds, avoid = (by_identity(Seed.of(index, song) for song in songs) for songs in (request.seeds, request.avoid))
    if both := [seed for key, seed in seeds.items() if key in avoid]:
        raise RequestError(field="avoid", found=f"the seed {both[0].song.name!r}", expected="songs that are no seeds")
    named = list(seeds.values())
    groups = [songs_of_artist(index, name) for name in request.seed_artists]
    groups += [songs_of_genre(index, name) for name in request.seed_genres]
    rows = dict.fromkeys(row for group in groups for row in group if row not in seeds and row not in avoid)
    return (*named, *(Seed.of_row(index, row) for row in rows)), len(named), tuple(avoid.values())


def _after_reactions(reading: Reading, request: Recommend) -> Reading:
    """The weights as the songs liked and skipped bend them; neither comes back."""
    query, index = reading.query, reading.query.index
    liked, skipped = known_rows(index, "liked", request.liked), known_rows(index, "skipped", request.skipped)
    weights = weights_from_reactions(query, reading.candidates(POOL)[1], liked, skipped, reading.allowed)
    exclude = np.union1d(query.excluded_rows, np.array([*liked, *skipped], np.int64))
    return replace(
        reading, query=replace(query, exclude=exclude), weights={**weights, **request.weights}, words_alone=False
    )
