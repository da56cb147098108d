"""Which settings a workstation has taken in, and when answers are owed."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("device_state", sa.Column("settings", sa.Integer(), nullable=False, server_default="0"))
    steps.add_columns(
        "sync_node",
        sa.Column("settings_behind", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("settings_since", UtcTime(), nullable=True),
    )
    steps.create_record_table(
        "answer_hours",
        sa.Column("place_id", Id16(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("week", JsonText(), nullable=False),
        sa.Column("closed_days", JsonText(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("set_by", Id16(), nullable=True),
        sa.Column("set_name", sa.String(255), nullable=False),
        indexed=("place_id", "set_at"),
    )
