"""Merges by name: what a row brought into the song of another file, written down so that it can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from indexer.catalogue.connect import insertion, rows_among, write_rows
from indexer.catalogue.keys import digest_of
from indexer.catalogue.meeting import Lookup, Stored

_INSERT = insertion("name_merges", ("song_id", "import_id", "row", "name", "brought"), ignore=True)
_BY = ("facts_by", "lyrics_by", "audio_by")


@dataclass(slots=True)
class Brought:
    """What a row brought into a song that it met by name.

    ids      of the row, [namespace, value]
    facts    column -> the row's value; of lyrics the digest, for the words stand in the song
    before   column -> what the song had, for those that the row changed
    by       the imports that the song's facts, lyrics and audio were of before
    tags     tag -> how often the song had it before
    labels   label -> the value that the song had before
    """

    ids: list[list[str]]
    by: dict[str, int | None]
    tags: dict[str, int | None]
    labels: dict[str, float | None]
    facts: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Brought:
        """What `write` wrote."""
        return cls(**json.loads(text))

    def write(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


class MergeLog:
    """Notes which rows of a file meet songs of other files by name, once a file however often it is imported."""

    def __init__(self, connection: Connection, import_id: int, own_imports: Iterable[int]) -> None:
        self._connection, self._import_id = connection, import_id
        self._own = {import_id, *own_imports}
        self._rows: list[tuple[Lookup, str, Brought]] = []
        self.count = 0

    def begin(self, song: Stored, lookup: Lookup) -> Brought | None:
        """What a row is about to bring into `song`; None where the file made the song itself."""
        if song["added_by"] in self._own:
            return None
        row = lookup.row
        ids = [list(each) for each in lookup.own_ids]
        brought = Brought(ids, {name: song[name] for name in _BY}, dict.fromkeys(row.tags), dict.fromkeys(row.labels))
        self._rows.append((lookup, song["song_id"], brought))
        return brought

    def add(self, brought: Brought, facts: Mapping[str, object], before: Mapping[str, object]) -> None:
        """Note what the row did."""
        brought.facts = {name: digest_of(value) if name == "lyrics" else value for name, value in facts.items()}
        brought.before = dict(before)

    def write(self) -> None:
        """Store what was noted, without what an earlier load of the file did."""
        if not self._rows:
            return
        query = "SELECT song_id, import_id FROM name_merges WHERE song_id"
        noted = rows_among(self._connection, query, {song_id for _, song_id, _ in self._rows})
        known = {song_id for song_id, import_id in noted if import_id in self._own and import_id != self._import_id}
        self._look_up("SELECT song_id, tag, count FROM song_tags WHERE song_id", "tags")
        self._look_up("SELECT song_id, name, value FROM song_labels WHERE song_id", "labels")
        rows = []
        for lookup, song_id, brought in self._rows:
            if song_id not in known:
                facts = lookup.row.facts
                name = ", ".join(str(facts[part]) for part in ("title", "artist") if part in facts)
                rows.append((song_id, self._import_id, lookup.row.row, name, brought.write()))
        self.count += len(self._rows)
        write_rows(self._connection, _INSERT, rows)
        self._rows = []

    def _look_up(self, query: str, field: str) -> None:
        """Fill in what the songs had: tags and labels of a file are merged when it is over."""
        songs = {song_id for _, song_id, brought in self._rows if getattr(brought, field)}
        had = {(song_id, name): value for song_id, name, value in rows_among(self._connection, query, songs)}
        for _, song_id, brought in self._rows:
            values = getattr(brought, field)
            values.update((name, had.get((song_id, name))) for name in values)
