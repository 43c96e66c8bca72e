"""Changes: what differs between a catalogue and an index, so that an update reads only that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.catalogue import Catalogue
from indexer.errors import CatalogueError
from indexer.songs.table import Songs
from indexer.store.generations import Generation

MOST_DEAD = 0.2  # share of dead rows from which an update is a build: every search pays for them


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between a catalogue and a generation: song_ids to write, rows that no longer count."""

    afresh: bool
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    dead: tuple[int, ...] = ()
    digests: dict[str, str] | None = None

    @classmethod
    def between(cls, catalogue: Catalogue, base: Generation | None) -> Changes:
        digests = dict(catalogue.digests())
        if base is None:
            return cls(True, digests=digests)
        songs, before = Songs(base), base.strings("songs/digest")
        added, changed, dead = dict.fromkeys(digests), [], []
        for row in np.flatnonzero(songs.alive).tolist():
            song_id = songs.song_ids[row]
            added.pop(song_id, None)
            if song_id not in digests:
                dead.append(row)
            elif digests[song_id] != before[row]:
                dead.append(row)
                changed.append(song_id)
        gone = len(dead) - len(changed)
        if gone > len(songs) / 2:
            raise CatalogueError(
                f"{gone:,} of the index's {int(songs.alive.sum()):,} songs are not in this catalogue: it looks like "
                "another one; name the right --catalogue, or run `refrain build` to index this one"
            )
        if len(dead) + int((~songs.alive).sum()) > MOST_DEAD * len(songs):
            return cls(True, digests=digests)
        return cls(False, tuple(added), tuple(changed), tuple(dead), digests)
