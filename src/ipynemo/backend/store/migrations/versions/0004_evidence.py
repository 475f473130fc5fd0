"""Evidence: what an uploaded file states about its making, as it was read when it came."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the column; of files that are there already it stays empty, and they are read when somebody asks."""
    op.add_column("assets", sa.Column("evidence", sa.Text))
