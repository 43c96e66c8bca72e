"""Signals of what listeners do: which songs their playlists hold together, and how often."""

from __future__ import annotations

import numpy as np

from engine.query.query import Query
from engine.retrieve.pool import Pool
from engine.score.signal import FloatVector, Rows, Signal, unit_cosine, unknown


def taste(query: Query, pool: Pool) -> FloatVector:
    """Cosine in the space in which songs that share playlists are close."""
    return unit_cosine(query.parts["taste"], pool.column("taste")) if has_taste(query) else unknown(pool)


def taste_moments(query: Query) -> tuple[float, float] | None:
    return query.index.moments["taste"].of(query.parts["taste"]) if has_taste(query) else None


def has_taste(query: Query) -> bool:
    """Whether the query has a place in taste: that of its seeds, or that of playlists that its words name."""
    return "taste" in query.parts and bool(query.parts["taste"].any())


def cooccurrence(query: Query, pool: Pool) -> FloatVector:
    """Root of the mean over the seeds of the likeness of their playlists to the candidate's; NaN for a song in none.

    The likeness has a long tail; its root is the better column beside cosines (5 seeds, development playlists of
    shared/data, beside taste: R-precision 0.273 against 0.267).
    """
    rows, values = query.cooccurrence
    out = np.zeros(len(pool), np.float32)
    out[~pool.column("history")] = np.nan
    if len(rows):
        place = np.minimum(np.searchsorted(rows, pool.rows), len(rows) - 1)
        near = rows[place] == pool.rows
        out[near] = np.sqrt(values[place[near]])
    return out


def cooccurrence_moments(query: Query) -> tuple[float, float] | None:
    """Of the songs with a history; all that are no neighbours have 0."""
    _, values = query.cooccurrence
    many = query.index.songs_with_history
    if not many:
        return None
    mean = float(np.sqrt(values).sum(dtype=np.float64)) / many
    return mean, max(float(values.sum(dtype=np.float64)) / many - mean**2, 0.0) ** 0.5


def factors(query: Query, pool: Pool) -> FloatVector:
    """How likely a playlist that holds the seeds holds the candidate, by its factors; NaN for a song of no playlist."""
    if not query.listener_factors.any():
        return unknown(pool)
    likely = pool.column("factors") @ query.listener_factors
    return np.asarray(np.where(pool.column("history"), likely, np.nan), np.float32)


def factors_moments(query: Query) -> tuple[float, float] | None:
    return query.index.moments["factors"].of(query.listener_factors) if query.listener_factors.any() else None


def popularity(query: Query, pool: Pool) -> FloatVector:
    """How often the catalogue's playlists hold the song, or its popularity where there are none."""
    return np.asarray(pool.column("popularity"), np.float32)


def popularity_moments(query: Query) -> tuple[float, float]:
    return query.index.moments["popularity"].of([1.0])


def playlist_clauses(query: Query, rows: Rows) -> list[str | None]:
    """How many playlists hold the song and a seed; where none does, it is of the kind that those playlists hold."""
    shared = query.index.cooccurrence.most_shared([s.row for s in query.seeds if s.row is not None], rows)
    without = "fits the same playlists" if query.seeds else "is in playlists that are called so"
    whom = "it" if len(query.seeds) == 1 else "a seed"
    return [f"shares {many} playlist{'s' * (many > 1)} with {whom}" if many else without for many in shared.tolist()]


def popularity_clauses(query: Query, rows: Rows) -> list[str | None]:
    return ["is often chosen by listeners"] * len(rows)


LISTENERS = (
    Signal("taste", taste, taste_moments, playlist_clauses, "listeners", "cheap"),
    Signal("cooccurrence", cooccurrence, cooccurrence_moments, playlist_clauses, "listeners", "cheap"),
    Signal("factors", factors, factors_moments, playlist_clauses, "listeners", "cheap"),
    Signal("popularity", popularity, popularity_moments, popularity_clauses, "listeners", "cheap"),
)
