"""The newest value of what clients measure by plan."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "monitored_value",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("ucum", sa.String(40), nullable=True),
        sa.Column("limits", sa.String(120), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("outside_since", UtcTime(), nullable=True),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("patient_id", "at"),
    )
