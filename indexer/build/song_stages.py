"""Stages that write the song table, and what is read off it alone."""

from __future__ import annotations

import numpy as np

from indexer.build.context import Batch, Context
from indexer.build.stage import Columns, Outcome, no_rows, write_rows
from indexer.songs.write import write_songs
from indexer.store import artefacts
from indexer.text.names import stem_number


def songs(context: Context) -> Outcome:
    """The song table: all songs of the catalogue, or those that are new or changed below the base's."""
    changes = context.changes
    wanted = None if context.base is None else sorted((*changes.added, *changes.changed))
    stream = iter(()) if wanted == [] else context.snapshot.songs(wanted)
    total = len(changes.digests) if wanted is None else len(wanted)
    read = ((song, changes.digests[song.song_id]) for song in context.track(stream, "read songs", total))
    write_songs(context.draft, read, base=context.base, dead=changes.dead if context.base is not None else ())
    return Outcome(songs=len(changes.digests))


def title_stems(context: Context) -> Outcome:
    """What tells other versions of a song: too dear to be computed of each candidate of each query."""

    def apply(batch: Batch) -> Columns:
        return {artefacts.TITLE_STEMS: np.array([stem_number(title) for title in batch.titles], np.int64)}

    write_rows(context, {artefacts.TITLE_STEMS: no_rows(dtype=np.int64)}, apply, label="read titles")
    return Outcome()
