"""Rows: what every source turns a file into, and what it says about what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from indexer.sources.cells import plain, texts
from indexer.sources.columns import Column
from indexer.sources.mapping import columns_of
from indexer.sources.opened import BROKEN, OpenedFile, Row
from indexer.sources.validate import MAX_COUNT, MAX_ID, MAX_NAME, MAX_TAG, bad_id, number, song_facts

# The kinds of rows that a load counts.
KINDS = ("songs", "playlists", "entries", "tags", "labels")

NAMELESS = "neither an id nor a title; give it a song_id or a title"

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_VALUE = re.compile(r"\b(is|has|line) \S+?(?=, | characters| cells| has )")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in a file that the catalogue does not hold, and why.

    file     the file's name
    row      its row, from 1, a CSV header not counted; of a JSON slice the playlist, from 1; 0 for the file as a whole
    what     "song", "playlist", "entry", "tag", "label": that row is not in the catalogue;
             "listen": that row is no play of a song; "column": what there is to say of a column;
             "value": the row is, without this value; "duplicate": two rows disagree, the last one is kept;
             "file": what there is to say of a file, in a folder that it is no song; "other": of a folder as a whole
    reason   one sentence
    kind     the same sentence without the values of this row: what remarks are counted by
    count    the rows or cells that it stands for, of which `row` is the first
    """

    file: str
    row: int
    what: str
    reason: str
    kind: str = ""
    count: int = 1

    def __post_init__(self) -> None:
        if not self.kind:
            object.__setattr__(self, "kind", without_values(self.reason))

    @classmethod
    def about(cls, file: str, row: int, what: str, subject: str, problem: str) -> Refusal:
        """What is wrong with `subject`, a song or a playlist."""
        return cls(file, row, what, f"{subject}: {problem}", without_values(problem))


@dataclass(frozen=True, slots=True)
class SongRow:
    """A song as one row describes it.

    song_id   the catalogue's key where the row brings one
    ids       (namespace, value) of other catalogues, as ("spotify", "6f80..."), best first
    facts     only the columns of `Song` that this row knows; genres is a tuple, audio features stand by name
    tags      what listeners call it, one count each
    labels    measured values that are no property of Song, as {"deezer_valence": -0.68}
    files     absolute paths of its file of sound, likeliest first: where the catalogue knows that file, it is its song
    weak      the row names a song, as an entry of a list does: what the catalogue knows of that song stays, and its
              song_id counts only where the catalogue holds it
    """

    row: int
    song_id: str | None
    ids: tuple[tuple[str, str], ...]
    facts: Mapping[str, object]
    tags: tuple[str, ...] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    weak: bool = False


class PlaylistRow(NamedTuple):
    """A playlist without its entries; `facts` holds name, description, followers as far as known."""

    row: int
    playlist_id: str
    facts: Mapping[str, object]


class EntryRow(NamedTuple):
    """A song in a playlist.

    song   (namespace, value), namespace "song" being the catalogue's own key; or, where the row describes the song
           too, the place of that song in `Batch.songs`, from 0
    """

    row: int
    playlist_id: str
    position: int
    song: tuple[str, str] | int


class TagRow(NamedTuple):
    """A tag of a song ((namespace, value)) or of an artist (("artist", name)); how many times, None if unknown."""

    row: int
    owner: tuple[str, str]
    tag: str
    times: int | None


@dataclass(slots=True)
class Batch:
    """Some thousand rows of a file, sorted by kind. Songs are stored before what points to them."""

    songs: list[SongRow] = field(default_factory=list)
    playlists: list[PlaylistRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    tags: list[TagRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def valid_rows(self, rows: Iterable[Row], file: str, what: str) -> Iterator[Row]:
        """The rows that could be read; the others are refused with the reader's reason."""
        for row, values in rows:
            if BROKEN in values:
                self.refusals.append(Refusal(file, row, what, str(values[BROKEN])))
            else:
                yield row, values

    def add_song(
        self,
        file: str,
        row: int,
        values: Mapping[str, object],
        *,
        song_id: str = "",
        ids: Sequence[tuple[str, str]] = (),
        labels: Mapping[str, float] | None = None,
        files: Sequence[str] = (),
        weak: bool = False,
    ) -> SongRow | None:
        """Add the song that `values` describes, or refuse the row; what could not be kept is listed either way."""
        problems: list[str] = []
        facts = song_facts(values, problems)
        too_long = song_id if len(song_id) > MAX_ID else None
        for _, value in ids:
            if len(value) > MAX_ID:
                too_long = too_long or value
        if too_long is not None:
            self.refusals.append(Refusal(file, row, "song", bad_id("an id", too_long)))
            return None
        if not song_id and not ids and "title" not in facts:
            self.refuse_nameless(file, row)
            return None
        if problems:
            name = song_id or (ids[0][1] if ids else str(facts["title"])[:80])
            self.refusals.extend(Refusal.about(file, row, "value", name, problem) for problem in problems)
        cell = values.get("tags")
        tags = () if cell is None else tuple(dict.fromkeys(tag[:MAX_TAG] for tag in texts(cell, "|;,")))
        song = SongRow(row, song_id or None, tuple(ids), facts, tags, labels or {}, tuple(files), weak)
        self.songs.append(song)
        return song

    def refuse_nameless(self, file: str, row: int) -> None:
        """Refuse a row that names no song."""
        self.refusals.append(Refusal(file, row, "song", NAMELESS, NAMELESS))

    def add_playlist(self, file: str, row: int, playlist_id: str, values: Mapping[str, object]) -> bool:
        """Add the playlist that `values` (name, description, followers) describes; False where it is refused."""
        if not 0 < len(playlist_id) <= MAX_ID:
            self.refusals.append(Refusal(file, row, "playlist", bad_id("playlist_id", playlist_id)))
            return False
        problems: list[str] = []
        facts: dict[str, object] = {name: plain(values.get(name))[:MAX_NAME] for name in ("name", "description")}
        followers = number(values.get("followers"), "followers", 0, MAX_COUNT, problems)
        if followers is not None:
            facts["followers"] = int(followers)
        self.refusals.extend(Refusal.about(file, row, "value", playlist_id, problem) for problem in problems)
        self.playlists.append(PlaylistRow(row, playlist_id, facts))
        return True


CERTAIN, LIKELY, POSSIBLE = 1.0, 0.8, 0.5  # how sure a format is of a file
DOUBT = 0.1  # two formats this near are as likely


@dataclass(frozen=True, slots=True)
class Fit:
    """How sure a format is that a file is one of its own, 0..1, and why: what was seen in its beginning."""

    sureness: float
    why: str


@dataclass(frozen=True, slots=True)
class Format:
    """A layout that files come in.

    rank       files of a lower rank are imported first: songs before the playlists, entries and tags that name them
    layout     what a file of this format holds, for messages
    recognise  None where a file cannot be one
    columns    what the columns of a table, or the keys of objects, become
    """

    name: str
    rank: int
    layout: str
    recognise: Callable[[OpenedFile], Fit | None]
    read: Callable[[OpenedFile], Iterator[Batch]]
    columns: Callable[[OpenedFile], Sequence[Column]] = columns_of


def without_values(reason: str) -> str:
    """A reason without the values that differ from row to row.

    >>> without_values("energy is 1.7, expected 0..1"), without_values("year is 'MCM', expected a number")
    ('energy is ..., expected 0..1', 'year is ..., expected a number')
    """
    return _VALUE.sub(r"\1 ...", _QUOTED.sub("...", reason))
