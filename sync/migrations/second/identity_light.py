"""Comparisons of persons with records."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "identity_light",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("light", sa.String(40), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False),
        sa.Column("compared", JsonText(), nullable=False),
        sa.Column("said_name", sa.String(255), nullable=False),
        sa.Column("said_id_number", sa.String(40), nullable=True),
        sa.Column("checked_at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        indexed=("patient_id", "checked_at"),
    )
