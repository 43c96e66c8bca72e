"""Seeds: the songs that a query starts from, as vectors; a song of the index, or one given by its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.lookup.names import resolve
from indexer.errors import EmptyQueryError
from indexer.models.keywords import tfidf_keywords
from indexer.records import Song
from indexer.text.artists import artists_of
from indexer.text.clean import clean
from indexer.text.guess import guess_language
from indexer.text.names import artist_key
from indexer.text.tokens import tokenise, unique_lines

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
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
        return cls(
            song=index.songs.song(row),
            row=row,
            sentence=index.sentence[row].astype(np.float32),
            audio=np.asarray(index.audio[row]),
            topics=np.asarray(index.topics[row]),
            tbert=index.tbert[row].astype(np.float32),
            parts={name: np.asarray(part[row]) for name, part in index.parts.items()},
            keywords=tuple(index.keywords[row].split()),
        )

    @classmethod
    def of_content(cls, index: OpenIndex, song: Song) -> Seed:
        """A song that the index does not hold, through the same cleaning, encoder and autoencoders."""
        lyrics = clean(song.lyrics, title=song.title, artist=song.artist) if song.lyrics else ""
        if lyrics and not song.language:
            song = replace(song, language=guess_language(lyrics))
        if not lyrics and song.audio is None:
            raise EmptyQueryError(
                f"the seed {song.name!r} has neither lyrics nor audio features; "
                "give lyrics, audio features, or the name of a song in the catalogue"
            )
        audio = index.scaler.transform(index.comparable_audio([song]))[0]
        parts = index.no_parts()
        sentence = np.zeros(index.sentence.shape[1], np.float32)
        topics = np.zeros(index.topics.shape[1], np.float32)
        keywords: Sequence[str] = ()
        if lyrics:
            sentence, parts["lyrics"] = encode_text(index, unique_lines(lyrics))
            if index.topic_model is not None:
                topics = index.topic_model.infer([lyrics], languages=[song.language])[0]
            frequency = index.lexical.document_frequency
            songs = int(index.songs.has_lyrics.sum())
            most = index.config.keywords
            keywords = tfidf_keywords(tokenise(lyrics), frequency, songs, most, language=song.language)
        if song.audio is not None and index.compress_audio is not None:
            parts["audio"] = index.compress_audio.encode(audio[None])[0]
        if index.taste_model is not None:
            artists = artists_of(song)
            codes = [index.artist_codes.get(artist_key(name), -1) for name in (*artists.main, *artists.featured)]
            known = {"lyrics": parts["lyrics"][None], "audio": audio[None], "topics": topics[None]}
            content = index.taste_model.reader.read([(song, index.artist_tags.of_each(codes))], known)
            parts["taste"] = index.taste_model.place(content, np.array(codes[:1] or [-1]))[0]
        tbert = np.zeros(index.tbert.shape[1], np.float32)
        if index.tbert_model is not None:
            tbert = index.tbert_model.embed(sentence[None], topics[None], audio[None])[0]
        return cls(song, None, sentence, audio, topics, tbert, parts, tuple(keywords))


def by_identity(seeds: Iterable[Seed]) -> dict[int | Song, Seed]:
    """Each song once, in its place: by its row, or by all that is known of it where the index does not hold it."""
    once: dict[int | Song, Seed] = {}
    for seed in seeds:
        once.setdefault(seed.song if seed.row is None else seed.row, seed)
    return once


def encode_text(index: OpenIndex, text: str) -> tuple[Vector, Vector]:
    """A text's sentence vector, float32 (d,), and its latent, as the index's songs have them."""
    sentence = index.query_encoder.encode([text])[0]
    if index.compress_lyrics is None:
        return sentence, index.no_parts()["lyrics"]
    return sentence, index.compress_lyrics.encode(sentence[None])[0]
