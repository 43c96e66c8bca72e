"""Objects: songs and playlists in JSON of any nesting, known by what their keys mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from indexer.records import SOUND_NAMES
from indexer.sources.cells import plain
from indexer.sources.flat import flat
from indexer.sources.meanings import meaning
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.validate import MAX_ID

# Keys under which a playlist lists its songs.
_LISTS = ("tracks", "items", "songs", "track", "entries", "tracklist", "trackList")
# Keys of albums, artists, playlists and episodes, which have names and artists too.
_NO_SONG = frozenset(
    {
        "album_type",
        "total_tracks",
        "followers",
        "owner",
        "snapshot_id",
        "episodeName",
        "showName",
        "episode_name",
        "show",
    }
)
_PLAYLIST_NAMES = ("name", "title", "playlist_name", "playlistName")
_GLOBAL_IDS = ("uri", "identifier", "href", "id")
_DEPTH = 40  # of objects in objects; deeper ones are no export of anything


@dataclass(frozen=True, slots=True)
class FoundSong:
    """A song of a document: its values by their paths, the playlist that it stands in and what is known of that."""

    record: Mapping[str, object]
    playlist: PlaylistName | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoSong:
    """An entry of a playlist that is no song, and what it is."""

    playlist: PlaylistName
    reason: str


def songs_in(value: object, kind: str, *, depth: int = 0) -> Iterator[FoundSong | NoSong]:
    """The songs in a JSON value, in order; those that a named object lists stand in a playlist of this name.

    kind   what playlists without an id of their own are told apart by, as "spotify account data"
    """
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for each in value:
            yield from songs_in(each, kind, depth=depth + 1)
    elif isinstance(value, dict):
        if (playlist := playlist_of(value, kind)) is not None:
            yield from _listed(value, playlist)
        elif is_song(value):
            yield FoundSong(flat(value))
        elif album := album_of(value):
            found = songs_in(value["tracks"], kind, depth=depth + 1)
            yield from (replace(each, record={**album, **each.record}) for each in found if isinstance(each, FoundSong))
        else:
            for each in value.values():
                if isinstance(each, dict | list):
                    yield from songs_in(each, kind, depth=depth + 1)


def is_song(value: object) -> bool:
    """Whether an object describes a song: a title and an artist, lyrics, a length or an id, or an id and how it sounds;
    no album or artist does.
    """
    if not isinstance(value, dict) or not value or not _NO_SONG.isdisjoint(value):
        return False
    if any(isinstance(value.get(key), list) and _some_song(value[key]) for key in _LISTS):
        return False
    cells = {name: cell for name, cell in flat(value).items() if cell is not None and cell != ""}
    single = tuple(name for name, cell in cells.items() if not isinstance(cell, list))
    return _describes_song(tuple(cells), single)


@lru_cache(maxsize=4096)
def _describes_song(names: tuple[str, ...], single: tuple[str, ...]) -> bool:
    """Whether keys describe a song; a list of titles, which is no `single` value, is of something that lists songs."""
    meant = {name: found[0] for name in names if (found := meaning(name)) is not None}
    fields = set(meant.values())
    if any(meant.get(name) == "title" for name in single):
        return not fields.isdisjoint(("artist", "lyrics", "duration_ms", "spotify_id"))
    return (
        "title" not in fields and not fields.isdisjoint(("spotify_id", "isrc")) and not fields.isdisjoint(SOUND_NAMES)
    )


def album_of(value: Mapping[str, object]) -> Mapping[str, object]:
    """What an album of the Spotify Web API says of its tracks, which do not say it; {} for any other object."""
    if "album_type" not in value or not isinstance(value.get("tracks"), dict | list):
        return {}
    named = {f"album.{key}": value[key] for key in ("name", "release_date", "genres") if value.get(key)}
    return named if "album.name" in named else {}


def playlist_of(value: Mapping[str, object], kind: str) -> PlaylistName | None:
    """The playlist that an object is: it has a name and lists songs. An artist's songs are no playlist of that name."""
    listed = None if "album_type" in value else _songs_of(value)  # an album has a name and songs, too
    name = next((plain(value[key]) for key in _PLAYLIST_NAMES if isinstance(value.get(key), str)), "")
    if listed is None or not name or _all_by(listed, name):
        return None
    identifier = next((plain(value[key]) for key in _GLOBAL_IDS if isinstance(value.get(key), str)), "")
    if "playlist" in identifier or (len(identifier) == 22 and identifier.isalnum()):
        return PlaylistName(identifier.rpartition(":")[2].rpartition("/")[2][:MAX_ID], name)
    return PlaylistName.of(kind, name)


def _songs_of(value: Mapping[str, object]) -> list[object] | None:
    for key in _LISTS:
        listed = value.get(key)
        if isinstance(listed, dict):
            listed = listed.get("items")
        if isinstance(listed, list) and _some_song(listed):
            return listed
    return None


def _some_song(values: list[object]) -> bool:
    return any(is_song(each) for each in values[:50])


def _all_by(values: list[object], name: str) -> bool:
    """Whether all songs are by the artist of this name: a file of LyricsGenius."""
    artists = {
        plain(each.get("artist") or _name_of(each.get("primary_artist"))) for each in values if isinstance(each, dict)
    }
    return artists == {name}


def _name_of(value: object) -> object:
    return value.get("name") if isinstance(value, dict) else None


def _listed(value: Mapping[str, object], playlist: PlaylistName) -> Iterator[FoundSong | NoSong]:
    description, followers = value.get("description"), value.get("followers", value.get("numberOfFollowers"))
    facts = {
        "description": description,
        "followers": followers.get("total") if isinstance(followers, dict) else followers,
    }
    for each in _songs_of(value) or ():
        if is_song(each):
            assert isinstance(each, dict)
            yield FoundSong(flat(each), playlist, facts)
        else:
            episode = isinstance(each, dict) and each.get("episode")
            yield NoSong(playlist, "an episode of a podcast, no song" if episode else "no song: neither title nor id")
