"""Signals: what is known of each candidate, one column a signal, NaN where nothing is known.

A signal is a function of the query and the candidates. Adding one is writing it in a module of its own
and naming it in SIGNALS and DEFAULT_WEIGHTS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.query import Query
from engine.ranking import Ranking
from indexer.lexical import rescore_lines
from indexer.text import tokenise

FloatVector = npt.NDArray[np.float32]
FloatMatrix = npt.NDArray[np.float32]

ERA_YEARS = 10.0  # years after which two songs are 1/e as close; a decade is how people cut music up


@dataclass(frozen=True, slots=True)
class Pool:
    """The songs to be scored.

    rows    int64 (n,) ascending
    found   what each retriever returned, by its name
    """

    rows: npt.NDArray[np.int64]
    found: Mapping[str, Ranking]


def lexical(query: Query, pool: Pool) -> FloatVector:
    """BM25 of the keywords or words; 0 for a song with lyrics that BM25 did not retrieve, NaN without lyrics.

    Words that were typed may also match a title, so there a song without lyrics has 0 rather than NaN.
    """
    ranking = pool.found["lexical"]
    if not len(ranking):
        return _unknown(pool)
    out = np.zeros(len(pool.rows), np.float32)
    if not query.text:
        out[~query.index.songs.has_lyrics[pool.rows]] = np.nan
    out[np.searchsorted(pool.rows, ranking.rows)] = ranking.scores
    return out


def lyrics(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the lyrics' sentence vectors, at full width."""
    return _cosine(query.sentence, query.index.sentence[pool.rows].astype(np.float32))


