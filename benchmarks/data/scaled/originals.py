"""Originals: the real catalogue and its sentence vectors, as what songs and playlists of any number are made from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.catalogue import Catalogue
from indexer.records import AUDIO_NAMES, SavedPlaylist, Song
from indexer.songs.table import Songs, audio_table
from indexer.store import artefacts
from indexer.store.generations import open_generation
from indexer.text.names import artist_key

Rows = npt.NDArray[np.int64]

SUNG_AT_ONCE = 8  # words of a line, in lyrics that came without line breaks
FEW_LINES = 4  # lyrics of fewer have lost their line breaks


@dataclass(frozen=True, slots=True)
class Text:
    """Lyrics as what is mixed: their lines, or runs of words where the breaks are lost, and what joins them."""

    lines: tuple[str, ...]
    joint: str

    @classmethod
    def of(cls, lyrics: str) -> Text:
        """
        >>> Text.of("a b c d e f g h i j").lines
        ('a b c d e f g h', 'i j')
        """
        lines = tuple(lyrics.split("\n"))
        if len(lines) >= FEW_LINES:
            return cls(lines, "\n")
        words = lyrics.split()
        runs = (" ".join(words[at : at + SUNG_AT_ONCE]) for at in range(0, len(words), SUNG_AT_ONCE))
        return cls(tuple(runs), " ")


class Originals:
    """The songs, lyrics, vectors, playlists and tags of a catalogue, in memory.

    songs      without their lyrics, by rising song_id; a song is named by its place here, its row
    texts      row -> lyrics, of the songs whose vector the index has
    vectors    float32 (lyrics, d), of length 1; vector_of  int64 (songs,): the place of each song's vector, or -1
    audio      float32 (songs, 12), NaN where unknown
    artists    int64 (songs,): the number of each song's artist; artist_names by number
    labels     row -> measured values by name
    """

    def __init__(self, catalogue: str, index: Path):
        generation = open_generation(index)
        try:
            self.encoder = dict(generation.manifest["encoder"])
            self.sentences_version = int(generation.manifest["stages"]["sentences"]["settings"]["version"])
            table, sentence = Songs(generation), generation.array(artefacts.SENTENCE)
            self.songs: list[Song] = []
            self.texts: dict[int, Text] = {}
            vectors: list[npt.NDArray[np.float32]] = []
            self.labels: defaultdict[int, dict[str, float]] = defaultdict(dict)
            with Catalogue(catalogue, create=False) as opened, opened.snapshot() as snapshot:
                self.fingerprint = snapshot.fingerprint()
                vector_of = []
                for song in snapshot.songs():
                    row = table.row_of(song.song_id) if song.lyrics else None
                    vector = None if row is None else sentence[row].astype(np.float32)
                    vector_of.append(-1)
                    if song.lyrics and vector is not None and vector.any():
                        self.texts[len(self.songs)] = Text.of(song.lyrics)
                        vector_of[-1] = len(vectors)
                        vectors.append(vector / np.linalg.norm(vector))
                    object.__setattr__(song, "lyrics", None)  # ours alone, and as long as all the rest together
                    self.songs.append(song)
                self.row_of = {song.song_id: row for row, song in enumerate(self.songs)}
                for name in snapshot.label_names():
                    for song_id, value in snapshot.labels(name):
                        self.labels[self.row_of[song_id]][name] = value
                self.playlists: list[SavedPlaylist] = list(snapshot.playlists())
                self.artist_tags: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
                for key, tag, count in snapshot.artist_tags():
                    self.artist_tags[key].append((tag, count))
        finally:
            generation.close()
        width = sentence.shape[1]
        self.vectors = np.array(vectors, np.float32).reshape(-1, width)
        self.vector_of = np.array(vector_of, np.int64)
        self.audio = audio_table(self.songs).reshape(-1, len(AUDIO_NAMES))
        number_of: dict[str, int] = {}
        self.artist_names: list[str] = []
        artists = []
        for song in self.songs:
            key = artist_key(song.artist) if song.artist else ""
            if key not in number_of:
                number_of[key] = len(number_of)
                self.artist_names.append(song.artist)
            artists.append(number_of[key])
        self.artists = np.array(artists, np.int64)

    def __len__(self) -> int:
        return len(self.songs)

    @cached_property
    def by_language(self) -> dict[str | None, Rows]:
        """The rows with lyrics in each language."""
        rows: defaultdict[str | None, list[int]] = defaultdict(list)
        for row in self.texts:
            rows[self.songs[row].language].append(row)
        return {language: np.array(each, np.int64) for language, each in rows.items()}

    @cached_property
    def entries(self) -> list[Rows]:
        """The rows of each playlist's songs, in the listener's order."""
        return [np.array([self.row_of[s] for s in playlist.song_ids], np.int64) for playlist in self.playlists]

    @cached_property
    def counts(self) -> Rows:
        """int64 (songs,): playlists that hold each song."""
        return np.bincount(np.concatenate([np.zeros(0, np.int64), *self.entries]), minlength=len(self))
