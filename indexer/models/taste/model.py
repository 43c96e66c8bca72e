"""Taste: a space in which songs that share playlists are close, from content, artist and a learned residual.

A song's place is unit(content(song) + place of its artist + its own residual). The residual is for songs with a
history in playlists, the artist's place for artists with one; a song without either is placed by its content.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.models.taste.content import Content, Reader
from indexer.ranges import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, check
from indexer.text.names import fold

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]

_APPLY_ROWS = 8_192  # rows that go through the tower at once; bounds memory on a million songs


@dataclass(frozen=True, slots=True)
class TasteConfig:
    """How taste is learned; the numbers were chosen on playlists of shared/data that no test sees.

    size                dimensions of the space
    hidden              width of the content tower
    temperature         of the softmax over candidates
    negatives           songs drawn by popularity and added to each batch's own
    names               how much the playlists' names count beside their songs as queries
    least_named         playlists that must have a word in their names for it to be learned
    seeds               at most so many songs of a playlist, averaged, predict another of its songs
    drop_part           chance that a song goes without its lyrics, its audio, its genres ... in a step
    drop_artist, drop_song   chance that it goes without its artist's place, without its residual
    held_out            share of the training playlists that early stopping listens to
    """

    size: int = 64
    hidden: int = 256
    epochs: int = 12
    patience: int = 3
    batch: int = 1024
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    temperature: float = 0.07
    negatives: int = 1024
    seeds: int = 4
    names: float = 0.3
    least_named: int = 4
    drop_part: float = 0.1
    drop_artist: float = 0.3
    drop_song: float = 0.5
    dropout: float = 0.2
    held_out: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("size", "hidden", "epochs", "patience", "batch", "negatives", "seeds", "least_named")
        shares = ("drop_part", "drop_artist", "drop_song", "dropout", "held_out")
        ranges = dict.fromkeys(counts, COUNT) | dict.fromkeys(shares, SHARE)
        ranges |= {"learning_rate": POSITIVE, "temperature": POSITIVE}
        check(self, ranges | {"names": NOT_NEGATIVE, "weight_decay": NOT_NEGATIVE}, "taste.")


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
        silent = ~content.numbers.any(axis=1) & (np.diff(content.terms.indptr) == 0)
        out = np.where(silent[:, None], 0, self.tower.apply(content)) + places
        if residuals is not None:
            out = out + residuals
        unit: FloatMatrix = (out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        return unit

    def place_words(self, text: str) -> FloatMatrix:
        """Where playlists of this name are, a unit row float32 (size,); zero where no word of it is known."""
        code_of = {word: code for code, word in enumerate(self.words)}
        codes = [code_of[word] for word in name_words(text) if word in code_of]
        place: FloatMatrix = self.word_places[codes].sum(axis=0) + self.word_places[-1] * bool(codes)
        return place / max(float(np.linalg.norm(place)), 1e-12)

    def save(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        self.reader.save(folder / "reader.json")
        (folder / "words.json").write_text(json.dumps(self.words) + "\n", encoding="utf-8")
        arrays = {name: np.ascontiguousarray(array) for name, array in asdict(self.tower).items()}
        tables = {"artists": self.artists, "word_places": self.word_places}
        save_file({**arrays, **tables}, folder / "taste.safetensors")

    @classmethod
    def load(cls, folder: Path) -> Taste:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        reader = Reader.load(folder / "reader.json")
        try:
            arrays = load_file(folder / "taste.safetensors")
            artists, word_places = arrays.pop("artists"), arrays.pop("word_places")
            words = tuple(map(str, json.loads((folder / "words.json").read_text("utf-8"))))
            tower = Tower(**arrays)
            hidden, size = tower.out.shape
            columns, terms = sum(width for width, _ in reader.parts.values()), len(reader.terms)
            expected = [(columns, hidden + size), (terms, hidden + size), (hidden + size,), (hidden, size)]
            found = [array.shape for array in asdict(tower).values()]
            if found != expected or artists.shape[1:] != (size,) or word_places.shape != (len(words) + 1, size):
                raise ValueError(f"arrays have shapes {found}, expected {expected}")
        except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
            raise IndexFormatError(
                f"{folder} holds no taste model ({type(error).__name__}: {error}); rebuild with `refrain build`"
            ) from error
        return cls(reader, tower, artists, words, word_places)
