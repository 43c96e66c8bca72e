"""Songs of a file into the catalogue: which song a row is, and what it adds to it. The rule is in `Catalogue`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from indexer.catalogue.connect import chunks
from indexer.catalogue.reports import Counts
from indexer.catalogue.schema import EXTERNAL_IDS, SONG_COLUMNS, SONGS
from indexer.records import AUDIO_NAMES
from indexer.sources.validate import MAX_ID, SongRow
from indexer.text.names import fold

NAME = "name"  # the namespace of names that came without any id

# What became of a song or playlist in this load; any other text is the digest that it had before and has no more.
ADDED, SAME = "added", "same"

Id = tuple[str, str]  # namespace, value
Refuse = Callable[[int, str, str], None]  # row, what, reason

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BY = {"lyrics": "lyrics_by", **dict.fromkeys(AUDIO_NAMES, "audio_by")}
_WRITTEN = ("content_digest", "name_key", "facts_by", "lyrics_by", "audio_by", *SONG_COLUMNS)
_UPDATE = (
    update(SONGS)
    .where(SONGS.c.song_id == bindparam("of_song"))
    .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A row and the ways to find its song: its ids (its name, where it has none), its name, the song_id it would get.

    `spare` is the song_id it would get if `own` is that of another song.
    """

    row: SongRow
    ids: tuple[Id, ...]
    key: str
    own: str
    spare: str

    @classmethod
    def of(cls, row: SongRow) -> _Asked:
        if row.song_id:
            return cls(row, row.ids, "", row.song_id, row.song_id)
        key = joining_key(str(row.facts.get("title", "")), str(row.facts.get("artist", "")))
        ids = row.ids or ((NAME, key),)
        namespace, value = ids[0]
        spare = f"{namespace}:{value}"[:MAX_ID]
        return cls(row, ids, key, value if namespace in ("spotify", NAME) else spare, spare)


class SongWriter:
    """Writes the songs of one file, a batch at a time, and counts what became of each."""

    def __init__(self, connection: Connection, import_id: int, refuse: Refuse) -> None:
        self._connection = connection
        self._import_id = import_id
        self._refuse = refuse
        self._touched: dict[str, str] = {}

    def write(self, rows: Sequence[SongRow]) -> list[str]:
        """Merge `rows` into the catalogue; the song_id that each row turned out to be."""
        asked = [_Asked.of(row) for row in rows]
        batch = _Batch(self._connection, asked, self._import_id)
        song_ids = []
        for each in asked:
            song_id = batch.find(each)
            self._merge(batch, song_id, each)
            song_ids.append(song_id)
        self._flush(batch, dict.fromkeys(song_ids))
        return song_ids

    def counts(self) -> Counts:
        """Each song once, by what the whole file made of it."""
        return tally(self._touched)

    def _merge(self, batch: _Batch, song_id: str, asked: _Asked) -> None:
        row, song = asked.row, batch.song(song_id)
        facts = dict(row.facts)
        for namespace, name in asked.ids:
            holder = batch.register(song_id, (namespace, name))
            if holder != song_id:
                reason = f"{song_id}: {namespace} id {name} is already that of {holder} and stays there"
                self._refuse(row.row, "value", reason)
            elif namespace == "spotify":
                facts["spotify_id"] = name
        title, artist = str(facts.get("title", song["title"])), str(facts.get("artist", song["artist"]))
        if (title, artist) != (song["title"], song["artist"]):
            key = joining_key(title, artist)
            known = song["name_key"] and (song_id in batch.merged or song_id in self._touched)
            if known and key != song["name_key"]:
                before, here = f"{song['title']}, {song['artist']}", f"{title}, {artist}"
                reason = f"duplicate id, other content: {song_id} was {before!r}, is {here!r} here; the last is kept"
                self._refuse(row.row, "duplicate", reason)
            batch.rename(song_id, key)
        batch.merged.add(song_id)
        for column, value in facts.items():
            if song[column] != value:
                song[column] = value
                song[_BY.get(column, "facts_by")] = self._import_id
                batch.changed.add(song_id)
        if song["year"] is not None:
            song["decade"] = song["year"] // 10 * 10

    def _flush(self, batch: _Batch, song_ids: Iterable[str]) -> None:
        new, changed = [], []
        for song_id in song_ids:
            song = batch.songs[song_id]
            before = digest = song["content_digest"]
            if not before or song_id in batch.changed:
                song["content_digest"] = digest = content_digest(song)
            if not before:
                new.append(song)
                self._touched[song_id] = ADDED
                continue
            if digest != before:
                changed.append({"of_song": song_id} | {f"new_{name}": song[name] for name in _WRITTEN})
            self._touched[song_id] = after(self._touched.get(song_id, SAME), before, digest)
        if new:
            self._connection.execute(insert(SONGS), new)
        if changed:
            self._connection.execute(_UPDATE, changed)
        if batch.new_ids:
            ids = [{"namespace": n, "value": v, "song_id": batch.by_id[n, v]} for n, v in batch.new_ids]
            self._connection.execute(insert(EXTERNAL_IDS), ids)


