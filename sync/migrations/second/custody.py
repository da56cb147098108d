"""The chain of custody: each event covers the one before it at its installation; breaks that were found."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "specimen_event",
        sa.Column("chain_device", Id16(), nullable=True),
        sa.Column("chain_number", sa.Integer(), nullable=True),
        sa.Column("previous_sha256", sa.String(64), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
    )
    steps.create_index("ix_specimen_event_chain", "specimen_event", ["chain_device", "chain_number"])
    steps.create_record_table(
        "custody_head",
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    steps.create_record_table(
        "custody_break",
        sa.Column("event_id", Id16(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("finding", steps.long_text(), nullable=True),
        indexed=("event_id", "specimen_id", "found_at", "due_at"),
    )
