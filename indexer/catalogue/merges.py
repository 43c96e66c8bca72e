"""What was merged by name, and what nearly was: rows that met a song, songs of one name that stayed apart."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from indexer.catalogue.connect import rows_among
from indexer.catalogue.keys import base_of
from indexer.catalogue.meeting import NAME, apart
from indexer.catalogue.schema import IMPORTS, NAME_MERGES, SONGS

_GROUPS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Merge:
    """A row that met the song of another file by artist and title.

    song_id, name, song_file   the song, and the file that first brought it
    file, row, row_name        the row, and what it calls the song
    replaced                   the columns that it filled or changed
    """

    song_id: str
    name: str
    song_file: str
    file: str
    row: int
    row_name: str
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearMerge:
    """Two songs of one artist and title that stayed two, each with the file that first brought it, and why."""

    song_id: str
    name: str
    file: str
    other_id: str
    other_name: str
    other_file: str
    reason: str


def merges(connection: Connection) -> Iterator[Merge]:
    """All merges by name, by song."""
    columns = NAME_MERGES.c
    by, added = IMPORTS.alias(), IMPORTS.alias()
    query = (
        select(
            columns.song_id, SONGS.c.title, SONGS.c.artist, added.c.file, by.c.file, columns.row, columns.name,
            columns.brought,
        )
        .join_from(NAME_MERGES, SONGS, columns.song_id == SONGS.c.song_id)
        .join(by, by.c.import_id == columns.import_id)
        .join(added, added.c.import_id == SONGS.c.added_by)
        .order_by(columns.song_id, columns.import_id, columns.row)
    )  # fmt: skip
    with connection.execute(query, execution_options={"yield_per": 1_000}) as rows:
        for song_id, title, artist, song_file, file, row, name, brought in rows:
            replaced = tuple(json.loads(brought)["before"])
            yield Merge(song_id, _name(title, artist), song_file, file, row, name, replaced)


def near_merges(connection: Connection) -> Iterator[NearMerge]:
    """Each song beside the best known of its artist and title, where these are two, by name."""
    query = select(SONGS.c.name_key).where(SONGS.c.name_key != "").order_by(SONGS.c.name_key)
    keys: list[str] = []
    groups = 0
    with connection.execute(query, execution_options={"yield_per": 10_000}) as rows:
        for _, group in groupby((row[0] for row in rows), key=base_of):
            members = list(group)
            if len(members) > 1:
                keys += members
                groups += 1
            if groups >= _GROUPS_AT_A_TIME:
                yield from _near(connection, keys)
                keys, groups = [], 0
    yield from _near(connection, keys)


def _near(connection: Connection, keys: Sequence[str]) -> Iterator[NearMerge]:
    query = (
        "SELECT song_id, name_key, title, artist, popularity, duration_ms, file FROM songs "
        "JOIN imports ON imports.import_id = songs.added_by WHERE name_key"
    )
    groups: dict[str, list[Any]] = defaultdict(list)
    for song in rows_among(connection, query, set(keys)):
        groups[base_of(song.name_key)].append(song)
    song_ids = [song.song_id for group in groups.values() for song in group]
    ids: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows_among(connection, "SELECT song_id, namespace, value FROM external_ids WHERE song_id", song_ids):
        if row.namespace != NAME:
            ids[row.song_id][row.namespace] = row.value
    separated = {row[0] for row in rows_among(connection, "SELECT song_id FROM apart WHERE song_id", song_ids)}
    for _, group in sorted(groups.items()):
        best, *others = sorted(group, key=lambda song: (len(song.name_key), -(song.popularity or 0), song.song_id))
        for song in others:
            reason = _reason(best, song, ids[best.song_id], ids[song.song_id])
            if {best.song_id, song.song_id} <= separated:
                reason = "separated by hand"
            best_name, name = _name(best.title, best.artist), _name(song.title, song.artist)
            yield NearMerge(best.song_id, best_name, best.file, song.song_id, name, song.file, reason)


def _reason(one: Any, other: Any, ids: dict[str, str], other_ids: dict[str, str]) -> str:
    if one.name_key != other.name_key:
        return "another version"
    if shared := [name for name, value in ids.items() if other_ids.get(name, value) != value]:
        return f"another {' and '.join(shared)} id"
    if apart(one.duration_ms, other.duration_ms):
        return f"it lasts {other.duration_ms / 1000:.0f} s, not {one.duration_ms / 1000:.0f} s"
    return "both were there before they had one name"


def _name(title: str, artist: str) -> str:
    return f"{title or 'untitled'}, {artist or 'unknown artist'}"
