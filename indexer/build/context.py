"""One build or update on its way: what its stages share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.encoders.sentence import SentenceEncoder
from indexer.progress import Track
from indexer.records import Song
from indexer.songs.artist_tags import ArtistTags
from indexer.songs.splits import PlaylistRows, playlist_rows
from indexer.songs.table import Songs
from indexer.store.generations import Draft, Generation

FloatMatrix = npt.NDArray[np.float32]


class Work:
    """What the stages of one build or update share.

    first   rows below are taken over from the base
    cache   folder of sentence vectors that an unfinished build left
    latents part -> float32 (new rows, columns), unit or zero: what FAISS will compare
    """

    def __init__(self, catalogue: Catalogue, config: IndexConfig, draft: Draft, cache: Path, first: int, track: Track):
        self.catalogue = catalogue
        self.config = config
        self.draft = draft
        self.cache = cache
        self.first = first
        self.track = track
        self.latents: dict[str, FloatMatrix] = {}
        self.encoder = SentenceEncoder(
            config.encoder.model, precision=config.encoder.precision, window=config.encoder.window
        )

    @property
    def base(self) -> Generation | None:
        """The generation whose rows and models are kept; None in a build."""
        return self.draft.base if self.first else None

    @cached_property
    def songs(self) -> Songs:
        return Songs(self.draft)

    @property
    def new(self) -> range:
        """The rows to write."""
        return range(self.first, len(self.songs))

    @cached_property
    def playlists(self) -> list[PlaylistRows]:
        """The playlists that may be learned from."""
        return playlist_rows(self.songs, self.catalogue.playlists(), self.config.held_out, "train")

    @cached_property
    def artist_tags(self) -> ArtistTags:
        return ArtistTags(self.draft)

    def described(self, rows: Iterable[int]) -> Iterator[tuple[Song, list[tuple[str, float]]]]:
        """Songs, each with the tags of its artist."""
        artists = self.songs.single("artist_key")
        for row in rows:
            yield self.songs.song(row), self.artist_tags.of(int(artists[row]))

    def texts(self) -> list[str]:
        """Lyrics of the new rows, "" where there are none."""
        return [self.songs.lyrics[row] for row in self.new]

    def extend(self, name: str, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Write an array: the base's rows, then these."""
        self.draft.write_array(name, rows, after=None if self.base is None else self.base.array(name))
        return self.draft.array(name)
