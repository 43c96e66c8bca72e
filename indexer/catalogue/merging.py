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
from indexer.catalogue.origins import of_one_origin
from indexer.catalogue.reports import RowCounts
from indexer.catalogue.schema import EXTERNAL_IDS, SONG_COLUMNS, SONGS
from indexer.records import AUDIO_NAMES
from indexer.sources.base import SongRow
from indexer.sources.validate import MAX_ID
from indexer.text.names import artist_key, fold

_MAX_KEY = MAX_ID - 17  # room for the end of an anonymous key
NAME = "name"  # the namespace of names that came without any id

# What became of a song or playlist in this load; any other text is the digest that it had before and has no more.
ADDED, SAME = "added", "same"

Id = tuple[str, str]  # namespace, value
Refuse = Callable[[int, str, str, str, str], None]  # row, what, subject, problem, kind of problem

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BY = {"lyrics": "lyrics_by", **dict.fromkeys((*AUDIO_NAMES, "audio_origin"), "audio_by")}
_WRITTEN = ("content_digest", "name_key", "facts_by", "lyrics_by", "audio_by", *SONG_COLUMNS)
_UPDATE = (
    update(SONGS)
    .where(SONGS.c.song_id == bindparam("of_song"))
    .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A row and the ways to find its song.

    ids            its ids, best first; the name, or what stands for one, where it has none
    name_key       its artist and title as compared, "" where one of them is missing
    preferred_id   the song_id that a new song gets, fallback_id where that is the key of another song
    """

    row: SongRow
    ids: tuple[Id, ...]
    name_key: str
    preferred_id: str
    fallback_id: str

    @classmethod
    def of(cls, row: SongRow) -> _Lookup:
        if row.song_id:
            return cls(row, row.ids, "", row.song_id, row.song_id)
        name_key = joining_key(str(row.facts.get("title", "")), str(row.facts.get("artist", "")))
        ids = row.ids or ((NAME, name_key or _anonymous_key(row.facts)),)
        namespace, value = ids[0]
        fallback_id = f"{namespace}:{value}"[:MAX_ID]
        return cls(row, ids, name_key, value if namespace in ("spotify", NAME) else fallback_id, fallback_id)


class SongWriter:
    """Writes the songs of one file, a batch at a time, and counts what became of each."""

    def __init__(self, connection: Connection, import_id: int, refuse: Refuse) -> None:
        self._connection = connection
        self._import_id = import_id
        self._refuse = refuse
        self._touched: dict[str, str] = {}
        self._genres: dict[str, tuple[str, ...]] = {}  # that this file brought

    def write(self, rows: Sequence[SongRow]) -> list[str]:
        """Merge `rows` into the catalogue; the song_id that each row turned out to be."""
        lookups = [_Lookup.of(row) for row in rows]
        batch = _Batch(self._connection, lookups, self._import_id)
        song_ids = []
        for each in lookups:
            song_id = batch.find(each)
            self._merge(batch, song_id, each)
            song_ids.append(song_id)
        self._flush(batch, dict.fromkeys(song_ids))
        return song_ids

    def counts(self) -> RowCounts:
        """Each song once, by what the whole file made of it."""
        return tally(self._touched)

    def _merge(self, batch: _Batch, song_id: str, lookup: _Lookup) -> None:
        row, song = lookup.row, batch.song(song_id)
        facts = dict(row.facts)
        for each in lookup.ids:
            if refused := batch.register(song_id, each):
                self._refuse(row.row, "value", song_id, *refused)
            elif each[0] == "spotify":
                facts["spotify_id"] = each[1]
        genres = facts.get("genres")
        if isinstance(genres, tuple):  # tables with one genre in a row repeat the song for each of its genres
            united = tuple(dict.fromkeys((*self._genres.get(song_id, ()), *genres)))
            facts["genres"] = self._genres[song_id] = united
        title, artist = str(facts.get("title", song["title"])), str(facts.get("artist", song["artist"]))
        if (title, artist) != (song["title"], song["artist"]):
            key = joining_key(title, artist)
            known = song["name_key"] and (song_id in batch.merged or song_id in self._touched)
            if known and key != song["name_key"]:
                before, here = f"{song['title']}, {song['artist']}", f"{title}, {artist}"
                problem = f"duplicate id, other content: it was {before!r}, is {here!r} here; the last is kept"
                self._refuse(row.row, "duplicate", song_id, problem, "duplicate id, other content; the last is kept")
            batch.rename(song_id, key)
        batch.merged.add(song_id)
        for column, value in of_one_origin(song, facts).items():
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

    def __init__(self, connection: Connection, lookups: Sequence[_Lookup], import_id: int) -> None:
        self._import_id = import_id
        self.merged: set[str] = set()
        self.changed: set[str] = set()
        self.new_ids: list[Id] = []
        self.by_id = stored_ids(connection, (each for lookup in lookups for each in lookup.ids))
        wanted = {name for lookup in lookups for name in (lookup.preferred_id, lookup.fallback_id)}
        wanted |= set(self.by_id.values())
        for chunk in chunks({lookup.name_key for lookup in lookups if lookup.name_key}):
            wanted |= set(connection.scalars(select(SONGS.c.song_id).where(SONGS.c.name_key.in_(chunk))))
        self.songs: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, dict[str, str]] = defaultdict(dict)  # song_id -> namespace -> its id there, names not
        self._by_name: dict[str, set[str]] = defaultdict(set)
        ids = EXTERNAL_IDS.c
        for chunk in chunks(wanted):
            for stored in connection.execute(select(SONGS).where(SONGS.c.song_id.in_(chunk))).mappings():
                self.songs[stored["song_id"]] = dict(stored)
                self._by_name[stored["name_key"]].add(stored["song_id"])
            of_songs = select(ids.song_id, ids.namespace, ids.value).where(ids.song_id.in_(chunk))
            for song_id, namespace, value in connection.execute(of_songs.where(ids.namespace != NAME)):
                self._ids[song_id][namespace] = value

    def find(self, lookup: _Lookup) -> str:
        """The song_id of the song that a row describes, old or new. The rule is in `Catalogue`."""
        if lookup.row.song_id:
            return lookup.row.song_id
        better: dict[str, str] = {}  # ids of the row before the one that is looked at
        for namespace, value in lookup.ids:
            song_id = self.by_id.get((namespace, value))
            if song_id is not None and not self._contradicts(song_id, better):
                return song_id
            better[namespace] = value
        ids = dict(lookup.row.ids)
        free = [each for each in self._by_name.get(lookup.name_key, ()) if not ids.keys() & self._ids[each].keys()]
        if lookup.name_key and len(free) == 1:
            return free[0]
        if lookup.name_key and free and not ids:  # several recordings: most likely the best known of them is meant
            return min(free, key=lambda song_id: (-(self.songs[song_id]["popularity"] or 0), song_id))
        taken = lookup.preferred_id in self.songs and (not ids or ids.keys() & self._ids[lookup.preferred_id].keys())
        return lookup.fallback_id if taken else lookup.preferred_id

    def _contradicts(self, song_id: str, ids: Mapping[str, str]) -> bool:
        return any(self._ids[song_id].get(namespace, value) != value for namespace, value in ids.items())

    def song(self, song_id: str) -> dict[str, Any]:
        """The columns of a song, to be changed in place; those of a new song are empty."""
        if song_id not in self.songs:
            self.songs[song_id] = {
                **dict.fromkeys(SONG_COLUMNS),
                **dict.fromkeys(("content_digest", "tags_digest", "name_key", "title", "artist"), ""),
                "song_id": song_id,
                **dict.fromkeys(("genres", "artists", "featured"), ()),
                "added_by": self._import_id,
                "facts_by": self._import_id,
                "lyrics_by": None,
                "audio_by": None,
            }
        return self.songs[song_id]

    def register(self, song_id: str, each: Id) -> tuple[str, str] | None:
        """Note an id as that of `song_id`; where it cannot be, one sentence on why, and its kind."""
        namespace, value = each
        holder = self.by_id.get(each)
        if holder is not None:
            if holder == song_id:
                return None
            problem = f"{namespace} id {value} is already that of {holder} and stays there"
            return problem, f"{namespace} id ... is already that of another song and stays there"
        if namespace != NAME:
            known = self._ids[song_id].setdefault(namespace, value)
            if known != value:
                problem = f"{namespace} id {value} is left out: the song has the {namespace} id {known} already"
                return problem, f"{namespace} id ... is left out: the song has another {namespace} id already"
        self.by_id[each] = song_id
        self.new_ids.append(each)
        return None

    def rename(self, song_id: str, key: str) -> None:
        """The song is found under `key` from the next row on."""
        song = self.songs[song_id]
        self._by_name[song["name_key"]].discard(song_id)
        song["name_key"] = key
        self._by_name[key].add(song_id)


def joining_key(title: str, artist: str) -> str:
    """What two sources that know a recording only by name are joined on; version marks count.

    Names of signs only stay apart; it fits an index; "" joins nothing: half a name is none.

    >>> joining_key("Salt Road", "The Marrows"), joining_key("???", "!!!"), joining_key("Hello", "")
    ('marrows|salt road', '!!!|???', '')
    """
    if not title or not artist:
        return ""
    return _fitting(f"{artist_key(artist)}|{fold(title) or title.casefold()}")


def _anonymous_key(facts: Mapping[str, object]) -> str:
    """Stands for the name of a row without an artist: the title and its lyrics, or all that the row knows.

    Many songs are called "Hello"; the same row of the same file must be the same song the next time.
    """
    title, lyrics = str(facts.get("title", "")), facts.get("lyrics")
    rest = [lyrics] if lyrics else sorted(facts.items())
    return f"{_fitting(fold(title) or title.casefold())}#{digest_of(rest)[:16]}"


def _fitting(key: str) -> str:
    return key if len(key) <= _MAX_KEY else f"{key[:200]}#{digest_of(key)}"


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
    stored: dict[Id, str] = {}
    columns = EXTERNAL_IDS.c
    for namespace, of_namespace in values.items():
        query = select(columns.value, columns.song_id).where(columns.namespace == namespace)
        for chunk in chunks(of_namespace):
            for value, song_id in connection.execute(query.where(columns.value.in_(chunk))):
                stored[namespace, value] = song_id
    return stored


def after(earlier: str, before: str, digest: str) -> str:
    """What became of a thing so far, now that a batch took it from digest `before` to `digest`."""
    if earlier == ADDED:
        return ADDED
    original = before if earlier == SAME else earlier
    return SAME if digest == original else original


def tally(touched: Mapping[str, str]) -> RowCounts:
    """RowCounts of what became of each."""
    counts = Counter(what if what in (ADDED, SAME) else "changed" for what in touched.values())
    return RowCounts(added=counts[ADDED], changed=counts["changed"], unchanged=counts[SAME])
