"""Signals of what the catalogue states: artist, genre, language, year, and the values that a query wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from engine.query.query import Query
from engine.retrieve.pool import Pool
from engine.score.signal import FloatVector, Rows, Signal, listed, no_clauses, unknown, weighted
from indexer.models.moods.vocabulary import mood_named
from indexer.records import AUDIO_NAMES

ERA_YEARS = 10.0  # years after which two songs are 1/e as close; a decade is how people cut music up
MOST_NEIGHBOURS = 3  # learned moods that a sentence names for one that was not learned
A_MOOD_IS_WANTED = 0.5  # target of a mood from which the reason names it


def artist(query: Query, pool: Pool) -> FloatVector:
    """The share of seeds that have an artist of the candidate's, guests too; unknown artists are each their own."""
    own = query.index.songs.column("artist_key")
    seeds = Counter(tuple(own.codes_of(seed.row)) for seed in query.seeds if seed.row is not None)
    owner, codes = pool.column("artist").T
    out = np.zeros(len(pool), np.float32)
    for artists, times in seeds.items():
        shared = np.zeros(len(pool), bool)
        for code in artists:
            shared[owner[codes == code]] = True
        out += shared * np.float32(times / len(query.seeds))
    return out


def artist_moments(query: Query) -> tuple[float, float]:
    """A song of two of the seeds' artists counts for each, which is as good as exact."""
    own, many = query.index.songs.column("artist_key"), max(1, len(query.index))
    of_artist = Counter(code for seed in query.seeds if seed.row is not None for code in set(own.codes_of(seed.row)))
    shares = np.array(list(of_artist.values()), np.float64) / max(1, len(query.seeds))
    counts = query.index.facts.songs_of_artist[list(of_artist)]
    mean = float(shares @ counts) / many
    return mean, max(float(shares**2 @ counts) / many - mean**2, 0.0) ** 0.5


def artist_clauses(query: Query, rows: Rows) -> list[str | None]:
    songs = query.index.songs
    column = songs.column("artist_key")
    of_seeds = {code for seed in query.seeds if seed.row is not None for code in column.codes_of(seed.row)}

    def clause(row: int) -> str | None:
        main, featured = songs.artists_of(row)
        shared = [name for name, code in zip((*main, *featured), column.codes_of(row), strict=True) if code in of_seeds]
        return f"is also {'by' if shared[0] in main else 'with'} {shared[0]}" if shared else None

    return [clause(row) for row in rows.tolist()]


def genre(query: Query, pool: Pool) -> FloatVector:
    """Mean over the seeds of |shared genres| / |genres of either| (Jaccard)."""
    of_seeds = [set(seed.song.genres) for seed in query.seeds if seed.song.genres]
    if not of_seeds:
        return unknown(pool)
    owner, codes = pool.column("genre").T
    counts = np.bincount(owner, minlength=len(pool)).astype(np.float32)
    out = np.zeros(len(pool), np.float32)
    code_of = query.index.genre_codes
    for genres in of_seeds:
        wanted = np.zeros(len(query.index.songs.column("genre").terms))
        wanted[[code_of[name] for name in genres if name in code_of]] = 1.0
        shared = np.bincount(owner, weights=wanted[codes], minlength=len(out)).astype(np.float32)
        out += shared / np.maximum(counts + len(genres) - shared, 1) / len(of_seeds)
    out[counts == 0] = np.nan
    return out


def genre_moments(query: Query) -> tuple[float, float]:
    return _of_patterns(query, "genre", genre)


def genre_clauses(query: Query, rows: Rows) -> list[str | None]:
    of_seeds = {name for seed in query.seeds for name in seed.song.genres}
    genres = query.index.songs.column("genre")
    shared = ([name for name in genres.of(row) if name in of_seeds] for row in rows.tolist())
    return [f"is also {both[-1]}" if both else None for both in shared]  # the narrowest genre comes last


