"""What is missing in forms being filled in, and how many of those given out came back."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "form_gap",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("task_id", Id16(), nullable=True),
        sa.Column("form", sa.String(120), nullable=False),
        sa.Column("form_version", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("noted_at", UtcTime(), nullable=False),
        indexed=("patient_id", "noted_at"),
    )
    steps.create_record_table(
        "form_return",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("form", sa.String(120), nullable=False),
        sa.Column("study", sa.String(120), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("handed_in", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Float(53), nullable=True),
        sa.Column("low_since", sa.String(10), nullable=True),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("month", "counted_at"),
    )
