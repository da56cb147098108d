"""Lists of what a sender says it sent, and their lines."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "receiving_list",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("imported_at", UtcTime(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("doubtful", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("closed_by", sa.String(255), nullable=True),
        sa.UniqueConstraint("number", name="uq_receiving_list_number"),
        indexed=("sha256", "imported_at", "state", "due_at"),
    )
    steps.create_record_table(
        "receiving_line",
        sa.Column("list_id", Id16(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("said_type", sa.String(40), nullable=True),
        sa.Column("remark", sa.String(1000), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        indexed=("list_id",),
    )
    steps.create_index("ix_receiving_line_number", "receiving_line", ["number", "state"])
