"""What was said to clients against the rules."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "message_finding",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("conversation_id", Id16(), nullable=True),
        sa.Column("message_id", Id16(), nullable=True),
        sa.Column("outbox_id", Id16(), nullable=True),
        sa.Column("mass_id", Id16(), nullable=True),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("code", sa.String(60), nullable=True),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("severe", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.String(255), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("reason", sa.String(400), nullable=True),
        sa.Column("rules_version", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("note", sa.String(400), nullable=True),
        sa.Column("concluded_name", sa.String(255), nullable=True),
        indexed=("conversation_id", "patient_id", "at", "due_at"),
    )
