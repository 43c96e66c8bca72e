"""The catalogue's tables as typed models. Their first form and every change since are in `migrations`."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from indexer.records import AUDIO_NAMES

# The revision that this program reads and writes; a test holds it to the newest migration.
SCHEMA_VERSION = "0005"

# Keys sort by code point in SQLite; PostgreSQL would sort by the language of the server.
Key = String().with_variant(String(collation="C"), "postgresql")


class Names(TypeDecorator[tuple[str, ...]]):
    """Several short texts in one column, as a JSON list."""

    impl = Text
    cache_ok = True

    @property
    def python_type(self) -> type[tuple[str, ...]]:
        return tuple

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        return json.dumps(value or (), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """The texts; what is no list of texts comes back as it is, for `values.checked` to refuse."""
        if not value:
            return ()
        try:
            names = json.loads(value)
        except (ValueError, TypeError, RecursionError):
            names = None
        is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return tuple(names) if is_list else value  # type: ignore[return-value]


class Base(DeclarativeBase):
    """All tables of a catalogue."""


class ImportTable(Base):
    """One load of one file: where facts came from. `counts` is JSON: kind -> [added, changed, unchanged, refused]."""

    __tablename__ = "imports"

    import_id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    format: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    counts: Mapped[str] = mapped_column(Text)


class SongTable(Base):
    """A song: what `records.Song` holds, beside its tags.

    name_key         artist and title as recordings meet on (`keys.name_key`); "" where one of them is missing
    *_by             the import that brought the song, that last changed its lyrics, its audio, anything else of it
    content_digest   changes with every column of Song
    tags_digest      changes with its tags; "" without any
    """

    __tablename__ = "songs"

    song_id: Mapped[str] = mapped_column(Key, primary_key=True)
    content_digest: Mapped[str] = mapped_column(String(32))
    tags_digest: Mapped[str] = mapped_column(String(32), default="")
    added_by: Mapped[int] = mapped_column(ForeignKey("imports.import_id"))
    facts_by: Mapped[int] = mapped_column(ForeignKey("imports.import_id"))
    lyrics_by: Mapped[int | None] = mapped_column(ForeignKey("imports.import_id"))
    audio_by: Mapped[int | None] = mapped_column(ForeignKey("imports.import_id"))
    name_key: Mapped[str] = mapped_column(Key, index=True)
    title: Mapped[str] = mapped_column(Text)
    artist: Mapped[str] = mapped_column(Text)
    artists: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="")
    featured: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="")
    album: Mapped[str | None] = mapped_column(Text)
    year: Mapped[int | None]
    decade: Mapped[int | None]
    language: Mapped[str | None] = mapped_column(Text)
    genres: Mapped[tuple[str, ...]] = mapped_column(Names)
    explicit: Mapped[bool | None]
    popularity: Mapped[float | None] = mapped_column(Double)
    spotify_id: Mapped[str | None] = mapped_column(Key)
    danceability: Mapped[float | None] = mapped_column(Double)
    energy: Mapped[float | None] = mapped_column(Double)
    key: Mapped[float | None] = mapped_column(Double)
    loudness: Mapped[float | None] = mapped_column(Double)
    mode: Mapped[float | None] = mapped_column(Double)
    speechiness: Mapped[float | None] = mapped_column(Double)
    acousticness: Mapped[float | None] = mapped_column(Double)
    instrumentalness: Mapped[float | None] = mapped_column(Double)
    liveness: Mapped[float | None] = mapped_column(Double)
    valence: Mapped[float | None] = mapped_column(Double)
    tempo: Mapped[float | None] = mapped_column(Double)
    duration_ms: Mapped[float | None] = mapped_column(Double)
    audio_origin: Mapped[str | None] = mapped_column(Text)
    lyrics: Mapped[str | None] = mapped_column(Text)  # last: SQLite reads a row up to the column it needs

    # Answers digests and counts without touching the lyrics.
    __table_args__ = (
        Index("ix_songs_digest", "song_id", "content_digest", "tags_digest", "added_by", "lyrics_by", "audio_by"),
    )


class ExternalIdTable(Base):
    """How other catalogues call a song; an ISRC or an MBID, which are of recordings, may be of several.

    Namespace "name": how a row without any id is called, and the song that it met; also "isrc:...", a row that has
    nothing better than an ISRC.
    """

    __tablename__ = "external_ids"

    namespace: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key, primary_key=True)
    song_id: Mapped[str] = mapped_column(
        Key, ForeignKey("songs.song_id", ondelete="CASCADE"), primary_key=True, index=True
    )

    __table_args__ = ({"sqlite_with_rowid": False},)


class NameMergeTable(Base):
    """A row that met the song of another file by its name, not by an id: what it needs to be undone.

    name      artist and title as in the row
    brought   JSON of `name_merges.Brought`
    """

    __tablename__ = "name_merges"

    song_id: Mapped[str] = mapped_column(Key, ForeignKey("songs.song_id", ondelete="CASCADE"), primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.import_id", ondelete="CASCADE"), primary_key=True)
    row: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    brought: Mapped[str] = mapped_column(Text)


class ApartTable(Base):
    """An id or a name whose rows never meet this song by name: somebody separated them."""

    __tablename__ = "apart"

    song_id: Mapped[str] = mapped_column(Key, ForeignKey("songs.song_id", ondelete="CASCADE"), primary_key=True)
    namespace: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key, primary_key=True)


class OpenArtistTable(Base):
    """An artist text that may be several artists ("Ada & Bo"), and the key of one who may be among them."""

    __tablename__ = "open_artists"

    part: Mapped[str] = mapped_column(Key, primary_key=True)
    artist: Mapped[str] = mapped_column(Key, primary_key=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class PlaylistTable(Base):
    """A playlist. `digest` changes with its facts and its entries."""

    __tablename__ = "playlists"

    playlist_id: Mapped[str] = mapped_column(Key, primary_key=True)
    digest: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    followers: Mapped[int | None] = mapped_column(BigInteger)
    added_by: Mapped[int] = mapped_column(ForeignKey("imports.import_id"))
    entries_by: Mapped[int | None] = mapped_column(ForeignKey("imports.import_id"))


class EntryTable(Base):
    """A song in a playlist; a playlist holds a song once."""

    __tablename__ = "playlist_entries"

    playlist_id: Mapped[str] = mapped_column(
        Key, ForeignKey("playlists.playlist_id", ondelete="CASCADE"), primary_key=True
    )
    song_id: Mapped[str] = mapped_column(
        Key, ForeignKey("songs.song_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = ({"sqlite_with_rowid": False},)


class SongTagTable(Base):
    """How often listeners gave a song a tag."""

    __tablename__ = "song_tags"

    song_id: Mapped[str] = mapped_column(Key, ForeignKey("songs.song_id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(Key, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = ({"sqlite_with_rowid": False},)


class ArtistTagTable(Base):
    """How often listeners gave an artist a tag; `artist_key` is text.fold(artist)."""

    __tablename__ = "artist_tags"

    artist_key: Mapped[str] = mapped_column(Key, primary_key=True)
    tag: Mapped[str] = mapped_column(Key, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = ({"sqlite_with_rowid": False},)


class LabelTable(Base):
    """A measured value of a song that is no property of `records.Song`, as "deezer_valence"."""

    __tablename__ = "song_labels"

    song_id: Mapped[str] = mapped_column(Key, ForeignKey("songs.song_id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[float] = mapped_column(Double)

    __table_args__ = (Index("ix_song_labels_name", "name", "song_id"), {"sqlite_with_rowid": False})


class RefusalTable(Base):
    """What the last load of a file left out, and why. `kind` is "" where an earlier version wrote the row.

    count   the rows or cells that it is about
    """

    __tablename__ = "refusals"

    refusal_id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.import_id", ondelete="CASCADE"), index=True)
    row: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, server_default="")
    count: Mapped[int] = mapped_column(BigInteger, server_default="1")


class FileTable(Base):
    """A file of sound that a folder was imported with.

    path_key     what it is found by: a hash of the bytes of its path (`files.path_key`)
    path         absolute; bytes that are no UTF-8 as `files.stored_path` writes them
    song_id      None for a file that is no song: damaged, empty, a text with the ending of sound
    beside       what lies beside it (`sound.walk.SoundPath.beside`): with size and mtime_ns it says whether it changed
    sound_hash   of its sound without its tags; "" where there is none
    gain_db      ReplayGain, dB towards -18 LUFS, of the track and of its album
    analysis     the version of the analysis that measured the file or failed over it; None where none was tried
    problem      why it is no song or was not measured
    timbre       float32, little-endian, as the analysis of this version writes it
    """

    __tablename__ = "files"

    file_id: Mapped[int] = mapped_column(primary_key=True)
    path_key: Mapped[str] = mapped_column(String(32), index=True, unique=True)
    path: Mapped[str] = mapped_column(Key)
    song_id: Mapped[str | None] = mapped_column(Key, ForeignKey("songs.song_id", ondelete="CASCADE"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    beside: Mapped[str] = mapped_column(Text)
    sound_hash: Mapped[str] = mapped_column(String(32), index=True)
    album_artist: Mapped[str] = mapped_column(Text)
    disc: Mapped[int | None]
    track: Mapped[int | None]
    compilation: Mapped[bool]
    cover: Mapped[bool]
    gain_db: Mapped[float | None] = mapped_column(Double)
    album_gain_db: Mapped[float | None] = mapped_column(Double)
    analysis: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(Text)
    tempo_confidence: Mapped[float | None] = mapped_column(Double)
    key_confidence: Mapped[float | None] = mapped_column(Double)
    timbre: Mapped[bytes | None] = mapped_column(LargeBinary)


def _table(model: type[Base]) -> Table:
    """The table of a model: what is written and read by the thousand goes past the objects of the ORM."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


IMPORTS = _table(ImportTable)
SONGS = _table(SongTable)
EXTERNAL_IDS = _table(ExternalIdTable)
PLAYLISTS = _table(PlaylistTable)
ENTRIES = _table(EntryTable)
SONG_TAGS = _table(SongTagTable)
ARTIST_TAGS = _table(ArtistTagTable)
LABELS = _table(LabelTable)
REFUSALS = _table(RefusalTable)
FILES = _table(FileTable)
NAME_MERGES = _table(NameMergeTable)
APART = _table(ApartTable)
OPEN_ARTISTS = _table(OpenArtistTable)

# The columns of `records.Song`, beside its key and its tags.
SONG_COLUMNS = (
    "title",
    "artist",
    "artists",
    "featured",
    "album",
    "year",
    "decade",
    "language",
    "genres",
    "explicit",
    "popularity",
    "spotify_id",
    "lyrics",
    *AUDIO_NAMES,
    "audio_origin",
)
