"""What people did month by month."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "service_performance",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("on_time", sa.BigInteger(), nullable=False),
        sa.Column("on_time_rate", sa.Float(53), nullable=True),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("receptions", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("mean_score", sa.Float(53), nullable=True),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("staff_id", "month"),
    )
