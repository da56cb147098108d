"""Manual levels that new data put in question."""

import sqlalchemy as sa

from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "risk_level",
        sa.Column("manual_over", sa.String(40), nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
