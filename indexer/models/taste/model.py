"""Taste: a space in which songs that share playlists are close, from content, artist and a learned residual.

A song's place is unit(content(song) + place of its artist + its own residual). The residual is for songs with a
history in playlists, the artist's place for artists with one; a song without either is placed by its content.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.models.mlp import unit_rows
from indexer.models.taste.content import Content, Reader
from indexer.settings import Count, NotNegative, Positive, Seed, Share, Width, settings
from indexer.store.weights import Arrays, load_model, save_model
from indexer.text.names import fold

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]

_APPLY_ROWS = 8_192  # rows that go through the tower at once; bounds memory on a million songs


@settings("taste")
class TasteConfig:
    """How taste is learned.

    size                dimensions of the space
    hidden              width of the content tower
    temperature         of the softmax over candidates
    negatives           songs drawn by popularity and added to each batch's own
    names               how much the playlists' names count beside their songs as queries
    least_named         playlists that must have a word in their names for it to be learned
    seeds               at most so many songs of a playlist, averaged, predict another of its songs
    drop_part           chance that a step hides a song's lyrics, its audio, its genres ..., each by itself
    drop_artist, drop_song   chance that a step hides its artist's place, its residual
    epochs, patience    at most, and epochs without a better loss on held-out playlists that are allowed
    batch               queries per step
    max_steps           of all epochs together: with more playlists fewer epochs, or a part of one, are learned
    held_out            share of the training playlists for early stopping
    """

    size: Width = 64
    hidden: Width = 256
    epochs: Count = 12
    patience: Count = 2
    batch: Width = 1024
    max_steps: Count = 60_000
    learning_rate: Positive = 4e-3
    weight_decay: NotNegative = 1e-3
    temperature: Positive = 0.07
    negatives: Width = 1024
    seeds: Width = 4
    names: NotNegative = 0.3
    least_named: Count = 4
    drop_part: Share = 0.1
    drop_artist: Share = 0.3
    drop_song: Share = 0.5
    dropout: Share = 0.2
    held_out: Share = 0.05
    seed: Seed = 0


def name_words(name: str) -> tuple[str, ...]:
    """The words of a playlist's name as they are learned, and its emoji, each once.

    >>> name_words("Chill, chill SUNDAY 🌧")
    ('chill', 'sunday', '🌧')
    """
    signs = [sign for sign in name if unicodedata.category(sign) == "So"]
    return tuple(dict.fromkeys([*fold(name).split(), *signs]))


@dataclass(frozen=True, slots=True)
class Tower:
    """content -> taste: a hidden layer with relu and, beside it, a straight path.

    h = numbers @ into + terms @ terms_into + bias, hidden + size columns; taste = relu(h[:hidden]) @ out + h[hidden:]
    """

    into: FloatMatrix
    terms_into: FloatMatrix
    bias: FloatMatrix
    out: FloatMatrix

    def apply(self, content: Content) -> FloatMatrix:
        """float32 (songs, size), not yet of length 1."""
        hidden = len(self.out)
        parts = []
        for first in range(0, max(1, len(content)), _APPLY_ROWS):
            rows = slice(first, first + _APPLY_ROWS)
            h = content.numbers[rows] @ self.into + content.terms[rows] @ self.terms_into + self.bias
            parts.append(np.maximum(h[:, :hidden], 0) @ self.out + h[:, hidden:])
        return np.concatenate(parts).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Taste:
    """The trained model.

    artists        float32 (artists, size): the place of each artist's code, zero for artists without a history
    words          what listeners call playlists, folded
    word_places    float32 (words + 1, size): the place of each word, and last what is added to them all
    """

    reader: Reader
    tower: Tower
    artists: FloatMatrix
    words: tuple[str, ...]
    word_places: FloatMatrix

    @property
    def size(self) -> int:
        return int(self.artists.shape[1])

    def place(self, content: Content, artists: Rows, residuals: FloatMatrix | None = None) -> FloatMatrix:
        """Unit rows float32 (songs, size); zero for a song of which nothing is known.

        artists     the code of each song's artist; codes beyond the model's, and negative ones, have no place
        residuals   float32 (songs, size), zero for songs without a history
        """
        known = (artists >= 0) & (artists < len(self.artists))
        places = np.where(known[:, None], self.artists[np.where(known, artists, 0)], 0) if len(self.artists) else 0
        unknown = ~content.numbers.any(axis=1) & (np.diff(content.terms.indptr) == 0)
        out = np.where(unknown[:, None], 0, self.tower.apply(content)) + places
        if residuals is not None:
            out = out + residuals
        return unit_rows(out)

    def place_words(self, text: str) -> FloatMatrix:
        """Where playlists of this name are, a unit row float32 (size,); zero where no word of it is known."""
        code_of = {word: code for code, word in enumerate(self.words)}
        codes = [code_of[word] for word in name_words(text) if word in code_of]
        place: FloatMatrix = self.word_places[codes].sum(axis=0) + self.word_places[-1] * bool(codes)
        return place / max(float(np.linalg.norm(place)), 1e-12)

    def of_artists(self, codes: Rows) -> Taste:
        """The model where artists have other codes; codes is int64 (artists,): the code that each had, -1 for none."""
        known = (codes >= 0) & (codes < len(self.artists))
        artists = np.zeros((len(codes), self.size), np.float32)
        artists[known] = self.artists[codes[known]]
        return replace(self, artists=artists)

    def of_terms(self, terms: Collection[str]) -> Taste:
        """The model without the other terms; songs that have none of those keep their places."""
        keep = [column for column, term in enumerate(self.reader.terms) if term in terms]
        reader = replace(self.reader, terms=tuple(self.reader.terms[column] for column in keep))
        return replace(self, reader=reader, tower=replace(self.tower, terms_into=self.tower.terms_into[keep]))

    def save(self, folder: Path) -> None:
        """Write taste.safetensors and taste.json into `folder`."""
        arrays = asdict(self.tower) | {"artists": self.artists, "word_places": self.word_places}
        save_model(folder, "taste", arrays, {**self.reader.facts(), "words": self.words})

    @classmethod
    def load(cls, folder: Path) -> Taste:
        """Read what `save` wrote."""

        def read(arrays: Arrays, facts: dict[str, Any]) -> Taste:
            reader, words = Reader.of_facts(facts), tuple(map(str, facts["words"]))
            columns = sum(width for width, _ in reader.parts.values())
            out = arrays.take("out", (None, None))
            hidden, size = out.shape
            tower = Tower(
                arrays.take("into", (columns, hidden + size)),
                arrays.take("terms_into", (len(reader.terms), hidden + size)),
                arrays.take("bias", (hidden + size,)),
                out,
            )
            places = arrays.take("artists", (None, size)), arrays.take("word_places", (len(words) + 1, size))
            return cls(reader, tower, places[0], words, places[1])

        return load_model(folder, "taste", read, what="a taste model")
