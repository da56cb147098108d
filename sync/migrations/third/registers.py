"""Who is in which register of a disease, and what happened there."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "register_member",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("register", sa.String(40), nullable=False),
        sa.Column("register_name", sa.String(255), nullable=False),
        sa.Column("why", JsonText(), nullable=False),
        sa.Column("because", sa.String(1000), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("fits", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("entered_at", UtcTime(), nullable=True),
        sa.Column("reviewed_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("patient_id", "since", "due_at", "entered_at"),
    )
    steps.create_index("ix_register_member_register", "register_member", ["register", "state"])
    steps.create_record_table(
        "register_step",
        sa.Column("member_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("register_name", sa.String(255), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("why", JsonText(), nullable=True),
        sa.Column("because", sa.String(1000), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("member_id", "patient_id", "at"),
    )
