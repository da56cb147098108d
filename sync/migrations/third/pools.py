"""Tubes made of several others."""

import sqlalchemy as sa

from domain.kernel.columns import Id16
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("specimen", sa.Column("sources", sa.BigInteger(), nullable=True))
    steps.create_record_table(
        "pool_source",
        sa.Column("pool_id", Id16(), nullable=False),
        sa.Column("source_id", Id16(), nullable=False),
        sa.Column("volume_ul", sa.BigInteger(), nullable=True),
        indexed=("pool_id", "source_id"),
    )
