"""What a load did and what a catalogue holds, as frozen values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from indexer.sources.base import Refusal

REFUSALS_SHOWN = 1_000  # a report stays small however bad a file is
REMARKS_SHOWN = 100
ROWS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One reason in a file, and how often it came.

    what     as in `Refusal`
    kind     the reason, without what differs from row to row; the reason itself where it came once
    count    how many rows it is about
    rows     the first three of them
    """

    file: str
    what: str
    kind: str
    count: int
    rows: tuple[int, ...]


class RemarkCounter:
    """Counts refusals by kind as they come; of a file that has hundreds of kinds the last ones count as one."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        self._kinds: Counter[str] = Counter()

    def add(self, refusals: Iterable[Refusal]) -> None:
        """Count these refusals."""
        for each in refusals:
            key = (each.file, each.what, each.kind)
            tally = self._tallies.get(key)
            if tally is None:
                if self._kinds[each.file] >= REMARKS_SHOWN:
                    key = (each.file, each.what, "other reasons")
                tally = self._tallies.get(key)
            if tally is None:
                self._kinds[each.file] += 1
                self._tallies[key] = tally = _Tally(each.reason if key[2] == each.kind else key[2])
            else:
                tally.reason = key[2]
            tally.count += each.count
            if len(tally.rows) < ROWS_SHOWN:
                tally.rows.append(each.row)

    def remarks(self) -> tuple[Remark, ...]:
        """The remarks, in the order in which each came first."""
        return tuple(
            Remark(file, what, tally.reason, tally.count, tuple(tally.rows))
            for (file, what, _), tally in self._tallies.items()
        )


@dataclass(slots=True)
class _Tally:
    reason: str
    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows of one kind. What came several times in a file is counted once, by what it became."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load of one file did.

    counts     for each of "songs", "playlists", "entries", "tags", "labels"; refused counts the rows that are not in
               the catalogue (a song without one value that is out of range is not refused)
    refusals   the first 1,000; `refused` is how many there are
    remarks    all of them, counted by kind
    met_by_name, nearly_met   rows that met the song of another file by artist and title, and rows that became another
               song than one of their name (`Catalogue.merges`, `Catalogue.near_merges`)
    """

    file: str
    format: str
    counts: Mapping[str, RowCounts]
    refusals: tuple[Refusal, ...]
    refused: int
    remarks: tuple[Remark, ...] = ()
    met_by_name: int = 0
    nearly_met: int = 0

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
