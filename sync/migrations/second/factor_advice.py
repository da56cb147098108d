"""What was proposed for factors at high risk."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "factor_advice",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("factors", JsonText(), nullable=False),
        sa.Column("summary", sa.String(1000), nullable=False),
        sa.Column("advice", JsonText(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("message_id", Id16(), nullable=True),
        sa.Column("not_sent", sa.String(40), nullable=True),
        sa.Column("task_id", Id16(), nullable=True),
        sa.Column("by_staff", Id16(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("at",),
    )
    steps.create_index("ix_factor_advice_patient", "factor_advice", ["patient_id", "at"])
