"""Spotify-feature CSVs with playlists inside: the TidyTuesday 2020-01-21 and Kaggle "30,000 Spotify songs" layout.

One row is a track in a playlist of one subgenre, so a track comes once per playlist, and the genres of all its rows
are its genres. `track_id,track_name,track_artist,track_popularity,...,playlist_name,playlist_id,playlist_genre,
playlist_subgenre,danceability,...,duration_ms`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from indexer.records import AUDIO_NAMES
from indexer.sources.base import Batch, EntryRow, Format
from indexer.sources.tabular import BROKEN, OpenedFile, batches
from indexer.sources.validate import genre_names, identifier, spotify_track

_NEEDED = frozenset({"track_id", "track_name", "track_artist", "playlist_id"})
_COLUMNS = {
    "title": "track_name",
    "artist": "track_artist",
    "album": "track_album_name",
    "year": "track_album_release_date",
    "popularity": "track_popularity",
    **{name: name for name in AUDIO_NAMES},
}


def _fits(opened: OpenedFile) -> bool:
    return set(opened.columns) >= _NEEDED


def _read(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    genres = _genres(opened)
    length: Counter[str] = Counter()
    for rows in batches(opened):
        batch = Batch()
        for row, values in batch.valid_rows(rows, file, "song"):
            track = spotify_track(values.get("track_id")) or identifier(values.get("track_id"))
            facts: dict[str, object] = {name: values.get(column) for name, column in _COLUMNS.items()}
            facts["genre"] = genres.get(track, ())
            ids = [("spotify", track)] if track else []
            playlist_id = identifier(values.get("playlist_id"))
            if batch.add_song(file, row, facts, ids=ids) is None or not playlist_id or not track:
                continue
            if playlist_id not in length and not batch.add_playlist(
                file, row, playlist_id, {"name": values.get("playlist_name")}
            ):
                continue
            batch.entries.append(EntryRow(row, playlist_id, length[playlist_id], ids[0]))
            length[playlist_id] += 1
        yield batch


def _genres(opened: OpenedFile) -> dict[str, tuple[str, ...]]:
    """The genres of all rows of each track: playlist_genre of all, then playlist_subgenre of all."""
    rows_of: dict[str, tuple[set[str], set[str]]] = {}
    names: dict[str, str] = {}  # a file has some dozen genres: each text is kept once
    for rows in batches(opened):
        for _, values in rows:
            if BROKEN not in values:
                track = spotify_track(values.get("track_id")) or identifier(values.get("track_id"))
                for found, column in zip(rows_of.setdefault(track, (set(), set())), _GENRE_COLUMNS, strict=True):
                    found.add(_text(values, column, names))
    return {track: genre_names(sorted(broad), sorted(narrow)) for track, (broad, narrow) in rows_of.items()}


_GENRE_COLUMNS = ("playlist_genre", "playlist_subgenre")


def _text(values: Mapping[str, object], column: str, names: dict[str, str]) -> str:
    text = str(values.get(column) or "")
    return names.setdefault(text, text)


FORMATS = (
    Format("spotify csv", 1, "track_id, track_name, track_artist, playlist_id (Spotify features CSV)", _fits, _read),
)
