"""One generation of an index, opened: everything that queries read, loaded when it is first needed."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.patterns import FactCounts
from engine.query.targets import closeness, spread_of
from indexer.config import EncoderConfig, IndexConfig
from indexer.encoders.exported import ExportedEncoder
from indexer.errors import IndexFormatError
from indexer.lazy import Remembered, lazy
from indexer.models import audio_origins, audio_scaler
from indexer.models.audio_origins import OriginScales
from indexer.models.audio_scaler import AudioScaler
from indexer.models.cooccurrence import CoOccurrence
from indexer.models.factors import FoldIn
from indexer.models.moments import Moments
from indexer.models.topics import TopicModel, load_topics
from indexer.records import MEASURED, Song
from indexer.search.allowed import Allowed
from indexer.search.lexical import LexicalIndex
from indexer.search.vectors.base import Parts
from indexer.search.vectors.faiss_store import VectorIndex
from indexer.songs.artist_tags import ArtistTags
from indexer.songs.table import Songs, audio_table
from indexer.store import artefacts
from indexer.store.artefacts import Artefact
from indexer.store.columns import Strings
from indexer.store.generations import Facts, Generation, current_place, open_generation
from indexer.text.names import artist_key

if TYPE_CHECKING:
    from indexer.encoders.sentence import SentenceEncoder
    from indexer.encoders.windows import WindowEncoder
    from indexer.models.mlp import DenseStack
    from indexer.models.moods.model import MoodModel
    from indexer.models.taste import Taste
    from indexer.models.tbert import TBert
    from indexer.models.timbre import TimbreModel

FloatMatrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

# Lists that a search reads. On 79,062 songs of shared/data the candidates of 120 queries of one and five seeds hold
# 0.9975 of the 20 songs with the highest product at 1/16 (0.9992 at 1/8, 0.990 at 1/32); of lyrics alone, which lie
# less close together, 0.976 at 1/8 and 0.996 at 1/4.
READ_SHARE, LYRICS_READ_SHARE = 1 / 16, 1 / 6
MOST_CONDITIONS = 32  # masks that are kept for the next query: of a million songs 1.1 MB each


class OpenIndex:
    """An index folder, read only.

    songs       titles, artists, lyrics and every facet, by row
    lexical     the inverted index
    vectors     the FAISS index over the columns of `layout`: the parts, the popularity and the factors
    sentence    float16 (rows, d): the lyrics' sentence vectors, zero where a song has none
    audio       float32 (rows, 14): scaled audio features, zero where a song has none
    topics      float32 (rows, topics): zero where a song has none
    tbert       float16 (rows, 128): the songs' tBERT embeddings, unit, zero where a song has none
    cooccurrence    the playlists that may be learned from, and how near songs are by sharing them
    factors     float16 (rows, size): what playlists have in common, zero for a song of no playlist
    popularity  float32 (rows,): 0..1, NaN where nothing is known
    conditions  the rows that conditions leave, by condition: the next query often has the same
    parts       name -> float32 (rows, dim), unit or zero: what FAISS searches, side by side
    keywords    each song's TF-IDF keywords, and of them the telling ones, separated by spaces
    """

    def __init__(self, path: str | Path, before: OpenIndex | None = None):
        """Open the newest generation; `before` is an older one, whose encoder serves on if it is the same."""
        self.conditions = Remembered[Hashable, Allowed | None](MOST_CONDITIONS)
        self.path = Path(os.path.abspath(path))  # the process may move to another folder; links keep their names
        self.generation: Generation = open_generation(self.path)
        self.manifest = self.generation.manifest
        self.config = IndexConfig.from_json(self.manifest["config"])
        self.songs = Songs(self.generation)
        self.lexical = LexicalIndex(self.generation.place(artefacts.LEXICAL), rows=len(self.songs))
        names, dims = zip(*self.manifest["parts"], strict=True)
        self.layout = Parts(names, dims)
        self.vectors = VectorIndex(self.generation.place(artefacts.VECTORS), read_share=READ_SHARE)
        if (len(self.vectors), self.vectors.dim) != (len(self.songs), self.layout.dim):
            raise IndexFormatError(
                f"{path} holds {len(self.vectors):,} vectors of {self.vectors.dim}, expected {len(self.songs):,} of "
                f"{self.layout.dim}; rebuild with `refrain build`"
            )
        self.sentence: npt.NDArray[np.float16] = self.generation.array(artefacts.SENTENCE)
        self.audio: FloatMatrix = self.generation.array(artefacts.AUDIO)
        self.topics: FloatMatrix = self.generation.array(artefacts.TOPICS)
        self.parts: Mapping[str, FloatMatrix] = {
            name: self.generation.array(artefacts.PARTS[name]) for name in self.layout.names if name in artefacts.PARTS
        }
        self.keywords: Strings = self.generation.strings(artefacts.KEYWORDS)
        self.salient_keywords: Strings = self.generation.strings(artefacts.SALIENT_KEYWORDS)
        if before is not None and "encoder" in vars(before) and before._encoder_settings == self._encoder_settings:
            self.encoder = before.encoder
        if before is not None and before._query_encoder_facts == self._query_encoder_facts != {}:
            exported = vars(before).get("query_encoder")
            if isinstance(exported, ExportedEncoder) and exported.loaded:
                self.query_encoder = exported

    def __len__(self) -> int:
        return self._living

    @lazy
    def _living(self) -> int:
        return int(self.songs.alive.sum())

    @lazy
    def living(self) -> Allowed | None:
        """The living rows where some row is dead, None where none is."""
        return None if len(self) == len(self.songs) else Allowed(self.songs.alive)

    @lazy
    def lyrics_vectors(self) -> VectorIndex | None:
        """The FAISS index over the lyrics part alone; None where no song has one."""
        place = self.generation.place(artefacts.LYRICS_VECTORS)
        if not place.exists():
            return None
        index = VectorIndex(place, read_share=LYRICS_READ_SHARE)
        if len(index) != len(self.songs):
            raise IndexFormatError(
                f"{place} holds {len(index):,} vectors, expected {len(self.songs):,}; rebuild with `refrain build`"
            )
        return index

    @lazy
    def moments(self) -> Mapping[str, Moments]:
        """Signal -> the mean and covariance of the vectors that it compares, over the songs of the catalogue."""
        return {
            name: Moments.of_array(self.generation.array(artefact), artefact.name)
            for name, artefact in artefacts.MOMENTS.items()
            if self.generation.has(artefact)
        }

    @lazy
    def tbert(self) -> npt.NDArray[np.float16]:
        return self.generation.array(artefacts.TBERT)

    @lazy
    def word_codes(self) -> dict[str, int]:
        """The words that the index has vectors of -> their rows in `word_vectors`."""
        return {word: code for code, word in enumerate(self.generation.strings(artefacts.WORDS))}

    @lazy
    def word_vectors(self) -> npt.NDArray[np.float16]:
        """float16 (words, d): sentence vectors of single words."""
        return self.generation.array(artefacts.WORD_VECTORS)

    @lazy
    def cooccurrence(self) -> CoOccurrence:
        return CoOccurrence.load(self.generation)

    @lazy
    def factors(self) -> npt.NDArray[np.float16]:
        return self.generation.array(artefacts.FACTORS)

    @lazy
    def fold_in(self) -> FoldIn:
        """The factors of a playlist that holds some songs."""
        return FoldIn(self.generation.array(artefacts.FACTORS_GRAM), self.config.factors)

    @lazy
    def popularity(self) -> FloatMatrix:
        return self.generation.array(artefacts.POPULARITY)

    @property
    def _encoder_settings(self) -> tuple[EncoderConfig, object]:
        return self.config.encoder, self.manifest["encoder"]

    @property
    def _query_encoder_facts(self) -> Facts:
        return self.generation.facts_of(artefacts.QUERY_ENCODER)

    @lazy
    def query_encoder(self) -> WindowEncoder:
        """What encodes words that are asked for: `encoder` in the form that the index holds, where it holds one."""
        folder = self.generation.place(artefacts.QUERY_ENCODER)
        if not folder.is_dir():
            return self.encoder
        exported, width = ExportedEncoder(folder), self.sentence.shape[1]
        if exported.dim != width:
            raise IndexFormatError(
                f"{folder} encodes to {exported.dim} numbers, expected {width} as of the lyrics; rebuild with "
                "`refrain build`"
            )
        return exported

    @lazy
    def encoder(self) -> SentenceEncoder:
        """The encoder that made the index; another one's vectors would mean nothing here."""
        from indexer.encoders.built import encoder_of

        return encoder_of(self.config.encoder, self.manifest["encoder"])

    @lazy
    def compress_lyrics(self) -> DenseStack | None:
        return self._dense(artefacts.LYRICS_AUTOENCODER)

    @lazy
    def compress_audio(self) -> DenseStack | None:
        return self._dense(artefacts.AUDIO_AUTOENCODER)

    def _dense(self, artefact: Artefact) -> DenseStack | None:
        from indexer.models.mlp import load_encoder

        folder = self.generation.place(artefact)
        return load_encoder(folder) if folder.is_dir() else None

    @lazy
    def scaler(self) -> AudioScaler:
        return AudioScaler.load(self.generation.place(artefacts.AUDIO_SCALER) / audio_scaler.FILE)

    @lazy
    def origin_scales(self) -> OriginScales:
        """What makes audio features that were measured comparable with others'."""
        return OriginScales.load(self.generation.place(artefacts.AUDIO_SCALER) / audio_origins.FILE)

    def comparable_audio(self, songs: Sequence[Song]) -> FloatMatrix:
        """float32 (songs, 12): audio features as `Songs.audio` has them."""
        return self.origin_scales.transform(audio_table(songs), [song.audio_origin == MEASURED for song in songs])

    @lazy
    def timbre_model(self) -> TimbreModel | None:
        """None where no two songs have a file that was measured."""
        from indexer.models.timbre import TimbreModel

        folder = self.generation.place(artefacts.TIMBRE_MODEL)
        return TimbreModel.load(folder) if folder.is_dir() else None

    @lazy
    def topic_model(self) -> TopicModel | None:
        folder = self.generation.place(artefacts.TOPIC_MODEL)
        return load_topics(folder) if folder.is_dir() else None

    @lazy
    def taste_model(self) -> Taste | None:
        """None where the catalogue had no playlists to learn from."""
        from indexer.models.taste import Taste

        folder = self.generation.place(artefacts.TASTE_MODEL)
        return Taste.load(folder) if folder.is_dir() else None

    @lazy
    def artist_tags(self) -> ArtistTags:
        return ArtistTags(self.generation)

    @lazy
    def mood_model(self) -> MoodModel:
        from indexer.models.moods.model import MoodModel

        return MoodModel.load(self.generation.place(artefacts.MOOD_MODEL))

    @lazy
    def tbert_model(self) -> TBert | None:
        """None where the catalogue had no moods to learn from."""
        from indexer.models.tbert import load_tbert

        folder = self.generation.place(artefacts.TBERT_MODEL)
        return load_tbert(folder) if folder.is_dir() else None

    def lines_of(self, row: int) -> str:
        """What a song can be asked for by, line by line: its name, then its lyrics."""
        songs = self.songs
        title, (main, featured) = songs.titles[row], songs.artists_of(row)
        named = "\n".join(f"{title} {name}" for name in dict.fromkeys([songs.artists[row], *main, *featured]))
        return f"{title}\n{named}\n{songs.lyrics[row]}"

    def no_parts(self) -> dict[str, FloatMatrix]:
        """A zero vector for each part: nothing is known."""
        return {name: np.zeros(part.shape[1], np.float32) for name, part in self.parts.items()}

    @lazy
    def songs_with_history(self) -> int:
        """How many living songs a playlist holds."""
        return int(np.count_nonzero(self.songs.alive & (self.cooccurrence.totals > 0)))

    @lazy
    def by_popularity(self) -> npt.NDArray[np.int64]:
        """Living rows, the most popular first; rows of unknown popularity last, ties by row."""
        rows = np.flatnonzero(self.songs.alive)
        return rows[np.argsort(-np.nan_to_num(self.popularity[rows], nan=-1.0), kind="stable")]

    @lazy
    def by_id(self) -> dict[str, int]:
        """song_id -> its living row: for those who look up thousands; `songs.row_of` needs no table."""
        ids = self.songs.song_ids
        return {ids[row]: row for row in np.flatnonzero(self.songs.alive).tolist()}

    @lazy
    def by_title(self) -> dict[str, list[int]]:
        """A title without regard to case, accents and punctuation (`artist_key`) -> the living rows that have it."""
        titles = self.songs.titles
        rows: dict[str, list[int]] = {}
        for row in np.flatnonzero(self.songs.alive).tolist():
            if key := artist_key(titles[row]):
                rows.setdefault(key, []).append(row)
        return rows

    @lazy
    def by_spotify(self) -> dict[str, int]:
        """The 22 characters of a Spotify track -> its living row."""
        ids = ((self.songs.text("spotify_id", row), row) for row in np.flatnonzero(self.songs.alive).tolist())
        return {spotify_id: row for spotify_id, row in ids if spotify_id}

    @lazy
    def facts(self) -> FactCounts:
        """How many songs have each artist, genre, language and year."""
        return FactCounts(self.songs)

    @lazy
    def artist_codes(self) -> dict[str, int]:
        return self._codes("artist_key")

    @lazy
    def genre_codes(self) -> dict[str, int]:
        return self._codes("genre")

    @lazy
    def language_codes(self) -> dict[str, int]:
        return self._codes("language_key")

    def _codes(self, column: str) -> dict[str, int]:
        """The terms of a column -> their codes; without the empty ones that deleted songs leave, which mean nothing."""
        return {term: code for code, term in enumerate(self.songs.column(column).terms) if term}

    def closeness(self, target: Sequence[tuple[str, float]]) -> FloatMatrix:
        """float32 (rows,): how near each song is to the target values, 1 at them; NaN where nothing is known."""
        return closeness(self.songs, self.spread, target)

    @lazy
    def spread(self) -> dict[str, tuple[float, float]]:
        """The 1st and 99th percentile of each audio feature, and of popularity."""
        return spread_of(self.songs)

    def stale(self) -> bool:
        """Whether the folder names another generation by now.

        Raises IndexMissingError where the folder is gone, IndexFormatError where it names none that can be read.
        """
        return current_place(self.path)[0] != self.generation.path

    def close(self) -> None:
        self.generation.close()
