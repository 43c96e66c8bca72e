"""Traits: what is known of songs as columns that a linear model can weigh, of the index's songs and of any others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.query.seeds import Seed
from indexer.records import Song
from indexer.text.artists import artists_of
from indexer.text.names import artist_key

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]
Codes = tuple[Rows, npt.NDArray[np.int32]]  # the place of the song that each code is of, the code

# What each trait adds to the likeness of two songs that share it; its columns are scaled by the root. Chosen on pairs
# of development playlists of shared/data, where 2.5 times or 0.4 times any of them changes accuracy by 0.015 at most.
VECTORS = {"taste": 1.0, "factors": 2.0, "tbert": 0.2, "lyrics": 0.1, "audio": 0.2, "era": 0.3, "popularity": 0.2}
NAMES = {"artist_key": 0.8, "genre": 0.2, "language_key": 0.05}

# A number becomes bumps around fixed points, so that a linear model can like the middle of a range.
YEARS, YEARS_WIDE = np.arange(1900.0, 2040.0, 5.0), 5.0
SHARES, SHARES_WIDE = np.linspace(0.0, 1.0, 11), 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """n songs, a column for each number that is known of them.

    vectors   float32 (n, numbers): what VECTORS names, zero where nothing is known
    names     float32 (n, terms), sparse: a column for each artist, genre and language of the index
    """

    vectors: FloatMatrix
    names: csr_matrix

    @classmethod
    def of_rows(cls, index: OpenIndex, rows: Rows) -> Traits:
        """Songs of the index."""
        songs = index.songs
        year, decade = songs.year[rows], songs.decade[rows]
        when = np.where(year >= 0, year, np.where(decade >= 0, decade + 5.0, np.nan))
        vectors = {
            **{name: np.asarray(part[rows]) for name, part in index.parts.items()},
            "audio": np.asarray(index.audio[rows]),
            "tbert": index.tbert[rows].astype(np.float32),
            "factors": index.factors[rows].astype(np.float32),
            "era": _bumps(when, YEARS, YEARS_WIDE),
            "popularity": _bumps(index.popularity[rows], SHARES, SHARES_WIDE),
        }
        return cls._of(index, vectors, {name: songs.column(name).of_rows(rows) for name in NAMES})

    @classmethod
    def of_content(cls, index: OpenIndex, songs: Sequence[Seed]) -> Traits:
        """Songs that the index does not hold: what is known by their content, in the same columns."""
        when = [seed.song.year if seed.song.year is not None else _middle(seed.song.decade) for seed in songs]
        vectors = {
            **{name: np.stack([seed.parts[name] for seed in songs]) for name in index.parts},
            "audio": np.stack([seed.audio for seed in songs]),
            "tbert": np.stack([seed.tbert for seed in songs]),
            "factors": np.zeros((len(songs), index.factors.shape[1]), np.float32),
            "era": _bumps(np.array(when, np.float64), YEARS, YEARS_WIDE),
            "popularity": np.zeros((len(songs), len(SHARES)), np.float32),
        }
        codes = {
            "artist_key": [[index.artist_codes.get(key) for key in _artist_keys(seed.song)] for seed in songs],
            "genre": [[index.genre_codes.get(genre) for genre in seed.song.genres] for seed in songs],
            "language_key": [[index.language_codes.get(seed.song.language or "")] for seed in songs],
        }
        return cls._of(index, vectors, {name: _flat(of_songs) for name, of_songs in codes.items()})

    @classmethod
    def of(cls, index: OpenIndex, songs: Sequence[Seed]) -> Traits:
        """Songs of both kinds, in their order."""
        from scipy.sparse import vstack

        outside = [i for i, seed in enumerate(songs) if seed.row is None]
        known = cls.of_rows(index, np.array([seed.row for seed in songs if seed.row is not None], np.int64))
        if not outside:
            return known
        other = cls.of_content(index, [songs[i] for i in outside])
        order = np.argsort([*(i for i, seed in enumerate(songs) if seed.row is not None), *outside])
        vectors = np.concatenate([known.vectors, other.vectors])
        names = vstack([known.names, other.names], format="csr")
        return cls(vectors[order], names[order])

    @classmethod
    def _of(cls, index: OpenIndex, vectors: Mapping[str, FloatMatrix], codes: Mapping[str, Codes]) -> Traits:
        """Each trait's columns, a song's of length root of the amount, or 0; loud is not quiet: sound is not scaled."""
        from scipy.sparse import csr_matrix, hstack

        scaled = []
        for name, amount in VECTORS.items():
            if name in vectors:
                rows = vectors[name]
                length = np.sqrt(rows.shape[1]) if name == "audio" else np.linalg.norm(rows, axis=1, keepdims=True)
                scaled.append(rows * (np.sqrt(amount) / np.maximum(length, 1e-12)).astype(np.float32))
        songs = len(vectors["audio"])
        named = []
        for name, amount in NAMES.items():
            owners, terms = codes[name]
            counts = np.bincount(owners, minlength=songs)
            values = np.sqrt(amount / counts[owners]).astype(np.float32)
            named.append(csr_matrix((values, (owners, terms)), (songs, len(index.songs.column(name).terms))))
        return cls(np.concatenate(scaled, axis=1), hstack(named, format="csr"))

    def table(self) -> tuple[FloatMatrix, Rows]:
        """float32 (n, columns): the columns in which any of the songs has something, and which these are."""
        used = np.flatnonzero(np.concatenate([self.vectors.any(axis=0), self.names.getnnz(axis=0) > 0]))
        width = self.vectors.shape[1]
        return np.hstack(
            [self.vectors[:, used[used < width]], self.names[:, used[used >= width] - width].toarray()]
        ), used

    def weighed(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """float64 (n,): the sum of weight x column."""
        width = self.vectors.shape[1]
        return np.asarray(self.vectors @ weights[:width] + self.names @ weights[width:], np.float64)

    @property
    def columns(self) -> int:
        return int(self.vectors.shape[1] + self.names.shape[1])


def _bumps(values: npt.NDArray[np.floating], centres: npt.NDArray[np.float64], wide: float) -> FloatMatrix:
    """float32 (values, centres): exp(-(value - centre)^2 / 2 wide^2), zero where the value is unknown."""
    away = (np.asarray(values, np.float64)[:, None] - centres) / wide
    return np.nan_to_num(np.exp(-(away**2) / 2.0)).astype(np.float32)


def _middle(decade: int | None) -> float:
    return np.nan if decade is None else decade + 5.0


def _artist_keys(song: Song) -> list[str]:
    artists = artists_of(song)
    return [artist_key(name) for name in (*artists.main, *artists.featured)]


def _flat(of_songs: Sequence[Sequence[int | None]]) -> Codes:
    pairs = [(place, code) for place, codes in enumerate(of_songs) for code in codes if code is not None]
    owners, codes = np.array(pairs, np.int64).reshape(-1, 2).T
    return owners, codes.astype(np.int32)