class _Batch:
    """What the catalogue knows about everything that the rows of one batch could be, changed row by row."""

    def __init__(self, connection: Connection, asked: Sequence[_Asked], import_id: int) -> None:
        self._import_id = import_id
        self.merged: set[str] = set()
        self.changed: set[str] = set()
        self.new_ids: list[Id] = []
        self.by_id = stored_ids(connection, (each for one in asked for each in one.ids))
        wanted = {name for one in asked for name in (one.own, one.spare)} | set(self.by_id.values())
        for chunk in chunks({one.key for one in asked if one.key}):
            wanted |= set(connection.scalars(select(SONGS.c.song_id).where(SONGS.c.name_key.in_(chunk))))
        self.songs: dict[str, dict[str, Any]] = {}
        self._spaces: dict[str, set[str]] = defaultdict(set)  # song_id -> namespaces in which it has an id
        self._by_name: dict[str, set[str]] = defaultdict(set)
        for chunk in chunks(wanted):
            for found in connection.execute(select(SONGS).where(SONGS.c.song_id.in_(chunk))).mappings():
                self.songs[found["song_id"]] = dict(found)
                self._by_name[found["name_key"]].add(found["song_id"])
            spaces = select(EXTERNAL_IDS.c.song_id, EXTERNAL_IDS.c.namespace).where(EXTERNAL_IDS.c.song_id.in_(chunk))
            for song_id, namespace in connection.execute(spaces):
                self._spaces[song_id].add(namespace)

    def find(self, asked: _Asked) -> str:
        """The song_id of the song that a row describes, old or new."""
        if asked.row.song_id:
            return asked.row.song_id
        for each in asked.ids:
            if each in self.by_id:
                return self.by_id[each]
        spaces = {namespace for namespace, _ in asked.row.ids}
        named = self._by_name.get(asked.key, set()) if asked.key else set()
        free = [song_id for song_id in named if not spaces & self._spaces[song_id]]
        if len(free) == 1:
            return free[0]
        if free and not spaces:  # several recordings of this name: most likely the best known of them is meant
            return min(free, key=lambda song_id: (-(self.songs[song_id]["popularity"] or 0), song_id))
        other = asked.own in self.songs and (spaces & self._spaces[asked.own] or not spaces)
        return asked.spare if other else asked.own

    def song(self, song_id: str) -> dict[str, Any]:
        """The columns of a song, to be changed in place; those of a new song are empty."""
        if song_id not in self.songs:
            self.songs[song_id] = {
                **dict.fromkeys(SONG_COLUMNS),
                **dict.fromkeys(("content_digest", "tags_digest", "name_key", "title", "artist"), ""),
                "song_id": song_id,
                "genres": (),
                "added_by": self._import_id,
                "facts_by": self._import_id,
                "lyrics_by": None,
                "audio_by": None,
            }
        return self.songs[song_id]

    def register(self, song_id: str, each: Id) -> str:
        """Note an id as that of `song_id`, unless a song has it; returns the song that has it now."""
        if each not in self.by_id:
            self.by_id[each] = song_id
            self.new_ids.append(each)
            self._spaces[song_id].add(each[0])
        return self.by_id[each]

    def rename(self, song_id: str, key: str) -> None:
        """The song is found under `key` from the next row on."""
        song = self.songs[song_id]
        self._by_name[song["name_key"]].discard(song_id)
        song["name_key"] = key
        self._by_name[key].add(song_id)


def joining_key(title: str, artist: str) -> str:
    """text.name_key, but names of signs only stay apart, a song without a title has none, and it fits an index.

    >>> joining_key("Salt Road", "The Marrows"), joining_key("???", "!!!"), joining_key("", "!!!")
    ('marrows|salt road', '!!!|???', '')
    """
    if not title:
        return ""
    key = f"{fold(artist) or artist.casefold()}|{fold(title) or title.casefold()}"
    return key if len(key) <= MAX_ID else f"{key[:200]}#{digest_of(key)}"


def digest_of(value: object) -> str:
    """128 bits of BLAKE2b over JSON, as 32 hexadecimal digits."""
    return hashlib.blake2b(_JSON(value).encode(), digest_size=16).hexdigest()


def content_digest(song: Mapping[str, Any]) -> str:
    """What changes when a column of a song changes."""
    return digest_of([song[column] for column in SONG_COLUMNS])


def stored_ids(connection: Connection, ids: Iterable[Id]) -> dict[Id, str]:
    """The song_ids of those `ids` that the catalogue knows."""
    values: dict[str, set[str]] = defaultdict(set)
    for namespace, value in ids:
        values[namespace].add(value)
    found: dict[Id, str] = {}
    columns = EXTERNAL_IDS.c
    for namespace, asked in values.items():
        of_namespace = select(columns.value, columns.song_id).where(columns.namespace == namespace)
        for chunk in chunks(asked):
            for value, song_id in connection.execute(of_namespace.where(columns.value.in_(chunk))):
                found[namespace, value] = song_id
    return found


def after(earlier: str, before: str, digest: str) -> str:
    """What became of a thing so far, now that a batch took it from digest `before` to `digest`."""
    if earlier == ADDED:
        return ADDED
    original = before if earlier == SAME else earlier
    return SAME if digest == original else original


def tally(touched: Mapping[str, str]) -> Counts:
    """Counts of what became of each."""
    found = Counter(what if what in (ADDED, SAME) else "changed" for what in touched.values())
    return Counts(added=found[ADDED], changed=found["changed"], unchanged=found[SAME])
