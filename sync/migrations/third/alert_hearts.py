"""Whether alerting itself works: the beats of an engine, and a row for what stopped."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_table(
        "alert_beat",
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_alert_beat"),
    )
    steps.create_record_table(
        "alert_heart",
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("last_beat", UtcTime(), nullable=True),
        sa.Column("evaluated_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("state_since",),
    )