def language(query: Query, pool: Pool) -> FloatVector:
    """The share of seeds sung in the candidate's language."""
    of_seeds = [seed.song.language for seed in query.seeds if seed.song.language]
    if not of_seeds:
        return unknown(pool)
    code_of = query.index.language_codes
    codes = pool.column("language")
    out: FloatVector = np.mean([codes == code_of.get(name, -2) for name in of_seeds], axis=0).astype(np.float32)
    out[codes < 0] = np.nan
    return out


def language_moments(query: Query) -> tuple[float, float]:
    return _of_patterns(query, "language", language)


def era(query: Query, pool: Pool) -> FloatVector:
    """exp(-|years between| / 10), the mean over the seeds; a decade alone counts as its middle."""
    years = [_year(seed.song.year, seed.song.decade) for seed in query.seeds]
    of_seeds = [year for year in years if year is not None]
    if not of_seeds:
        return unknown(pool)
    year, decade = pool.column("year"), pool.column("decade")
    when = np.where(year >= 0, year, decade + 5).astype(np.float32)
    near: FloatVector = np.mean([np.exp(-np.abs(when - y) / ERA_YEARS) for y in of_seeds], axis=0).astype(np.float32)
    near[(year < 0) & (decade < 0)] = np.nan
    return near


def era_moments(query: Query) -> tuple[float, float]:
    return _of_patterns(query, "era", era)


def _of_patterns(query: Query, fact: str, measure: Callable[[Query, Pool], FloatVector]) -> tuple[float, float]:
    """Of a song for each value of the fact, each as often as songs have the value."""
    index = query.index
    patterns = index.facts.of(fact)
    examples = Pool(index, patterns.rows, {}, len(patterns.rows), patterns.columns)
    return weighted(measure(query, examples), patterns.counts)


def _year(year: int | None, decade: int | None) -> float | None:
    return float(year) if year is not None else decade + 5.0 if decade is not None else None


def era_clauses(query: Query, rows: Rows) -> list[str | None]:
    when = map(query.index.songs.when, rows.tolist())
    return [f"is from {year}" if year else f"is from the {decade}s" if decade else None for year, decade in when]


def target(query: Query, pool: Pool) -> FloatVector:
    """Closeness to the target values: 1 at the target, 0 at the other end of the feature's spread."""
    return query.closeness[pool.rows] if query.target else unknown(pool)


def target_moments(query: Query) -> tuple[float, float] | None:
    if not query.target:
        return None
    values = query.closeness[query.index.songs.alive]
    return weighted(values, np.ones(len(values), np.int64))


def target_clauses(query: Query, rows: Rows) -> list[str | None]:
    moods = target_moods(query)
    return [mood_clause(query, moods, "and") if moods else "is near the target values"] * len(rows)


def target_moods(query: Query) -> list[str]:
    """The moods that the target wants much of."""
    return [
        name for name, value in query.target if name not in (*AUDIO_NAMES, "popularity") and value >= A_MOOD_IS_WANTED
    ]


def mood_clause(query: Query, moods: Sequence[str], conjunction: Literal["and", "or"]) -> str:
    """The moods by name; with one that was not learned, the learned ones that it is judged by."""
    named = []
    for mood in dict.fromkeys(mood_named(word).name for word in moods):
        by = list(query.index.songs.moods.learned_neighbours(mood))
        named.append(mood if by == [mood] else f"{mood} (judged by {listed(by[:MOST_NEIGHBOURS])})")
    return f"is likely to be called {f' {conjunction} '.join(named)}"


FACTS = (
    Signal("artist", artist, artist_moments, artist_clauses, "facts", "cheap"),
    Signal("genre", genre, genre_moments, genre_clauses, "facts", "cheap"),
    Signal("language", language, language_moments, no_clauses, "facts", "cheap"),
    Signal("era", era, era_moments, era_clauses, "facts", "cheap"),
    Signal("target", target, target_moments, target_clauses, "facts", "cheap"),
)
