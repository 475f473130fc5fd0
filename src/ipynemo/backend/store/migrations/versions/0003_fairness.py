"""Fairness: when users and sessions had their last turn in the render queue; and what servers have to agree on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and the table."""
    for table in ("users", "sessions"):
        op.add_column(table, sa.Column("served_at", sa.Double, nullable=False, server_default="0"))
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
