"""Shapes: songs, artists and audio features as Spotify's clients read them, from what an index knows.

Every answer has the fields of the published contract and no others: strict clients warn of more, and why a song was
chosen is answered by /api/v1/explain. What nobody knows has the value that Spotify itself writes for it: a popularity,
a length or followers of 0, no market, a year "0000", a key of -1, a tempo of 0, the first disc. A song's number on its
album is its place among the songs of the album here. A meter
(time_signature) is in no catalogue and always 0, which lies outside of Spotify's 3..7. A URL at Spotify stands only
where the id is Spotify's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.index import OpenIndex
from engine.plain import key_number, mode_number
from engine.service.spotify.ids import Kind, digest_id
from engine.service.spotify.tables import Tables, album_name
from indexer.records import AUDIO_NAMES, Song

UNKNOWN_KEY, UNKNOWN_TEMPO, UNKNOWN_METER = -1, 0.0, 0
UNKNOWN_YEAR = "0000"
MOST_GENRES = 10  # of an artist or an album
_NEEDED = tuple(name for name in AUDIO_NAMES if name not in ("key", "tempo"))


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """What turns rows of an index into Spotify's objects.

    base   the URL under which clients find this API, without a slash at its end
    """

    index: OpenIndex
    tables: Tables
    base: str

    def track(self, row: int) -> dict[str, Any]:
        """A full track object."""
        song = next(self.index.songs.described([row]))
        return {
            **self.simple_track(row, song),
            "album": self._album(row, song),
            "external_ids": {},
            "popularity": 0 if song.popularity is None else round(song.popularity),
        }

    def simple_track(self, row: int, song: Song) -> dict[str, Any]:
        """A track object as it stands in an album."""
        track_id = self.tables.tracks.id_of(row)
        length = None if song.audio is None else song.audio.duration_ms
        return {
            **self._item("track", track_id, song.title),
            "artists": self._artists_of(row),
            "disc_number": 1,
            "duration_ms": 0 if length is None else round(length),
            "explicit": bool(song.explicit),
            "external_urls": _at_spotify("track", track_id) if song.spotify_id == track_id else {},
            "is_local": False,
            "preview_url": None,
            "track_number": int(self.tables.album_places[row]),
        }

    def tracks(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return [self.track(row) for row in rows]

    def artist(self, code: int) -> dict[str, Any]:
        """A full artist object: genres by how many songs have them, the popularity of the best known song."""
        songs = self.index.songs
        return {
            **self._simple_artist(code, songs.artist_called(code)),
            "followers": {"href": None, "total": 0},
            "genres": self._genres(self.tables.rows_of_artist(code).tolist()),
            "images": [],
            "popularity": round(self.tables.artist_popularity[code]),
        }

    def album(self, number: int, tracks: Callable[[list[dict[str, Any]], str], dict[str, Any]]) -> dict[str, Any]:
        """A full album object, by its number in `album_ids`; the popularity of its best known song.

        tracks   makes a paging object of the album's tracks and the URL under which they are
        """
        rows = self.tables.rows_of_album(number).tolist()
        songs = list(self.index.songs.described(rows))
        album = self._album(rows[0], songs[0])
        known = [song.popularity for song in songs if song.popularity is not None]
        return {
            **album,
            "copyrights": [],
            "external_ids": {},
            "genres": self._genres(rows),
            "label": "",
            "popularity": round(max(known, default=0)),
            "tracks": tracks(self.album_tracks(number), f"{album['href']}/tracks"),
        }

    def albums(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Album objects as they stand in a list, by their numbers in `album_ids`."""
        rows = [int(self.tables.rows_of_album(number)[0]) for number in numbers]
        return [self._album(row, self.index.songs.song(row)) for row in rows]

    def album_tracks(self, number: int) -> list[dict[str, Any]]:
        rows = self.tables.rows_of_album(number).tolist()
        return [self.simple_track(*each) for each in zip(rows, self.index.songs.described(rows), strict=True)]

    def _genres(self, rows: Sequence[int]) -> list[str]:
        """The genres of songs, by how many of them have each."""
        genres = self.index.songs.column("genre")
        counts = Counter(genre for row in rows for genre in genres.codes_of(row))
        most = sorted(counts, key=lambda genre: (-counts[genre], genre))[:MOST_GENRES]
        return [genres.terms[genre] for genre in most]

    def features(self, row: int) -> dict[str, Any] | None:
        """An audio features object; None where they are not known on Spotify's own scale.

        Features that were measured from a file of sound are on another scale, and thresholds made for Spotify's would
        mislead: such a song has none here (/api/v1/songs/{song_id} shows them). Neither has a song of which one is
        unknown, but for those that Spotify itself has a word for: key -1, tempo 0, and the meter, which is always 0.
        """
        song = next(self.index.songs.described([row]))
        if song.audio is None or song.audio_origin is not None:
            return None
        known = song.audio.known()
        if any(name not in known for name in _NEEDED):
            return None
        track_id = self.tables.tracks.id_of(row)
        key = key_number(song.audio.key)
        return known | {
            "analysis_url": f"{self.base}/audio-analysis/{track_id}",
            "duration_ms": round(known["duration_ms"]),
            "id": track_id,
            "key": UNKNOWN_KEY if key is None else key,
            "mode": mode_number(known["mode"]),
            "tempo": known.get("tempo", UNKNOWN_TEMPO),
            "time_signature": UNKNOWN_METER,
            "track_href": f"{self.base}/tracks/{track_id}",
            "type": "audio_features",
            "uri": f"spotify:track:{track_id}",
        }

    def _item(self, kind: Kind, id_: str, name: str) -> dict[str, Any]:
        return {
            "href": f"{self.base}/{kind}s/{id_}", "id": id_, "name": name, "type": kind, "uri": f"spotify:{kind}:{id_}",
        }  # fmt: skip

    def _simple_artist(self, code: int, name: str) -> dict[str, Any]:
        return {**self._item("artist", self.tables.artists.id_of(code), name), "external_urls": {}}

    def _artists_of(self, row: int, most: int | None = None) -> list[dict[str, Any]]:
        songs = self.index.songs
        codes, names = songs.column("artist_key").codes_of(row), songs.column("artist_name").of(row)
        return [self._simple_artist(*each) for each in zip(codes[:most], names[:most], strict=True)]

    def _album(self, row: int, song: Song) -> dict[str, Any]:
        """The album as its song says; of a song without one, an album without a name that has this song alone.

        Its songs are counted in this index. Its year is the song's, its artist the song's first.
        """
        albums = self.index.songs.column("album_key")
        code = int(self.index.songs.single("album_key")[row])
        known = code >= 0
        album_id = digest_id("album", albums.terms[code] if known else album_name(song.song_id))
        return {
            **self._item("album", album_id, song.album or ""),
            "album_type": "album" if known else "single",
            "artists": self._artists_of(row, 1),
            "available_markets": [],
            "external_urls": {},
            "images": [],
            "release_date": UNKNOWN_YEAR if song.year is None else f"{song.year:04}",
            "release_date_precision": "year",
            "total_tracks": self.tables.album_sizes[code] if known else 1,
        }


def _at_spotify(kind: Kind, id_: str) -> dict[str, str]:
    return {"spotify": f"https://open.spotify.com/{kind}/{id_}"}
