"""What a load did and what a catalogue holds, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.sources.base import Refusal

REFUSALS_SHOWN = 1_000  # a report stays small however bad a file is; the catalogue keeps them all


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of one kind. What came several times in a file is counted once, by what it became."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load of one file did.

    counts     for each of "songs", "playlists", "entries", "tags", "labels"; refused counts the rows that are not in
               the catalogue (a song kept without one wrong value is not refused)
    refusals   the first 1,000; `refused` is how many there are
    """

    file: str
    format: str
    counts: Mapping[str, Counts]
    refusals: tuple[Refusal, ...]
    refused: int

    @property
    def changed(self) -> bool:
        """Whether the catalogue is another one than before."""
        return any(counts.added or counts.changed for counts in self.counts.values())


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a catalogue holds.

    tags        of songs; tags of artists are artist_tags
    by_format   songs by the format of the file that first brought them
    """

    songs: int
    with_lyrics: int
    with_audio: int
    with_both: int
    playlists: int
    entries: int
    tags: int
    artist_tags: int
    labels: int
    imports: int
    by_format: Mapping[str, int]
