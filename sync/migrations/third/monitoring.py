"""Which device sends whose values."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "monitor_device",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("paired_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=True),
        sa.Column("unpaired_at", UtcTime(), nullable=True),
        sa.Column("unpaired_why", sa.String(255), nullable=True),
        sa.Column("unpaired_by", Id16(), nullable=True),
        indexed=("patient_id", "paired_at", "unpaired_at"),
    )
