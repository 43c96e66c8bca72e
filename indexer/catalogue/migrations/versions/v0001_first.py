"""The first schema: songs, ids, playlists, tags, labels, imports, refusals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

AUDIO = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "duration_ms",
)


def upgrade() -> None:
    key = sa.String().with_variant(sa.String(collation="C"), "postgresql")

    def of_import(name: str, *, nullable: bool = False) -> sa.Column[int]:
        return sa.Column(name, sa.Integer, sa.ForeignKey("imports.import_id"), nullable=nullable)

    def of_song(*, primary_key: bool = False, index: bool = False) -> sa.Column[str]:
        song = sa.ForeignKey("songs.song_id", ondelete="CASCADE")
        return sa.Column("song_id", key, song, nullable=False, primary_key=primary_key, index=index)

    op.create_table(
        "imports",
        sa.Column("import_id", sa.Integer, primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
    )
    op.create_table(
        "songs",
        sa.Column("song_id", key, primary_key=True),
        sa.Column("content_digest", sa.String(32), nullable=False),
        sa.Column("tags_digest", sa.String(32), nullable=False),
        of_import("added_by"),
        of_import("facts_by"),
        of_import("lyrics_by", nullable=True),
        of_import("audio_by", nullable=True),
        sa.Column("name_key", key, nullable=False, index=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("artist", sa.Text, nullable=False),
        sa.Column("album", sa.Text),
        sa.Column("year", sa.Integer),
        sa.Column("decade", sa.Integer),
        sa.Column("language", sa.Text),
        sa.Column("genres", sa.Text, nullable=False),
        sa.Column("explicit", sa.Boolean),
        sa.Column("popularity", sa.Double),
        sa.Column("spotify_id", key),
        *(sa.Column(name, sa.Double) for name in AUDIO),
        sa.Column("lyrics", sa.Text),
    )
    op.create_index(
        "ix_songs_digest",
        "songs",
        ["song_id", "content_digest", "tags_digest", "added_by", "lyrics_by", "audio_by"],
    )
    op.create_table(
        "external_ids",
        sa.Column("namespace", key, primary_key=True),
        sa.Column("value", key, primary_key=True),
        of_song(index=True),
    )
    op.create_table(
        "playlists",
        sa.Column("playlist_id", key, primary_key=True),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("followers", sa.BigInteger),
        of_import("added_by"),
        of_import("entries_by", nullable=True),
    )
    op.create_table(
        "playlist_entries",
        sa.Column("playlist_id", key, sa.ForeignKey("playlists.playlist_id", ondelete="CASCADE"), primary_key=True),
        of_song(primary_key=True, index=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "song_tags",
        of_song(primary_key=True),
        sa.Column("tag", key, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "artist_tags",
        sa.Column("artist_key", key, primary_key=True),
        sa.Column("tag", key, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "song_labels",
        of_song(primary_key=True),
        sa.Column("name", key, primary_key=True),
        sa.Column("value", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_song_labels_name", "song_labels", ["name", "song_id"])
    op.create_table(
        "refusals",
        sa.Column("refusal_id", sa.Integer, primary_key=True),
        sa.Column(
            "import_id", sa.Integer, sa.ForeignKey("imports.import_id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
