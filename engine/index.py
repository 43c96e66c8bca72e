"""One generation of an index, opened: everything that queries read, loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.query.filters import learned_moods
from indexer.config import IndexConfig
from indexer.errors import EncoderError, IndexFormatError
from indexer.models.audio_scaler import AudioScaler
from indexer.models.cooccurrence import CoOccurrence
from indexer.models.topics import TopicModel, load_topics
from indexer.records import AUDIO_NAMES
from indexer.search.lexical import LexicalIndex
from indexer.search.vectors.base import Parts
from indexer.search.vectors.faiss_store import VectorIndex
from indexer.songs.artist_tags import ArtistTags
from indexer.songs.table import Songs
from indexer.store import artefacts
from indexer.store.artefacts import Artefact
from indexer.store.columns import Strings
from indexer.store.generations import Generation, open_generation

if TYPE_CHECKING:
    from indexer.encoders.sentence import SentenceEncoder
    from indexer.models.mlp import DenseStack
    from indexer.models.moods.model import MoodModel
    from indexer.models.taste import Taste
    from indexer.models.tbert import TBert

FloatMatrix = npt.NDArray[np.float32]


class OpenIndex:
    """An index folder, read only.

    songs       titles, artists, lyrics and every facet, by row
    lexical     the inverted index
    vectors     the FAISS index over the parts of `layout`
    sentence    float16 (rows, d): the lyrics' sentence vectors, zero where a song has none
    audio       float32 (rows, 14): scaled audio features, zero where a song has none
    topics      float32 (rows, topics): zero where a song has none
    tbert       float16 (rows, 128): the songs' tBERT embeddings, unit, zero where a song has none
    cooccurrence    the playlists that may be learned from, and how near songs are by sharing them
    factors     float16 (rows, size): what playlists have in common, zero for a song of no playlist
    popularity  float32 (rows,): 0..1, NaN where nothing is known
    parts       float32 (rows, layout.dim): what FAISS searches
    keywords    each song's TF-IDF keywords, and of them the telling ones, separated by spaces
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.generation: Generation = open_generation(path)
        self.manifest = self.generation.manifest
        self.config = IndexConfig.from_json(self.manifest["config"])
        self.songs = Songs(self.generation)
        self.lexical = LexicalIndex(self.generation.place(artefacts.LEXICAL), rows=len(self.songs))
        names, dims = zip(*self.manifest["parts"], strict=True)
        self.layout = Parts(names, dims)
        self.vectors = VectorIndex(self.generation.place(artefacts.VECTORS))
        if (len(self.vectors), self.vectors.dim) != (len(self.songs), self.layout.dim):
            raise IndexFormatError(
                f"{path} holds {len(self.vectors):,} vectors of {self.vectors.dim}, expected {len(self.songs):,} of "
                f"{self.layout.dim}; rebuild with `refrain build`"
            )
        self.sentence: npt.NDArray[np.float16] = self.generation.array(artefacts.SENTENCE)
        self.audio: FloatMatrix = self.generation.array(artefacts.AUDIO)
        self.topics: FloatMatrix = self.generation.array(artefacts.TOPICS)
        self.parts: Mapping[str, FloatMatrix] = {
            name: self.generation.array(artefacts.PARTS[name]) for name in self.layout.names
        }
        self.keywords: Strings = self.generation.strings(artefacts.KEYWORDS)
        self.salient_keywords: Strings = self.generation.strings(artefacts.SALIENT_KEYWORDS)

    def __len__(self) -> int:
        return int(self.songs.alive.sum())

    @cached_property
    def tbert(self) -> npt.NDArray[np.float16]:
        return self.generation.array(artefacts.TBERT)

    @cached_property
    def word_codes(self) -> dict[str, int]:
        """The words that the index has vectors of -> their rows in `word_vectors`."""
        return {word: code for code, word in enumerate(self.generation.strings(artefacts.WORDS))}

    @cached_property
    def word_vectors(self) -> npt.NDArray[np.float16]:
        """float16 (words, d): sentence vectors of single words."""
        return self.generation.array(artefacts.WORD_VECTORS)

    @cached_property
    def cooccurrence(self) -> CoOccurrence:
        return CoOccurrence.load(self.generation)

    @cached_property
    def factors(self) -> npt.NDArray[np.float16]:
        return self.generation.array(artefacts.FACTORS)

    @cached_property
    def factors_gram(self) -> FloatMatrix:
        """float32 (size, size): the products of the columns of `factors`."""
        return self.generation.array(artefacts.FACTORS_GRAM)

    @cached_property
    def popularity(self) -> FloatMatrix:
        return self.generation.array(artefacts.POPULARITY)

    @cached_property
    def encoder(self) -> SentenceEncoder:
        """The encoder that made the index; another one's vectors would mean nothing here."""
        from indexer.encoders.sentence import SentenceEncoder

        settings = self.config.encoder
        # The index names it, not the user: nothing is fetched for it.
        encoder = SentenceEncoder(settings.model, precision=settings.precision, window=settings.window, download=False)
        built_with = self.manifest["encoder"]
        if encoder.sha256 != built_with["sha256"]:
            raise EncoderError(
                f"the index was built with the encoder {built_with['name']}, found {encoder.name}; "
                "install the one it was built with, or rebuild with `refrain build`"
            )
        return encoder

    @cached_property
    def compress_lyrics(self) -> DenseStack | None:
        return self._dense(artefacts.LYRICS_AUTOENCODER)

    @cached_property
    def compress_audio(self) -> DenseStack | None:
        return self._dense(artefacts.AUDIO_AUTOENCODER)

    def _dense(self, artefact: Artefact) -> DenseStack | None:
        from indexer.models.mlp import load_encoder

        folder = self.generation.place(artefact)
        return load_encoder(folder) if folder.is_dir() else None

    @cached_property
    def scaler(self) -> AudioScaler:
        return AudioScaler.load(self.generation.place(artefacts.AUDIO_SCALER) / "scaler.json")

    @cached_property
    def topic_model(self) -> TopicModel | None:
        folder = self.generation.place(artefacts.TOPIC_MODEL)
        return load_topics(folder) if folder.is_dir() else None

    @cached_property
    def taste_model(self) -> Taste | None:
        """None where the catalogue had no playlists to learn from."""
        from indexer.models.taste import Taste

        folder = self.generation.place(artefacts.TASTE_MODEL)
        return Taste.load(folder) if folder.is_dir() else None

    @cached_property
    def artist_tags(self) -> ArtistTags:
        return ArtistTags(self.generation)

    @cached_property
    def mood_model(self) -> MoodModel:
        from indexer.models.moods.model import MoodModel

        return MoodModel.load(self.generation.place(artefacts.MOOD_MODEL))

    @cached_property
    def tbert_model(self) -> TBert | None:
        """None where the catalogue had no moods to learn from."""
        from indexer.models.tbert import load_tbert

        folder = self.generation.place(artefacts.TBERT_MODEL)
        return load_tbert(folder) if folder.is_dir() else None

    def lines_of(self, row: int) -> str:
        """What a song can be asked for by, line by line: its name, then its lyrics."""
        songs = self.songs
        return f"{songs.titles[row]}\n{songs.titles[row]} {songs.artists[row]}\n{songs.lyrics[row]}"

    def no_parts(self) -> dict[str, FloatMatrix]:
        """A zero vector for each part: nothing is known."""
        return {name: np.zeros(dim, np.float32) for name, dim in zip(self.layout.names, self.layout.dims, strict=True)}

    @cached_property
    def by_popularity(self) -> npt.NDArray[np.int64]:
        """Living rows, the most popular first; rows of unknown popularity last, ties by row."""
        rows = np.flatnonzero(self.songs.alive)
        return rows[np.argsort(-np.nan_to_num(self.popularity[rows], nan=-1.0), kind="stable")]

    @cached_property
    def artist_codes(self) -> dict[str, int]:
        return {term: code for code, term in enumerate(self.songs.column("artist_key").terms)}

    @cached_property
    def genre_codes(self) -> dict[str, int]:
        return {term: code for code, term in enumerate(self.songs.column("genre").terms)}

    @cached_property
    def language_codes(self) -> dict[str, int]:
        return {term: code for code, term in enumerate(self.songs.column("language_key").terms)}

    def closeness(self, target: Sequence[tuple[str, float]]) -> FloatMatrix:
        """float32 (rows,): mean over the targets of 1 - |value - target| / spread, NaN where none is known.

        The spread is the distance between the feature's 1st and 99th percentile in this index; a mood's value is the
        share of songs that a song is more of it than.
        """
        near = []
        for name, wanted in target:
            if name in AUDIO_NAMES:
                values = self.songs.audio[:, AUDIO_NAMES.index(name)]
                low, high = self.spread[name]
            else:
                values, (low, high) = learned_moods(self.songs).rank(name), (0.0, 1.0)
            near.append(1.0 - np.minimum(np.abs(values - np.float32(wanted)) / max(high - low, 1e-6), 1.0))
        stacked = np.stack(near)
        known = ~np.isnan(stacked)
        total = np.where(known, stacked, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan).astype(np.float32)

    @cached_property
    def spread(self) -> dict[str, tuple[float, float]]:
        """The 1st and 99th percentile of each audio feature."""
        table = self.songs.audio[self.songs.alive & self.songs.has_audio]
        spread = {}
        for name, column in zip(AUDIO_NAMES, table.T, strict=True):
            known = column[~np.isnan(column)]
            spread[name] = (0.0, 1.0) if not len(known) else tuple(np.percentile(known, [1, 99]).tolist())
        return spread

    def close(self) -> None:
        self.generation.close()
