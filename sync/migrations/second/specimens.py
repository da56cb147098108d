"""Specimens, boxes, labels, devices."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText
from sync.migrations import steps


def upgrade() -> None:
    steps.create_index("ix_specimen_event_occurred_at", "specimen_event", ["occurred_at"])
    steps.add_columns(
        "specimen",
        sa.Column("initial_ul", sa.Integer(), nullable=True),
        sa.Column("remaining_ul", sa.Integer(), nullable=True),
        sa.Column("remaining_percent", sa.Integer(), nullable=True),
        sa.Column("thaws", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("out_s", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sprec", sa.String(40), nullable=True),
    )
    steps.add_columns(
        "specimen_event",
        sa.Column("protocol", sa.String(40), nullable=True),
        sa.Column("out_s", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("witness_id", Id16(), nullable=True),
        sa.Column("witness_name", sa.String(255), nullable=True),
    )
    steps.add_columns("storage_container", sa.Column("types", JsonText(), nullable=True))
