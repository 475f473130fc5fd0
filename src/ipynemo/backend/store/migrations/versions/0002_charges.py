"""Charges: what turns cost, frozen while they run."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "charges",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("frozen_until", sa.Double, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_index("ix_charges_user_id", "charges", ["user_id"])
