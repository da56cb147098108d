"""Rounds through all chains of custody of a store."""

import sqlalchemy as sa

from domain.kernel.columns import UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "custody_round",
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("broken", sa.BigInteger(), nullable=False),
        indexed=("ended_at",),
    )
