"""Queries: seeds, songs to avoid, words and targets, turned into the vectors and terms that retrieval needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.lookup.names import resolve
from indexer.errors import EmptyQueryError
from indexer.models.factors import fold_in
from indexer.models.keywords import tfidf_keywords
from indexer.records import AUDIO_NAMES, Song
from indexer.songs.table import audio_table
from indexer.text.clean import clean
from indexer.text.names import artist_key
from indexer.text.tokens import tokenise, unique_lines

Vector = npt.NDArray[np.float32]

# Rocchio's weights as Manning, Raghavan & Schuetze give them (Introduction to Information Retrieval, 9.1.1):
# what is liked counts 0.75, what is disliked 0.15, so 0.2 of a seed.
AVOID = 0.2


@dataclass(frozen=True, slots=True)
class Seed:
    """One song of a query, as vectors.

    row        its row in the index; None for a song given by its content
    sentence   float32 (d,) unit, or zero: its lyrics' sentence vector
    audio      float32 (14,), or zero: its scaled audio features
    topics     float32 (topics,), or zero
    tbert      float32 (128,) unit, or zero
    parts      what FAISS compares, by name; each unit or zero
    keywords   its TF-IDF keywords, best first
    """

    song: Song
    row: int | None
    sentence: Vector
    audio: Vector
    topics: Vector
    tbert: Vector
    parts: Mapping[str, Vector]
    keywords: tuple[str, ...]

    @classmethod
    def of(cls, index: OpenIndex, song: Song | str) -> Seed:
        """A song of the index by its Song, song_id or name; a Song that the index does not hold by its content."""
        if isinstance(song, str):
            return cls.of_row(index, resolve(index, song))
        row = index.songs.row_of(song.song_id) if song.song_id else None
        return cls.of_content(index, song) if row is None else cls.of_row(index, row)

    @classmethod
    def of_row(cls, index: OpenIndex, row: int) -> Seed:
        vector = np.asarray(index.parts[row])
        return cls(
            song=index.songs.song(row),
            row=row,
            sentence=index.sentence[row].astype(np.float32),
            audio=np.asarray(index.audio[row]),
            topics=np.asarray(index.topics[row]),
            tbert=index.tbert[row].astype(np.float32),
            parts={name: vector[index.layout.slice(name)] for name in index.layout.names},
            keywords=tuple(index.keywords[row].split()),
        )

    @classmethod
    def of_content(cls, index: OpenIndex, song: Song) -> Seed:
        """A song that the index does not hold, through the same cleaning, encoder and autoencoders."""
        lyrics = clean(song.lyrics) if song.lyrics else ""
        if not lyrics and song.audio is None:
            raise EmptyQueryError(
                f"the seed {song.name!r} has neither lyrics nor audio features; "
                "give lyrics, audio features, or the name of a song in the catalogue"
            )
        audio = index.scaler.transform(audio_table([song]))[0]
        parts = index.no_parts()
        sentence = np.zeros(index.sentence.shape[1], np.float32)
        topics = np.zeros(index.topics.shape[1], np.float32)
        keywords: Sequence[str] = ()
        if lyrics:
            sentence, parts["lyrics"] = encode_text(index, unique_lines(lyrics))
            if index.topic_model is not None:
                topics = index.topic_model.infer([lyrics])[0]
            frequency = index.lexical.document_frequency
            sung = int(index.songs.has_lyrics.sum())
            keywords = tfidf_keywords(tokenise(lyrics), frequency, sung, index.config.keywords)
        if song.audio is not None and index.compress_audio is not None:
            parts["audio"] = index.compress_audio.encode(audio[None])[0]
        if index.taste_model is not None:
            code = index.artist_codes.get(artist_key(song.artist), -1)
            known = {"lyrics": parts["lyrics"][None], "audio": audio[None], "topics": topics[None]}
            content = index.taste_model.reader.read([(song, index.artist_tags.of(code))], known)
            parts["taste"] = index.taste_model.place(content, np.array([code]))[0]
        tbert = np.zeros(index.tbert.shape[1], np.float32)
        if index.tbert_model is not None:
            tbert = index.tbert_model.embed(sentence[None], topics[None], audio[None])[0]
        return cls(song, None, sentence, audio, topics, tbert, parts, tuple(keywords))


def encode_text(index: OpenIndex, text: str) -> tuple[Vector, Vector]:
    """A text's sentence vector, float32 (d,), and its latent, as the index's songs have them."""
    sentence = index.encoder.encode([text])[0]
    if index.compress_lyrics is None:
        return sentence, index.no_parts()["lyrics"]
    return sentence, index.compress_lyrics.encode(sentence[None])[0]


@dataclass(frozen=True)
class Query:
    """What is looked for. Seeds are averaged part by part, songs to avoid are subtracted, words stand for themselves.

    text      words typed into a search box, or ""
    target    values of audio features that pull the ranking without excluding anything
    heard     rows of other songs that must not come back
    """

    index: OpenIndex
    seeds: tuple[Seed, ...] = ()
    avoid: tuple[Seed, ...] = ()
    text: str = ""
    target: tuple[tuple[str, float], ...] = ()
    heard: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if not self.seeds and not self.text.replace('"', "").strip() and not self.target:
            raise EmptyQueryError("the query is empty; expected a seed song, words or target values")

    @cached_property
    def rows(self) -> frozenset[int]:
        """The rows that never come back: seeds, songs to avoid, songs heard; other versions of them may."""
        return self.heard.union(seed.row for seed in (*self.seeds, *self.avoid) if seed.row is not None)

    @property
    def quotes(self) -> bool:
        """Whether some of the words typed stand in double quotes."""
        return self.text.count('"') >= 2

    @property
    def only_quoted(self) -> bool:
        """Whether every word typed stands in double quotes."""
        return self.quotes and not "".join(self.text.split('"')[::2]).strip()

    @cached_property
    def _text_vectors(self) -> tuple[Vector, Vector]:
        return encode_text(self.index, self.text.replace('"', " "))

    @cached_property
    def sentence(self) -> Vector:
        """float32 (d,) unit, or zero where nothing is known of the lyrics looked for."""
        if self.text and not self.seeds:
            return self._text_vectors[0]
        return self._mean([s.sentence for s in self.seeds], [s.sentence for s in self.avoid])

    @cached_property
    def audio(self) -> Vector:
        """float32 (14,), or zero."""
        return self._mean([s.audio for s in self.seeds], [s.audio for s in self.avoid], unit=False)

    @cached_property
    def sound(self) -> dict[str, float]:
        """Mean of each audio feature that a seed has, in its own unit."""
        known = [seed.song.audio.known() for seed in self.seeds if seed.song.audio]
        means = {}
        for name in AUDIO_NAMES:
            values = [features[name] for features in known if name in features]
            if values:
                means[name] = sum(values) / len(values)
        return means

    @cached_property
    def topics(self) -> Vector:
        return self._mean([s.topics for s in self.seeds], [s.topics for s in self.avoid])

    @cached_property
    def tbert(self) -> Vector:
        return self._mean([s.tbert for s in self.seeds], [s.tbert for s in self.avoid])

    @cached_property
    def cooccurrence(self) -> tuple[npt.NDArray[np.int64], Vector]:
        """The neighbours of any seed by shared playlists, rows ascending, and their mean value to all seeds."""
        rows = [seed.row for seed in self.seeds if seed.row is not None]
        return self.index.cooccurrence.mean(rows)

    @cached_property
    def playlists(self) -> list[set[int]]:
        """The playlists that hold each seed."""
        return [set(self.index.cooccurrence.playlists_of(seed.row)) for seed in self.seeds if seed.row is not None]

    @cached_property
    def listener_factors(self) -> Vector:
        """float32 (size,): the factors of a playlist that holds the seeds; zero where no seed has a history."""
        liked, disliked = (self._fold_in(songs) for songs in (self.seeds, self.avoid))
        return liked - np.float32(AVOID) * disliked if liked.any() else liked

    def _fold_in(self, songs: Sequence[Seed]) -> Vector:
        factors = self.index.factors[[seed.row for seed in songs if seed.row is not None]].astype(np.float32)
        known = factors[factors.any(axis=1)]
        if not len(known):
            return np.zeros(factors.shape[1], np.float32)
        return fold_in(known, self.index.factors_gram, self.index.config.factors)

    @cached_property
    def parts(self) -> dict[str, Vector]:
        """What FAISS compares, by name: unit or zero."""
        if self.text and not self.seeds:
            parts = self.index.no_parts() | {"lyrics": self._text_vectors[1]}
            if self.index.taste_model is not None:
                parts["taste"] = self.index.taste_model.place_words(self.text)
            return parts
        return {
            name: self._mean([s.parts[name] for s in self.seeds], [s.parts[name] for s in self.avoid])
            for name in self.index.layout.names
        }

    def _mean(self, wanted: Sequence[Vector], unwanted: Sequence[Vector], *, unit: bool = True) -> Vector:
        """Mean of the known (non-zero) vectors wanted, less AVOID x the mean of those unwanted."""
        liked = [v for v in wanted if v.any()]
        if not liked:
            return np.zeros_like(wanted[0]) if wanted else np.zeros(1, np.float32)
        mean: Vector = np.mean(liked, axis=0, dtype=np.float32)
        if disliked := [v for v in unwanted if v.any()]:
            mean = mean - np.float32(AVOID) * np.mean(disliked, axis=0, dtype=np.float32)
        return mean / max(float(np.linalg.norm(mean)), 1e-12) if unit else mean

    @cached_property
    def terms(self) -> dict[str, float]:
        """Keywords of the seeds with weights: each song's are counted by their place, 1 falling to 1/2."""
        weights: dict[str, float] = {}
        for seed in self.seeds:
            for place, word in enumerate(seed.keywords):
                gain = 1.0 - 0.5 * place / max(1, len(seed.keywords))
                weights[word] = weights.get(word, 0.0) + gain / len(self.seeds)
        best = sorted(weights, key=lambda word: (-weights[word], word))[: self.index.config.keywords]
        return {word: weights[word] for word in best}
