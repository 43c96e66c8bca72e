"""Which song a row is: what the catalogue knows about everything that the rows of one batch could be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from indexer.catalogue.connect import rows_among
from indexer.catalogue.keys import digest_of, name_key, quick_artist_key, row_names
from indexer.catalogue.schema import SONGS, Names
from indexer.sources.base import SongRow
from indexer.sources.validate import MAX_ID
from indexer.text.artists import taken_apart

NAME = "name"  # the namespace of names that came without any id
OF_RECORDINGS = frozenset({"isrc", "mbid"})  # several releases of one recording share such an id
# Two measurements of one recording differ by 0 s where the id is the same and by 5 s at most for 86 % of the pairs of
# one artist, title and version with different Spotify ids (32,833 rows of Spotify features); from there on their share
# grows no faster than that of recordings which have nothing to do with each other.
SAME_LENGTH_MS = 5_000

Id = tuple[str, str]  # namespace, value
Stored = dict[str, Any]  # the columns of a song

SONG_TABLE = tuple(column.name for column in SONGS.columns)
_LISTS = tuple(column.name for column in SONGS.columns if isinstance(column.type, Names))
_SELECT = f"SELECT {', '.join(SONG_TABLE)} FROM songs WHERE song_id"
_NAMES = Names()


@dataclass(slots=True)
class Lookup:
    """A row and the ways to find its song.

    ids            its ids, best first; where it has none the names that stand for one
    own_ids        those of them that its song has from now on
    key            what it meets songs by name on, "" where it cannot
    preferred_id   the song_id that a new song gets, fallback_id where that is the key of another song
    """

    row: SongRow
    ids: tuple[Id, ...]
    own_ids: tuple[Id, ...]
    preferred_id: str
    fallback_id: str
    key: str = ""


def name_in_file(name: str, file: str) -> str:
    """How a row without ids is known by in one file, after somebody separated it from the song of its name."""
    return f"{name}#{digest_of(file)[:16]}"


def lookup_of(row: SongRow, file: str = "") -> Lookup:
    """The ways to find the song of a row; in `file`, where rows of one name may have been separated."""
    ids = row.ids
    if row.song_id:
        return Lookup(row, ids, ids, row.song_id, row.song_id)
    if not ids:
        names = row_names(row.facts)
        own = ((NAME, names[0]),)
        ways = (name_in_file(names[0], file), *names) if file else names
        return Lookup(row, tuple((NAME, name) for name in ways), own, names[-1], f"name:{names[0]}"[:MAX_ID])
    namespace, value = ids[0]
    other = f"{namespace}:{value}"[:MAX_ID]
    if namespace in OF_RECORDINGS:  # several songs may have it: which of them this row met is noted like a name
        ids = ((NAME, other), *ids)
    return Lookup(row, ids, ids, value if namespace == "spotify" else other, other)


def apart(one: object, other: object) -> bool:
    """Whether two durations in milliseconds, both known, are of different recordings."""
    return isinstance(one, int | float) and isinstance(other, int | float) and abs(one - other) > SAME_LENGTH_MS


class Meeting:
    """The songs that the rows of one batch are or could be, changed row by row. The rule is in `Catalogue`."""

    def __init__(
        self,
        connection: Connection,
        lookups: Sequence[Lookup],
        import_id: int,
        *,
        any_apart: bool = False,
        any_open: bool = False,
    ) -> None:
        self._connection, self._import_id = connection, import_id
        self.new_ids: list[tuple[str, str, str]] = []  # with the song that each is of
        self.nearly = 0
        self.holders = holders = stored_ids(connection, (each for lookup in lookups for each in lookup.ids))
        self._by_name: dict[str, list[str]] = defaultdict(list)
        unmet = [each for each in lookups if each.row.song_id or each.ids[0] not in holders]
        for lookup in unmet:
            if not lookup.row.song_id:
                facts: Any = lookup.row.facts
                lookup.key = name_key(facts.get("title", ""), facts.get("artist", ""), facts.get("artists", ()))
        keys = {lookup.key for lookup in unmet if lookup.key}
        self._joined_keys = _joined_keys(connection, unmet) if any_open else {}
        keys |= set(self._joined_keys.values())
        named = [row[0] for row in rows_among(connection, "SELECT song_id FROM songs WHERE name_key", keys)]
        wanted = {song_id for of_id in holders.values() for song_id in of_id}
        wanted.update(named, (lookup.preferred_id for lookup in unmet))
        self.songs: dict[str, Stored] = stored_songs(connection, wanted)
        others = {each.fallback_id for each in unmet if each.preferred_id in self.songs}
        self.songs |= stored_songs(connection, others - wanted)
        for song_id in named:
            self._by_name[self.songs[song_id]["name_key"]].append(song_id)
        self._ids: dict[str, dict[str, str]] = {}  # song_id -> namespace -> its id there, names not
        self._load_ids(lookups, set(named))
        self._apart: dict[str, set[Id]] = defaultdict(set)
        if any_apart:
            query = "SELECT song_id, namespace, value FROM apart WHERE song_id"
            for song_id, namespace, value in rows_among(connection, query, self.songs):
                self._apart[song_id].add((namespace, value))

    def _load_ids(self, lookups: Iterable[Lookup], wanted: set[str]) -> None:
        """The ids of songs whose other ids matter: a row that has a song's only id asks for no others."""
        for lookup in lookups:
            if len(lookup.ids) != 1 or lookup.row.song_id or lookup.ids[0] not in self.holders:
                wanted.update((lookup.preferred_id, lookup.fallback_id))
                for each in lookup.ids:
                    wanted.update(self.holders.get(each, ()))
        self._load(wanted & self.songs.keys())

    def _load(self, song_ids: Iterable[str]) -> None:
        listed = list(song_ids)
        self._ids.update((song_id, {}) for song_id in listed)
        query = "SELECT song_id, namespace, value FROM external_ids WHERE song_id"
        for song_id, namespace, value in rows_among(self._connection, query, listed):
            if namespace != NAME:
                self._ids[song_id][namespace] = value

    def _ids_of(self, song_id: str) -> dict[str, str]:
        ids = self._ids.get(song_id)
        if ids is None:  # a row that has nothing but a known id asked for no others; now its song has a new name
            self._load([song_id])
            ids = self._ids[song_id]
        return ids

    def find(self, lookup: Lookup) -> tuple[str, bool]:
        """The song_id of the song that a row describes, old or new, and whether only the name says so."""
        row = lookup.row
        if row.song_id:
            return row.song_id, False
        holders = self.holders.get(lookup.ids[0])
        if holders is not None and len(lookup.ids) == 1:
            return holders[0], not row.ids
        better: dict[str, str] = {}  # ids of the row before the one that is looked at
        duration = row.facts.get("duration_ms")
        for each_id in lookup.ids:
            namespace, value = each_id
            fitting = [each for each in self.holders.get(each_id, ()) if not self._contradicts(each, better)]
            if namespace == NAME:
                fitting = [each for each in fitting if self._apart.get(each, _NOTHING).isdisjoint(lookup.ids)]
                if each_id not in lookup.own_ids:  # the name alone, of a row that says how long it lasts
                    fitting = [each for each in fitting if not apart(duration, self.songs[each]["duration_ms"])]
            else:
                better[namespace] = value
            if fitting:
                return self._best_known(fitting), not row.ids
        by_list = self._joined_keys.get(lookup.key, "")
        if lookup.key and (candidates := self._by_name.get(lookup.key) or self._by_name.get(by_list)):
            free = [each for each in candidates if self._may_meet(each, lookup)]
            if free:
                return self._best_known(free), True
            self.nearly += 1
        ids = dict(row.ids)
        taken = lookup.preferred_id in self.songs and (not ids or ids.keys() & self._ids_of(lookup.preferred_id).keys())
        return (lookup.fallback_id if taken else lookup.preferred_id), False

    def _may_meet(self, song_id: str, lookup: Lookup) -> bool:
        ids = self._ids_of(song_id)
        if ids and any(namespace in ids for namespace, _ in lookup.row.ids):
            return False
        if apart(self.songs[song_id]["duration_ms"], lookup.row.facts.get("duration_ms")):
            return False
        return self._apart.get(song_id, _NOTHING).isdisjoint(lookup.ids)

    def _best_known(self, song_ids: Sequence[str]) -> str:
        if len(song_ids) == 1:
            return song_ids[0]
        return min(song_ids, key=lambda song_id: (-(self.songs[song_id]["popularity"] or 0), song_id))

    def _contradicts(self, song_id: str, ids: Mapping[str, str]) -> bool:
        if not ids:
            return False
        known = self._ids_of(song_id)
        return any(known.get(namespace, value) != value for namespace, value in ids.items())

    def is_known_by_name(self, song_id: str, lookup: Lookup) -> bool:
        """Whether a song has nothing but the name of this row to be known by: no id, and no key that a file gave it."""
        return song_id in (lookup.preferred_id, lookup.fallback_id) and not self._ids_of(song_id)

    def song(self, song_id: str) -> Stored:
        """The columns of a song, to be changed in place; those of a new song are empty."""
        song = self.songs.get(song_id)
        if song is None:
            song = self.songs[song_id] = empty_song(song_id, self._import_id)
            self._ids[song_id] = {}
        return song

    def register(self, song_id: str, each: Id) -> tuple[str, str] | None:
        """Note an id as that of `song_id`; where it cannot be, one sentence on why, and its kind."""
        namespace, value = each
        holders = self.holders.get(each)
        if holders is not None:
            if song_id in holders or namespace == NAME:  # the name of a row that was separated stays where it was
                return None
            if namespace not in OF_RECORDINGS:
                problem = f"{namespace} id {value} is already that of {holders[0]} and stays there"
                return problem, f"{namespace} id ... is already that of another song and stays there"
        if namespace != NAME:
            known = self._ids_of(song_id).setdefault(namespace, value)
            if known != value:
                problem = f"{namespace} id {value} is left out: the song has the {namespace} id {known} already"
                return problem, f"{namespace} id ... is left out: the song has another {namespace} id already"
        if holders is None:
            self.holders[each] = [song_id]
        else:
            holders.append(song_id)
        self.new_ids.append((namespace, value, song_id))
        return None

    def rename(self, song_id: str, key: str) -> None:
        """The song meets rows under `key` from the next row on."""
        song = self.songs[song_id]
        if before := song["name_key"]:
            with_name = self._by_name[before]
            if song_id in with_name:
                with_name.remove(song_id)
        song["name_key"] = key
        if key:
            self._by_name[key].append(song_id)


