"""Signals: what is known of each candidate, one column a signal, NaN where nothing is known.

A signal is a function of the query and the candidates. Adding one is writing it in a module of its own
and naming it in SIGNALS and in the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from engine.score.weights import SEARCH_WEIGHTS
from indexer.search.lexical import rescore_lines
from indexer.text.tokens import tokenise

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
    return _cosine(query.sentence, query.index.sentence, pool.rows)


def audio(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the scaled audio features."""
    return _cosine(query.audio, query.index.audio, pool.rows)


def taste(query: Query, pool: Pool) -> FloatVector:
    """Cosine in the space in which songs that share playlists are close."""
    if not _has_taste(query):
        return _unknown(pool)
    places = query.index.parts[:, query.index.layout.slice("taste")]
    return _cosine(query.parts["taste"], places, pool.rows)


def cooccurrence(query: Query, pool: Pool) -> FloatVector:
    """Root of the mean over the seeds of the likeness of their playlists to the candidate's; NaN for a song in none.

    The likeness has a long tail; its root is the better column beside cosines (5 seeds, development playlists of
    shared/data, beside taste: R-precision 0.273 against 0.267).
    """
    rows, values = query.cooccurrence
    out = np.zeros(len(pool.rows), np.float32)
    out[~query.index.cooccurrence.history[pool.rows]] = np.nan
    if len(rows):
        place = np.minimum(np.searchsorted(rows, pool.rows), len(rows) - 1)
        found = rows[place] == pool.rows
        out[found] = np.sqrt(values[place[found]])
    return out


def factors(query: Query, pool: Pool) -> FloatVector:
    """How likely a playlist that holds the seeds holds the candidate, by its factors; NaN for a song of no playlist."""
    if not query.listener_factors.any():
        return _unknown(pool)
    rows = query.index.factors[pool.rows].astype(np.float32)
    history = query.index.cooccurrence.history[pool.rows]
    return np.asarray(np.where(history, rows @ query.listener_factors, np.nan), np.float32)


def tbert(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the tBERT embeddings."""
    return _cosine(query.tbert, query.index.tbert, pool.rows)


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


def _has_taste(query: Query) -> bool:
    return "taste" in query.parts and bool(query.parts["taste"].any())


def _unknown(pool: Pool) -> FloatVector:
    return np.full(len(pool.rows), np.nan, np.float32)


def _cosine(query: FloatVector, table: npt.NDArray[np.floating], rows: npt.NDArray[np.int64]) -> FloatVector:
    """Cosine of the table's rows with the query, NaN where either is zero; for a zero query nothing is read."""
    length = float(np.linalg.norm(query))
    if not length:
        return np.full(len(rows), np.nan, np.float32)
    vectors = table[rows].astype(np.float32, copy=False)
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(norms > 0, vectors @ query / (norms * length), np.nan), np.float32)


Signal = Callable[[Query, Pool], FloatVector]

SIGNALS: dict[str, Signal] = {
    "lexical": lexical,
    "lyrics": lyrics,
    "audio": audio,
    "taste": taste,
    "cooccurrence": cooccurrence,
    "factors": factors,
    "tbert": tbert,
    "artist": artist,
    "genre": genre,
    "language": language,
    "era": era,
    "popularity": popularity,
    "target": target,
}

FITTED = 3  # songs from BM25's head that are compared letter by letter
QUOTED, PARAPHRASED = 0.85, 0.6  # fit of a line with a slip or two; of words that only happen to be sung
LEAST_LEXICAL = 0.1
NAME_WORDS, LEXICAL_LOSS, NAMED_POPULARITY = 6, 0.8, 0.5


def search_weights(query: Query, pool: Pool) -> dict[str, float]:
    """The weights for words that were typed: a line of a song, what a song is about, or what a playlist is called.

    quoted = how well they fit the lyrics or the name of the song that BM25 puts first, letter by letter, 0..1;
    BM25's weight falls with it from 1 (QUOTED) to LEAST_LEXICAL (PARAPHRASED). The fewer the words, the more they are
    what listeners call playlists: from 1 for one word to 0 for NAME_WORDS, taste and popularity gain what BM25 loses.
    On names of development playlists of shared/data NDCG@500 is 0.155, with BM25 and lyrics alone 0.04.
    """
    if query.only_quoted:  # every hit has the words; the meaning of a quotation decides nothing
        return {name: weight for name, weight in SEARCH_WEIGHTS.items() if name not in ("lyrics", "taste")}
    words = tokenise(query.text)
    head = pool.found["lexical"].rows[:FITTED]
    fits = rescore_lines(words, [query.index.lines_of(int(row)) for row in head])
    share = (float(fits.max(initial=0.0)) - PARAPHRASED) / (QUOTED - PARAPHRASED)
    named = min(1.0, max(0.0, (NAME_WORDS - len(words)) / (NAME_WORDS - 1))) if _has_taste(query) else 0.0
    return SEARCH_WEIGHTS | {
        "lexical": SEARCH_WEIGHTS["lexical"] * min(1.0, max(LEAST_LEXICAL, share)) * (1.0 - LEXICAL_LOSS * named),
        "taste": SEARCH_WEIGHTS["taste"] * named,
        "popularity": SEARCH_WEIGHTS["popularity"] + NAMED_POPULARITY * named,
    }


def measure(query: Query, pool: Pool, names: Mapping[str, float]) -> FloatMatrix:
    """float32 (candidates, signals): the signals that have a weight, in the order of `names`."""
    columns = [SIGNALS[name](query, pool) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(pool.rows), 0), np.float32)
