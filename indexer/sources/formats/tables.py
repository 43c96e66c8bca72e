"""Plain tables (CSV, JSON Lines, parquet, spreadsheets), known by what their columns mean: songs, playlists, tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from indexer.records import SOUND_NAMES
from indexer.sources.base import LIKELY, POSSIBLE, Batch, EntryRow, Fit, Format, Refusal, TagRow
from indexer.sources.cells import identifier, plain, texts
from indexer.sources.identifiers import spotify_track
from indexer.sources.mapping import fields_of, mapping_of
from indexer.sources.opened import OpenedFile, Row
from indexer.sources.reader import file_remarks, read_songs, song_ids
from indexer.sources.tabular import batches
from indexer.sources.validate import MAX_COUNT, MAX_ID, MAX_TAG, bad_id, number

TABLES = ("csv", "jsonl", "json table", "parquet", "sheet")
_DESCRIBE = ("artist", "album", "lyrics", "genre", "tags", "year", "duration_ms", "plays")
REFERENCES = ("song_id", "spotify_id", "isrc", "mbid", "deezer_id")


def _target(values: Mapping[str, object]) -> tuple[str, str] | None:
    """The song that an entry or a tag points to."""
    song_id, ids = song_ids(values)
    return ("song", song_id) if song_id else (ids[0] if ids else None)


def _rows(opened: OpenedFile, what: str) -> Iterator[tuple[Batch, list[Row]]]:
    """Batches to fill, each with its rows by fields; the last one holds what there is to say of the columns."""
    columns = mapping_of(opened)
    batch, by_field = Batch(), list[Row]()
    for at, rows in enumerate(batches(opened)):
        if at:
            yield batch, by_field
            batch = Batch()
        by_field = [(row, columns.values(cells)) for row, cells in batch.valid_rows(rows, opened.name, what)]
    batch.refusals.extend(file_remarks(opened, columns))
    yield batch, by_field


def _playlists(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    for batch, rows in _rows(opened, "playlist"):
        for row, values in rows:
            playlist_id = identifier(values.get("playlist_id"))
            name = values.get("playlist") or values.get("title")  # "name" means a song's title elsewhere
            if not batch.add_playlist(file, row, playlist_id, {**values, "name": name}):
                continue
            for position, song in enumerate(texts(values.get("song_ids"), "|;")):
                track = spotify_track(song) if song.startswith(("spotify:", "http")) else ""
                batch.entries.append(
                    EntryRow(row, playlist_id, position, ("spotify", track) if track else ("song", song))
                )
        yield batch


def _entries(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    length: Counter[str] = Counter()
    for batch, rows in _rows(opened, "entry"):
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
    file, of_songs = opened.name, _points_to_songs(fields_of(opened))
    for batch, rows in _rows(opened, "tag"):
        for row, values in rows:
            artist = plain(values.get("artist"))
            owner = _target(values) or (("artist", artist) if artist and not of_songs else None)
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


def _points_to_songs(fields: frozenset[str]) -> bool:
    return not fields.isdisjoint(REFERENCES)


def _is_tags(opened: OpenedFile) -> Fit | None:
    fields = fields_of(opened)
    if (
        opened.kind not in TABLES
        or not _has_tag_column(opened)
        or not fields.isdisjoint(("lyrics", "year", *SOUND_NAMES))
    ):
        return None
    if _points_to_songs(fields) or ("artist" in fields and "title" not in fields):
        return Fit(LIKELY, "a tag beside a song's id or an artist, and nothing that describes a song")
    return None


def _has_tag_column(opened: OpenedFile) -> bool:
    return any(column.strip().lower() in ("tag", "tag_name", "tag name") for column in opened.columns)


def _is_entries(opened: OpenedFile) -> Fit | None:
    fields = fields_of(opened)
    if opened.kind in TABLES and "playlist_id" in fields and _points_to_songs(fields) and not describes_songs(fields):
        return Fit(LIKELY, "a playlist's id beside a song's, and nothing that describes a song")
    return None


def _is_playlists(opened: OpenedFile) -> Fit | None:
    fields = fields_of(opened)
    if opened.kind not in TABLES or "playlist_id" not in fields or "artist" in fields or _points_to_songs(fields):
        return None
    if "song_ids" in fields or "playlist" in fields or "title" in fields:
        return Fit(LIKELY, "a playlist's id beside its name or its songs, and no artist")
    return None


def describes_songs(fields: frozenset[str]) -> bool:
    """Whether rows with these fields say what a song is, beyond its id."""
    return "title" in fields and not fields.isdisjoint(("artist", "album", "lyrics", *SOUND_NAMES))


def _is_songs(opened: OpenedFile) -> Fit | None:
    fields = fields_of(opened)
    if opened.kind not in TABLES:
        return None
    known = "title" in fields or _points_to_songs(fields)
    described = (
        "artist",
        "album",
        "lyrics",
        "genre",
        "tags",
        "year",
        "duration_ms",
        "plays",
        *SOUND_NAMES,
        *REFERENCES,
    )
    if not known or fields.isdisjoint(described):
        return None
    names = sorted(fields.intersection(("title", "artist", "lyrics", "genre", "playlist", *SOUND_NAMES)))
    return Fit(POSSIBLE, f"columns that mean {', '.join(names[:5]) or 'ids of songs'}")


FORMATS = (
    Format("tags", 4, "song_id or artist, and tag (tags)", _is_tags, _tags),
    Format("playlist entries", 3, "playlist_id and song_id (playlist entries)", _is_entries, _entries),
    Format("playlists", 2, "playlist_id, and name or song_ids (playlists)", _is_playlists, _playlists),
    Format("songs", 0, "song_id or title, and artist, lyrics, genre or audio features (songs)", _is_songs, read_songs),
)