def _joined_keys(connection: Connection, lookups: Iterable[Lookup]) -> dict[str, str]:
    """For names of rows those under which a song of the same title stands whose artists begin with this one.

    "Ada, Bo" is no list as long as nobody knows Ada; a row by Ada of the same title is what shows it.
    """
    titles: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for lookup in lookups:
        if lookup.key:
            titles[lookup.key.partition("|")[0]].append((str(lookup.row.facts["title"]), lookup.key))
    keys: dict[str, str] = {}
    query = "SELECT part, artist FROM open_artists WHERE part"
    for part, artist in sorted(map(tuple, rows_among(connection, query, titles))):
        names = taken_apart(artist, lambda name, part=part: quick_artist_key(name) == part)  # type: ignore[misc]
        if len(names) > 1 and quick_artist_key(names[0]) == part:
            keys.update((key, name_key(title, artist)) for title, key in titles[part])
    return keys


_EMPTY: Stored = {
    **dict.fromkeys(SONG_TABLE),
    **dict.fromkeys(("content_digest", "tags_digest", "name_key", "title", "artist"), ""),
    **dict.fromkeys(_LISTS, ()),
}


_NOTHING: frozenset[Id] = frozenset()


def empty_song(song_id: str, import_id: int) -> Stored:
    """A song of which nothing is known yet."""
    return _EMPTY | {"song_id": song_id, "added_by": import_id, "facts_by": import_id}


def stored_songs(connection: Connection, song_ids: Iterable[str]) -> dict[str, Stored]:
    """The columns of those songs that the catalogue has."""
    songs = {}
    for row in rows_among(connection, _SELECT, song_ids):
        song = dict(zip(SONG_TABLE, row, strict=True))
        for name in _LISTS:
            text = song[name]
            song[name] = () if text in ("", "[]") else _NAMES.process_result_value(text, connection.dialect)
        if song["explicit"] is not None:
            song["explicit"] = bool(song["explicit"])  # SQLite knows numbers only
        songs[song["song_id"]] = song
    return songs


def stored_ids(connection: Connection, ids: Iterable[Id]) -> dict[Id, list[str]]:
    """The song_ids of the songs that have these ids; ids that no song has are left out."""
    values: dict[str, set[str]] = defaultdict(set)
    for namespace, value in ids:
        values[namespace].add(value)
    stored: dict[Id, list[str]] = {}
    query = "SELECT value, song_id FROM external_ids WHERE namespace = ? AND value"
    for namespace, of_namespace in values.items():
        for value, song_id in sorted(map(tuple, rows_among(connection, query, of_namespace, namespace))):
            stored.setdefault((namespace, value), []).append(song_id)
    return stored
