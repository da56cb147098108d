"""The tree of containers, how full boxes are, and searches in the store."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "storage_container",
        sa.Column("at", sa.String(10), nullable=True),
        sa.Column("place_key", sa.String(80), nullable=True),
        sa.Column("tube_kind", sa.String(40), nullable=True),
        sa.Column("blocked", JsonText(), nullable=True),
        sa.Column("door_order", sa.BigInteger(), nullable=False, server_default="0"),
    )
    steps.create_index("ix_storage_container_parent_id", "storage_container", ["parent_id"])
    steps.create_index("ix_storage_container_place_key", "storage_container", ["place_key"])
    steps.create_record_table("container_fill", sa.Column("used", sa.BigInteger(), nullable=False))
    steps.create_record_table(
        "container_fill_day",
        sa.Column("container_id", Id16(), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
    )
    steps.create_index("ix_container_fill_day_day", "container_fill_day", ["day", "container_id"])
    steps.create_record_table(
        "storage_task",
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=True),
        sa.Column("place", sa.String(120), nullable=True),
        sa.Column("found_place", sa.String(120), nullable=True),
        sa.Column("note", sa.String(1000), nullable=True),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("opened_by", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("closed_by", sa.String(255), nullable=True),
        sa.Column("closed_note", sa.String(1000), nullable=True),
        indexed=("number", "specimen_id", "opened_at", "state", "due_at"),
    )
    steps.create_record_table(
        "inventory",
        sa.Column("container_id", Id16(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        *(
            sa.Column(n, sa.BigInteger(), nullable=False)
            for n in ("expected", "matched", "missing", "surplus")
        ),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("misplaced", "unread")),
        indexed=("container_id", "at"),
    )
