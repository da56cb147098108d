"""What is to be checked again after a checkup."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "recheck_advice",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("rule", sa.String(60), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("items", JsonText(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("because", sa.String(1000), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("from_on", IsoDate(), nullable=False),
        sa.Column("due_on", IsoDate(), nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("task_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("booked_on", IsoDate(), nullable=True),
        sa.Column("booked_visit_id", Id16(), nullable=True),
        sa.Column("outcome", sa.String(1000), nullable=True),
        indexed=("patient_id", "visit_id", "observation_id", "due_on", "proposed_at", "state", "due_at"),
    )
