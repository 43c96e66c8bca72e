"""Artists as lists, origins of audio features, remarks that stand for many cells, merges by name that can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from indexer.catalogue.keys import name_key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SONGS_AT_A_TIME = 10_000


def upgrade() -> None:
    for name in ("artists", "featured"):
        op.add_column("songs", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("songs", sa.Column("audio_origin", sa.Text))
    op.add_column("refusals", sa.Column("count", sa.BigInteger, nullable=False, server_default="1"))
    key = sa.String().with_variant(sa.String(collation="C"), "postgresql")

    def of_song() -> sa.Column[str]:
        song = sa.ForeignKey("songs.song_id", ondelete="CASCADE")
        return sa.Column("song_id", key, song, nullable=False, primary_key=True)

    op.create_table(
        "name_merges",
        of_song(),
        sa.Column("import_id", sa.Integer, sa.ForeignKey("imports.import_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("row", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("brought", sa.Text, nullable=False),
    )
    op.create_table(
        "apart",
        of_song(),
        sa.Column("namespace", key, primary_key=True),
        sa.Column("value", key, primary_key=True),
    )
    op.create_table(
        "open_artists",
        sa.Column("part", key, primary_key=True),
        sa.Column("artist", key, primary_key=True),
        sqlite_with_rowid=False,
    )
    # An ISRC may be of several songs: the song is part of the key.
    op.rename_table("external_ids", "ids_before")
    op.drop_index("ix_external_ids_song_id")
    op.create_table(
        "external_ids",
        sa.Column("namespace", key, primary_key=True),
        sa.Column("value", key, primary_key=True),
        of_song(),
        sa.PrimaryKeyConstraint("namespace", "value", "song_id", name="external_ids_key"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO external_ids SELECT namespace, value, song_id FROM ids_before")
    op.drop_table("ids_before")
    op.create_index("ix_external_ids_song_id", "external_ids", ["song_id"])
    _rename(op.get_bind())


def _rename(connection: sa.Connection) -> None:
    """Give every song the key that recordings meet on. No songs meet by that: what was two stays two."""
    page = sa.text("SELECT song_id, title, artist FROM songs WHERE song_id > :last ORDER BY song_id LIMIT :size")
    write = sa.text("UPDATE songs SET name_key = :key WHERE song_id = :song_id")
    last = ""
    while songs := connection.execute(page, {"last": last, "size": _SONGS_AT_A_TIME}).all():
        connection.execute(write, [{"song_id": each[0], "key": name_key(each[1], each[2])} for each in songs])
        last = songs[-1][0]
