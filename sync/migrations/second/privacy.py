"""Requests of clients about their own data."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "privacy_request",
        sa.Column("client_id", Id16(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("asker", sa.String(40), nullable=False),
        sa.Column("proof", sa.String(255), nullable=False),
        sa.Column("wish", steps.long_text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("received_name", sa.String(255), nullable=False),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("answer", steps.long_text(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("outgoing_id", Id16(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("client_id", "number", "received_at", "state", "due_at"),
    )
