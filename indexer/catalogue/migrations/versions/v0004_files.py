"""Files of sound, which song each is, and what was measured from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    song = sa.ForeignKey("songs.song_id", ondelete="CASCADE")
    op.create_table(
        "files",
        sa.Column("file_id", sa.Integer, primary_key=True),
        sa.Column("path_key", sa.String(32), nullable=False, index=True, unique=True),
        sa.Column("path", key, nullable=False),
        sa.Column("song_id", key, song, nullable=True, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("beside", sa.Text, nullable=False),
        sa.Column("sound_hash", sa.String(32), nullable=False, index=True),
        sa.Column("album_artist", sa.Text, nullable=False),
        sa.Column("disc", sa.Integer),
        sa.Column("track", sa.Integer),
        sa.Column("compilation", sa.Boolean, nullable=False),
        sa.Column("cover", sa.Boolean, nullable=False),
        sa.Column("gain_db", sa.Double),
        sa.Column("album_gain_db", sa.Double),
        sa.Column("analysis", sa.Integer),
        sa.Column("problem", sa.Text),
        sa.Column("tempo_confidence", sa.Double),
        sa.Column("key_confidence", sa.Double),
        sa.Column("timbre", sa.LargeBinary),
    )
