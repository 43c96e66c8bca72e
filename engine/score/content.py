"""Signals of what the songs themselves are: their words, their meaning and their sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.playlist.transitions import tempo_distance
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.pool import Pool
from engine.score.signal import FloatVector, Rows, Signal, cosine, listed, unit_cosine, unknown
from engine.sound import SOUND
from indexer.records import AUDIO_NAMES

MOST_WORDS = 3  # shared words that a sentence names
CLOSE = 0.12  # a feature is called alike within this share of its spread in the index
SAME_TEMPO = 0.17  # tempo_distance of 6 percent, what a pitch fader bridges without its being noticed

LIKENESSES = ("energy", "valence", "danceability", "acousticness")  # features whose likeness is put into words


def lexical(query: Query, pool: Pool) -> FloatVector:
    """BM25 of the keywords or words; 0 for a song with lyrics that BM25 did not retrieve, NaN without lyrics.

    Words that were typed may also match a title, so there a song without lyrics has 0 rather than NaN.
    """
    ranking = pool.rankings.get("lexical")
    if ranking is None or not len(ranking):
        return unknown(pool)
    out = np.zeros(len(pool), np.float32)
    if not query.has_text:
        out[~pool.column("has_lyrics")] = np.nan
    here = np.isin(ranking.rows, pool.rows)
    out[np.searchsorted(pool.rows, ranking.rows[here])] = ranking.scores[here]
    return out


def shared_words(seeds: Sequence[Seed], keywords: Sequence[str]) -> list[str]:
    """Keywords that a song shares with the seeds, the seeds' best first."""
    here = set(keywords)
    return list(dict.fromkeys(word for seed in seeds for word in seed.keywords if word in here))


def lexical_moments(query: Query) -> None:
    """Nobody knows: BM25 is computed of the songs that it finds first."""
    return


def lexical_clauses(query: Query, rows: Rows) -> list[str | None]:
    if query.has_text:
        return ["has the words"] * len(rows)

    def clause(row: int) -> str | None:
        words = shared_words(query.seeds, query.index.keywords[row].split())[:MOST_WORDS]
        plural = "s" if len(words) > 1 else ""
        return f"shares the word{plural} " + listed([f"“{word}”" for word in words]) if words else None

    return [clause(row) for row in rows.tolist()]


def lyrics(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the lyrics' sentence vectors, at full width."""
    return unit_cosine(query.sentence, pool.column("sentence")) if query.sentence.any() else unknown(pool)


def lyrics_moments(query: Query) -> tuple[float, float] | None:
    return query.index.moments["lyrics"].of(_unit(query.sentence)) if query.sentence.any() else None


def _unit(vector: FloatVector) -> FloatVector:
    return vector / np.float32(np.linalg.norm(vector))


def lyrics_clauses(query: Query, rows: Rows) -> list[str | None]:
    return ["sings of the same things" if query.seeds else "is close in meaning"] * len(rows)


def audio(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the scaled audio features."""
    return cosine(query.audio, pool.column("audio")) if query.audio.any() else unknown(pool)


def audio_moments(query: Query) -> tuple[float, float] | None:
    return query.index.moments["audio"].of(_unit(query.audio)) if query.audio.any() else None


def audio_clauses(query: Query, rows: Rows) -> list[str | None]:
    songs, spread, sound = query.index.songs, query.index.spread, query.sound
    alike: list[list[tuple[float, str]]] = [[] for _ in rows]
    for name in LIKENESSES:
        if name not in sound:
            continue
        low, high = spread[name]
        wanted = (sound[name] - low) / max(high - low, 1e-6)
        here = (songs.audio[rows, AUDIO_NAMES.index(name)].astype(np.float64) - low) / max(high - low, 1e-6)
        close = (np.abs(wanted - here) <= CLOSE) & ((here <= 0.35) | (here >= 0.65))
        for place in np.flatnonzero(close).tolist():
            alike[place].append((abs(here[place] - 0.5), SOUND[name][int(here[place] > 0.5)]))
    words = [[word for _, word in sorted(own, reverse=True)[:2]] for own in alike]
    if "tempo" in sound:
        tempos = songs.audio[rows, AUDIO_NAMES.index("tempo")].astype(np.float64)
        same = tempo_distance(tempos, sound["tempo"]) <= SAME_TEMPO
        for place in np.flatnonzero(same).tolist():
            words[place].append(f"{tempos[place]:.0f} BPM")
    return ["sounds alike" + (f" ({listed(own)})" if own else "") for own in words]


def timbre(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the compressed timbres of the songs' files; NaN for a song without a file that was measured."""
    wanted = query.parts.get("timbre")
    return unknown(pool) if wanted is None or not wanted.any() else unit_cosine(wanted, pool.column("timbre"))


def timbre_moments(query: Query) -> tuple[float, float] | None:
    wanted = query.parts.get("timbre")
    return None if wanted is None or not wanted.any() else query.index.moments["timbre"].of(_unit(wanted))


def tbert(query: Query, pool: Pool) -> FloatVector:
    """Cosine of the tBERT embeddings."""
    return unit_cosine(query.tbert, pool.column("tbert")) if query.tbert.any() else unknown(pool)


def tbert_moments(query: Query) -> tuple[float, float] | None:
    return query.index.moments["tbert"].of(_unit(query.tbert)) if query.tbert.any() else None


def tbert_clauses(query: Query, rows: Rows) -> list[str | None]:
    return ["has the same mood"] * len(rows)


CONTENT = (
    Signal("lexical", lexical, lexical_moments, lexical_clauses, "content", "cheap"),
    Signal("lyrics", lyrics, lyrics_moments, lyrics_clauses, "content", "dear"),
    Signal("audio", audio, audio_moments, audio_clauses, "content", "cheap"),
    Signal("timbre", timbre, timbre_moments, audio_clauses, "content", "cheap"),
    Signal("tbert", tbert, tbert_moments, tbert_clauses, "content", "dear"),
)
