"""Artists as lists, where audio features come from, and remarks that stand for many cells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("artists", "featured"):
        op.add_column("songs", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("songs", sa.Column("audio_origin", sa.Text))
    op.add_column("refusals", sa.Column("count", sa.BigInteger, nullable=False, server_default="1"))
