"""One build or update on its way: what its stages share, and the batches of rows that they are applied to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from indexer.build.changes import Changes
from indexer.config import IndexConfig
from indexer.encoders.sentence import Encoder, made_by
from indexer.lazy import lazy
from indexer.progress import Track
from indexer.songs.artist_tags import ArtistTags
from indexer.songs.splits import PlaylistRows, playlist_rows
from indexer.songs.table import Outline, Songs
from indexer.store.artefacts import Artefact
from indexer.store.draft import Draft
from indexer.store.generations import Generation

if TYPE_CHECKING:
    from indexer.catalogue import Snapshot

Rows = npt.NDArray[np.int64]
Action = Literal["keep", "apply", "learn", "compute"]  # what a stage has to do


class Context:
    """What the stages of one build or update share.

    snapshot   the state of the catalogue that all stages read
    action     what the stage at work has to do: "learn" or "compute" from the beginning, "apply" what is there to
               rows that are new
    changes    what differs from the base
    cache      folder of sentence vectors that an unfinished build left
    damaged    stages of the generation in use whose files are not what its manifest says
    version    of the stage at work
    notes      sentences that stages add for the user
    """

    def __init__(
        self,
        snapshot: Snapshot,
        config: IndexConfig,
        encoder: Encoder,
        draft: Draft,
        changes: Changes,
        cache: Path,
        track: Track,
        damaged: Collection[str] = (),
    ):
        self.snapshot, self.config, self.encoder = snapshot, config, encoder
        self.draft, self.changes, self.cache, self.track, self.damaged = draft, changes, cache, track, damaged
        self.version = 1
        self.notes: list[str] = []
        self.action: Action = "learn"
        self.rows_grow = False  # the song table continues that of the base: decided by what the stage `songs` does

    @property
    def base(self) -> Generation | None:
        """The generation that is continued where the stage at work continues it; None where it begins afresh."""
        return self.draft.base if self.action == "apply" else None

    def encoded_before(self, stage: str) -> Generation | None:
        """The generation in use, if what `stage` made of texts in it is sound and today's encoder's; else None."""
        base = self.draft.base
        record = {} if base is None else base.manifest["stages"].get(stage, {}).get("settings", {})
        same = record.get("version") == self.version and made_by(self.encoder, record.get("encoder"))
        return base if same and not {"songs", stage} & set(self.damaged) else None

    @property
    def first(self) -> int:
        """Rows below are those of the base; 0 where all rows are to be written."""
        base = self.base
        return len(Songs(base)) if base is not None and self.rows_grow else 0

    @property
    def new(self) -> range:
        """The rows to write."""
        return range(self.first, len(self.songs))

    @lazy
    def songs(self) -> Songs:
        return Songs(self.draft)

    @lazy
    def playlists(self) -> list[PlaylistRows]:
        """The playlists that may be learned from."""
        return playlist_rows(self.songs, self.snapshot.playlists(), self.config.held_out, "train")

    @lazy
    def artist_tags(self) -> ArtistTags:
        return ArtistTags(self.draft)

    @lazy
    def base_rows(self) -> Rows:
        """int64 (rows,): the row of the same song in the generation in use, -1 for a song that is not in it."""
        out = np.full(len(self.songs), -1, np.int64)
        base = self.draft.base
        if base is None:
            return out
        before = Songs(base)
        if self.rows_grow:
            out[: len(before)] = np.arange(len(before))
        for row in range(len(before) if self.rows_grow else 0, len(out)):
            at = before.row_of(self.songs.song_ids[row])
            out[row] = -1 if at is None else at
        return out

    def carried(self, artefact: Artefact) -> npt.NDArray[Any] | None:
        """A column of the generation in use, by the rows of this one, zero for a song that is not in it; None where
        there is no such column."""
        base = self.draft.base
        if base is None or not base.has(artefact):
            return None
        before = base.array(artefact)
        out = np.zeros((len(self.songs), *before.shape[1:]), before.dtype)
        same = self.base_rows >= 0
        out[same] = before[self.base_rows[same]]
        return out

    def batches(self, size: int) -> list[Batch]:
        """The rows to write, cut into batches."""
        return [Batch(self, range(i, min(i + size, self.new.stop))) for i in range(self.new.start, self.new.stop, size)]

    def everything(self, size: int) -> list[Batch]:
        """All rows, cut into batches."""
        rows = len(self.songs)
        return [Batch(self, range(i, min(i + size, rows))) for i in range(0, rows, size)]


class Batch:
    """Some rows in a row, as a stage's `apply` sees them."""

    def __init__(self, context: Context, rows: range):
        self._context = context
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def array(self, artefact: Artefact) -> npt.NDArray[Any]:
        """These rows of a column that an earlier stage wrote."""
        return self._context.draft.array(artefact)[self.rows.start : self.rows.stop]

    @property
    def titles(self) -> list[str]:
        return self._context.songs.titles[self.rows.start : self.rows.stop]

    @property
    def lyrics(self) -> list[str]:
        """Cleaned lyrics, "" where there are none."""
        return self._context.songs.lyrics[self.rows.start : self.rows.stop]

    @property
    def languages(self) -> list[str | None]:
        """ISO 639-1 codes, None where unknown."""
        return [self._context.songs.text("language", row) for row in self.rows]

    @property
    def artists(self) -> Rows:
        """int64 (rows,): the code of each song's main artist, -1 where it has none."""
        return self._context.songs.single("artist_key")[self.rows.start : self.rows.stop].astype(np.int64)

    def outlined(self) -> Iterator[tuple[Outline, list[tuple[str, float]]]]:
        """The songs' outlines, each with the tags of its artists."""
        tags, artists = self._context.artist_tags, self._context.songs.column("artist_key")
        songs = self._context.songs.outlines(self.rows)
        return ((song, tags.of_each(artists.codes_of(row))) for song, row in zip(songs, self.rows, strict=True))
