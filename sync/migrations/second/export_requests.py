"""Requests to take lists out in clear."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "export_request",
        sa.Column("listing", sa.String(80), nullable=False),
        sa.Column("what", sa.String(255), nullable=False),
        sa.Column("columns", sa.String(1000), nullable=False),
        sa.Column("names", JsonText(), nullable=False),
        sa.Column("filters", sa.String(1000), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("needed", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", Id16(), nullable=False),
        sa.Column("asked_name", sa.String(255), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("approved_by", JsonText(), nullable=False),
        sa.Column("approved_names", sa.String(255), nullable=False),
        sa.Column("refused_why", steps.long_text(), nullable=True),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("outgoing_id", Id16(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("asked_by", "asked_at", "state", "due_at"),
    )
