"""Changes: what differs between a catalogue and a generation, so that an update reads only that."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from indexer.errors import CatalogueError
from indexer.songs.table import Songs
from indexer.store import artefacts
from indexer.store.generations import Generation

MOST_GONE = 0.9  # share of the index's songs; where more are gone, the catalogue is thought to be another one
MOST_DEAD = 0.2  # share of dead rows from which the rows are numbered anew: every search pays for them


def lost(digests: dict[str, str], base: Generation) -> bool:
    """Whether `base` holds a song that the catalogue does not hold, or holds otherwise: words to be forgotten."""
    songs, before = Songs(base), base.strings(artefacts.DIGEST)
    return any(digests.get(songs.song_ids[row]) != before[row] for row in np.flatnonzero(songs.alive).tolist())


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs: songs to write, rows that no longer count.

    digests   song_id -> the catalogue's digest of the song
    renumber  the rows are to be written anew: nothing is there, or too many of them are dead
    """

    digests: dict[str, str] = field(repr=False)
    renumber: bool
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    dead: tuple[int, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.renumber or self.added or self.changed or self.dead)

    @property
    def removed(self) -> int:
        """Songs that the catalogue no longer holds."""
        return len(self.dead) - len(self.changed)

    @classmethod
    def between(cls, digests: dict[str, str], base: Generation | None) -> Changes:
        """`digests` of a catalogue against the songs of `base`.

        CatalogueError where more than MOST_GONE of the index's songs are gone: it looks like another catalogue.
        """
        if base is None:
            return cls(digests, renumber=True, added=tuple(digests))
        songs, before = Songs(base), base.strings(artefacts.DIGEST)
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
        living = int(songs.alive.sum())
        if gone > MOST_GONE * living:
            raise CatalogueError(
                f"{gone:,} of the index's {living:,} songs are not in this catalogue: it looks like "
                "another one; name the right --catalogue, or run `refrain build` to index this one"
            )
        renumber = len(dead) + int((~songs.alive).sum()) > MOST_DEAD * len(songs)
        return cls(digests, renumber, tuple(added), tuple(changed), tuple(dead))