def audio(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the scaled audio features."""
    return _cosine(query.audio, query.index.audio[pool.rows])


def topics(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the topic mixtures."""
    return _cosine(query.topics, query.index.topics[pool.rows])


def artist(query: Query, pool: Pool) -> FloatVector:
    """The share of seeds by the candidate's artist."""
    songs = query.index.songs
    codes = songs.single("artist_key")
    out = np.zeros(len(pool.rows), np.float32)
    for seed in query.seeds:
        if seed.row is not None:
            out += (codes[pool.rows] == codes[seed.row]) / np.float32(len(query.seeds))
    return out


def genre(query: Query, pool: Pool) -> FloatVector:
    """Mean over the seeds of |shared genres| / |genres of either| (Jaccard)."""
    column = query.index.songs.column("genre")
    owner, codes = column.of_rows(pool.rows)
    counts = np.bincount(owner, minlength=len(pool.rows)).astype(np.float32)
    out = np.zeros(len(pool.rows), np.float32)
    told = [set(seed.song.genres) for seed in query.seeds if seed.song.genres]
    if not told:
        return _unknown(pool)
    position = query.index.genre_codes
    for genres in told:
        wanted = [position[g] for g in genres if g in position]
        shared = np.bincount(owner, weights=np.isin(codes, wanted), minlength=len(out)).astype(np.float32)
        out += shared / np.maximum(counts + len(genres) - shared, 1) / len(told)
    out[counts == 0] = np.nan
    return out


def language(query: Query, pool: Pool) -> FloatVector:
    """The share of seeds sung in the candidate's language."""
    told = [seed.song.language for seed in query.seeds if seed.song.language]
    if not told:
        return _unknown(pool)
    position = query.index.language_codes
    codes = query.index.songs.single("language_key")[pool.rows]
    out: FloatVector = np.mean([codes == position.get(name, -2) for name in told], axis=0).astype(np.float32)
    out[codes < 0] = np.nan
    return out


def era(query: Query, pool: Pool) -> FloatVector:
    """exp(-|years between| / 10), the mean over the seeds; a decade alone counts as its middle."""
    years = [_year(seed.song.year, seed.song.decade) for seed in query.seeds]
    told = [year for year in years if year is not None]
    if not told:
        return _unknown(pool)
    songs = query.index.songs
    year, decade = songs.year[pool.rows], songs.decade[pool.rows]
    when = np.where(year >= 0, year, decade + 5).astype(np.float32)
    near: FloatVector = np.mean([np.exp(-np.abs(when - then) / ERA_YEARS) for then in told], axis=0).astype(np.float32)
    near[(year < 0) & (decade < 0)] = np.nan
    return near


def popularity(query: Query, pool: Pool) -> FloatVector:
    """How often the catalogue's playlists hold the song, or its popularity where there are none."""
    return np.asarray(query.index.popularity[pool.rows])


def target(query: Query, pool: Pool) -> FloatVector:
    """Closeness to the target values: 1 at the target, 0 at the other end of the feature's spread."""
    if not query.target:
        return _unknown(pool)
    return query.index.closeness(query.target)[pool.rows]


def _year(year: int | None, decade: int | None) -> float | None:
    return float(year) if year is not None else decade + 5.0 if decade is not None else None


def _unknown(pool: Pool) -> FloatVector:
    return np.full(len(pool.rows), np.nan, np.float32)


def _cosine(query: FloatVector, rows: FloatMatrix) -> FloatVector:
    """Cosine of each row with the query, NaN where either is zero."""
    length = float(np.linalg.norm(query))
    if not length:
        return np.full(len(rows), np.nan, np.float32)
    norms = np.linalg.norm(rows, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(norms > 0, rows @ query / (norms * length), np.nan), np.float32)


Signal = Callable[[Query, Pool], FloatVector]

SIGNALS: dict[str, Signal] = {
    "lexical": lexical,
    "lyrics": lyrics,
    "audio": audio,
    "topics": topics,
    "artist": artist,
    "genre": genre,
    "language": language,
    "era": era,
    "popularity": popularity,
    "target": target,
}

# By hand, between even weights and what `refrain tune` finds on shared/data (README): tuned weights lean on
# popularity, which is right for continuing listeners' playlists and wrong for somebody who asks for likeness.
DEFAULT_WEIGHTS: dict[str, float] = {
    "lexical": 0.3,
    "lyrics": 0.3,
    "audio": 0.3,
    "topics": 0.1,
    "artist": 0.3,
    "genre": 0.3,
    "language": 0.3,
    "era": 0.5,
    "popularity": 0.4,
    "target": 1.0,  # never tuned: it is asked for
}
# For words that were typed: what they say is what counts.
SEARCH_WEIGHTS: dict[str, float] = {"lexical": 1.0, "lyrics": 0.35, "popularity": 0.02}
FITTED = 3  # songs from BM25's head that are compared letter by letter
QUOTED, PARAPHRASED = 0.85, 0.6  # fit of a line with a slip or two; of words that only happen to be sung
LEAST_LEXICAL = 0.1


def search_weights(query: Query, pool: Pool) -> dict[str, float]:
    """SEARCH_WEIGHTS for words that were typed: the less they are a line of a song, the more their meaning counts.

    quoted = how well they fit the lyrics or the name of the song that BM25 puts first, letter by letter, 0..1;
    BM25's weight falls with it from 1 (QUOTED) to LEAST_LEXICAL (PARAPHRASED).
    """
    if query.only_quoted:  # every hit has the words; the meaning of a quotation decides nothing
        return {name: weight for name, weight in SEARCH_WEIGHTS.items() if name != "lyrics"}
    head = pool.found["lexical"].rows[:FITTED]
    fits = rescore_lines(tokenise(query.text), [query.index.lines_of(int(row)) for row in head])
    share = (float(fits.max(initial=0.0)) - PARAPHRASED) / (QUOTED - PARAPHRASED)
    return SEARCH_WEIGHTS | {"lexical": SEARCH_WEIGHTS["lexical"] * min(1.0, max(LEAST_LEXICAL, share))}


def measure(query: Query, pool: Pool, names: Mapping[str, float]) -> FloatMatrix:
    """float32 (candidates, signals): the signals that have a weight, in the order of `names`."""
    columns = [SIGNALS[name](query, pool) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(pool.rows), 0), np.float32)
