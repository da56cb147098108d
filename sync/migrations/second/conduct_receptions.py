"""How each reception went by its steps."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "reception_check",
        sa.Column("appointment_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("missing_steps", JsonText(), nullable=False),
        sa.Column("disordered", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("irregular", sa.Boolean(), nullable=False),
        sa.Column("rules_version", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("note", sa.String(400), nullable=True),
        sa.Column("concluded_name", sa.String(255), nullable=True),
        indexed=("appointment_id", "patient_id", "at", "due_at"),
    )
