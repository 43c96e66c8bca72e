"""Plain tables in CSV, JSONL or parquet, known by their column names: songs, playlists, entries, tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from indexer.records import AUDIO_NAMES
from indexer.sources.base import Batch, EntryRow, Format, Refusal, TagRow
from indexer.sources.tabular import OpenedFile, Row, batches, columns_of
from indexer.sources.validate import (
    MAX_COUNT,
    MAX_ID,
    MAX_TAG,
    bad_id,
    identifier,
    number,
    plain,
    spotify_track,
    texts,
)

MOOD_LABEL = "mood:"  # what the label of a mood is called before its name

_SONG_REFERENCES = {
    "song_id": ("song_id",),
    "spotify_id": ("spotify_id", "spotify_track_id", "spotify_uri", "track_uri", "uri"),
    "deezer_id": ("deezer_id", "dzr_sng_id"),
    "track_id": ("track_id",),
}
_SONG = {
    **_SONG_REFERENCES,
    "id": ("id",),
    "title": ("title", "track_name", "name", "track", "song", "song_name", "song_title"),
    "artist": ("artist", "artist_name", "artists", "track_artist", "artist(s)_name", "artist_name(s)", "performer"),
    "album": ("album", "album_name", "track_album_name"),
    "year": ("year", "release_year", "release_date", "track_album_release_date"),
    "decade": ("decade",),
    "language": ("language", "lang"),
    "genre": ("genres", "genre", "playlist_genre", "track_genre", "tag"),  # "tag": Genius
    "subgenre": ("subgenres", "subgenre", "playlist_subgenre"),
    "explicit": ("explicit",),
    "popularity": ("popularity", "track_popularity"),
    "lyrics": ("lyrics", "lyric", "text"),
    "tags": ("tags",),
    "mood": ("mood", "moods", "emotion"),
    "audio": ("audio", "audio_features"),
    **{name: (name,) for name in AUDIO_NAMES},
}
_PLAYLIST = {
    "playlist_id": ("playlist_id", "pid", "id"),
    "name": ("name", "playlist_name", "title"),
    "description": ("description",),
    "followers": ("followers", "num_followers"),
    "song_ids": ("song_ids", "songs"),
}
_ENTRY = {**_SONG_REFERENCES, "playlist_id": ("playlist_id", "pid"), "position": ("position", "pos")}
_TAG = {
    **_SONG_REFERENCES,
    "artist": ("artist", "artist_name"),
    "tag": ("tag", "tag_name"),
    "count": ("count", "weight", "tag_count"),
}


def _reference(values: Mapping[str, object]) -> tuple[str, list[tuple[str, str]]]:
    """The catalogue's key that a row brings ("" if none) and its ids elsewhere, best first.

    `id` and `track_id` are a Spotify id where they look like one, otherwise the catalogue's key.
    """
    song_id = identifier(values.get("song_id"))
    spotify = spotify_track(values.get("spotify_id")) or identifier(values.get("spotify_id"))
    for name in ("track_id", "id"):
        if value := identifier(values.get(name)):
            track = spotify_track(value)
            spotify, song_id = spotify or track, song_id or ("" if track else value)
    ids = (("spotify", spotify), ("deezer", identifier(values.get("deezer_id"))))
    return song_id, [each for each in ids if each[1]]


def _target(values: Mapping[str, object]) -> tuple[str, str] | None:
    """The song that an entry or a tag points to."""
    song_id, ids = _reference(values)
    return ("song", song_id) if song_id else (ids[0] if ids else None)


def _batches(
    opened: OpenedFile, synonyms: Mapping[str, tuple[str, ...]], what: str
) -> Iterator[tuple[Batch, list[Row]]]:
    """Batches to fill, each with its rows under the names of `synonyms`."""
    columns = columns_of(opened, synonyms)
    for rows in batches(opened):
        batch = Batch()
        valid = batch.valid_rows(rows, opened.name, what)
        yield batch, [(row, {field: _cell(values, names) for field, names in columns.items()}) for row, values in valid]


def _cell(values: Mapping[str, object], names: tuple[str, ...]) -> object:
    """The first cell of these columns that holds anything."""
    for name in names:
        cell = values.get(name)
        if cell is not None and cell != "":
            return cell
    return None


def _songs(opened: OpenedFile) -> Iterator[Batch]:
    for batch, rows in _batches(opened, _SONG, "song"):
        for row, values in rows:
            audio = values.get("audio")
            described = {**values, **audio} if isinstance(audio, Mapping) else values
            song_id, ids = _reference(values)
            moods = texts(values.get("mood"), "|;,")
            labels = {f"{MOOD_LABEL}{mood.casefold()[:MAX_TAG]}": 1.0 for mood in moods}
            batch.add_song(opened.name, row, described, song_id=song_id, ids=ids, labels=labels)
        yield batch


def _playlists(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    for batch, rows in _batches(opened, _PLAYLIST, "playlist"):
        for row, values in rows:
            playlist_id = identifier(values.get("playlist_id"))
            if not batch.add_playlist(file, row, playlist_id, values):
                continue
            for position, song_id in enumerate(texts(values.get("song_ids"), "|;")):
                track = spotify_track(song_id) if song_id.startswith(("spotify:", "http")) else ""
                song = ("spotify", track) if track else ("song", song_id)
                batch.entries.append(EntryRow(row, playlist_id, position, song))
        yield batch


def _entries(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    length: Counter[str] = Counter()
    for batch, rows in _batches(opened, _ENTRY, "entry"):
        for row, values in rows:
            playlist_id, song = identifier(values.get("playlist_id")), _target(values)
            if not 0 < len(playlist_id) <= MAX_ID or song is None:
                reason = "no song id" if song is None else bad_id("playlist_id", playlist_id)
                batch.refusals.append(Refusal(file, row, "entry", reason))
                continue
            problems: list[str] = []
            position = number(values.get("position"), "position", 0, MAX_COUNT, problems)
            batch.refusals.extend(Refusal.about(file, row, "value", playlist_id, problem) for problem in problems)
            place = length[playlist_id] if position is None else int(position)
            length[playlist_id] = max(length[playlist_id], place) + 1
            batch.entries.append(EntryRow(row, playlist_id, place, song))
        yield batch


def _tags(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    for batch, rows in _batches(opened, _TAG, "tag"):
        for row, values in rows:
            artist = plain(values.get("artist"))
            owner = _target(values) or (("artist", artist) if artist and not _of_songs(opened) else None)
            tag = plain(values.get("tag"))[:MAX_TAG]
            if owner is None or not tag:
                reason = "no tag" if owner else "neither a song nor an artist that the tag is of"
                batch.refusals.append(Refusal(file, row, "tag", reason))
                continue
            problems: list[str] = []
            count = number(values.get("count"), "count", 0, MAX_COUNT, problems)
            batch.refusals.extend(Refusal.about(file, row, "value", owner[1], problem) for problem in problems)
            batch.tags.append(TagRow(row, owner, tag, None if count is None else int(count)))
        yield batch


def _has(opened: OpenedFile, *fields: str, of: Mapping[str, tuple[str, ...]] = _SONG) -> bool:
    present = set(opened.columns)
    return any(not present.isdisjoint(of[field]) for field in fields)


def _of_songs(opened: OpenedFile) -> bool:
    return _has(opened, *_SONG_REFERENCES, of=_TAG)


def _fits_tags(opened: OpenedFile) -> bool:
    if _has(opened, "lyrics", "year", "audio", *AUDIO_NAMES):
        return False  # songs with a tag each, as the five million songs of Genius
    return _has(opened, "tag", of=_TAG) and (_of_songs(opened) or _has(opened, "artist", of=_TAG))


def _fits_entries(opened: OpenedFile) -> bool:
    return _has(opened, "playlist_id", of=_ENTRY) and _has(opened, *_SONG_REFERENCES, of=_ENTRY)


def _fits_playlists(opened: OpenedFile) -> bool:
    if _has(opened, "song_ids", of=_PLAYLIST):
        return _has(opened, "playlist_id", of=_PLAYLIST)
    return _has(opened, "playlist_id", of=_ENTRY) and _has(opened, "name", of=_PLAYLIST)


def _fits_songs(opened: OpenedFile) -> bool:
    described = _has(opened, "artist", "lyrics", "genre", "tags", "year", "audio", *AUDIO_NAMES)
    known = _has(opened, "title", *_SONG_REFERENCES)
    return (known and (described or _has(opened, *_SONG_REFERENCES))) or (_has(opened, "id") and described)


# The first that fits is taken: a table of tags or entries may carry titles beside the ids, a table of songs neither.
FORMATS = (
    Format("tags", 4, "song_id or artist, and tag (tags)", _fits_tags, _tags),
    Format("playlist entries", 3, "playlist_id and song_id (playlist entries)", _fits_entries, _entries),
    Format("playlists", 2, "playlist_id, and name or song_ids (playlists)", _fits_playlists, _playlists),
    Format("songs", 0, "song_id or title, and artist, lyrics, genre or audio features (songs)", _fits_songs, _songs),
)
