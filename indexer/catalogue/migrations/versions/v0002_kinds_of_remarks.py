"""Remarks are counted by kind: the reason without what differs from row to row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refusals", sa.Column("kind", sa.Text, nullable=False, server_default=""))
