"""The goals of plans, and how each plan stands by them."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "care_goal",
        sa.Column("plan_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("high", sa.Float(53), nullable=True),
        sa.Column("low", sa.Float(53), nullable=True),
        sa.Column("strict", sa.Boolean(), nullable=False),
        sa.Column("by_on", IsoDate(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("first", sa.Float(53), nullable=True),
        sa.Column("first_on", IsoDate(), nullable=True),
        sa.Column("latest", sa.Float(53), nullable=True),
        sa.Column("latest_at", UtcTime(), nullable=True),
        sa.Column("progress", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=True),
        sa.Column("set_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("plan_id", "patient_id", "state", "due_at"),
    )
    steps.create_record_table(
        "care_plan_standing",
        sa.Column("patient_id", Id16(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("nodes", "nodes_done", "nodes_late")),
        sa.Column("next_node", sa.String(200), nullable=True),
        sa.Column("next_on", IsoDate(), nullable=True),
        sa.Column("rate", sa.Float(53), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("goals", "goals_reached", "better", "worse")
        ),
        sa.Column("effect", sa.String(40), nullable=False),
        sa.Column("advice", sa.String(40), nullable=False),
        sa.Column("newer", sa.String(40), nullable=True),
        sa.Column("looked_at", UtcTime(), nullable=False),
        indexed=("patient_id", "looked_at"),
    )
