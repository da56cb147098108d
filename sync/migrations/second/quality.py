"""Figures day by day, how they stand, and why people found them so."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    yes_or_no = ("core", "quality", "messaging")
    steps.add_columns(
        "indicator",
        *(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()) for name in yes_or_no),
        sa.Column("days", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("percent", sa.Float(53), nullable=True),
        sa.Column("away", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("fall", sa.Float(53), nullable=False, server_default="0"),
        sa.Column("fall_since", IsoDate(), nullable=True),
        sa.Column("strange_since", IsoDate(), nullable=True),
        sa.Column("analysed_at", UtcTime(), nullable=True),
    )
    steps.create_record_table(
        "indicator_day",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Float(53), nullable=True),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("day",),
    )
    steps.create_index("ix_indicator_day_code", "indicator_day", ["code", "org_id", "day"])
    steps.create_record_table(
        "indicator_analysis",
        sa.Column("indicator_id", Id16(), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("percent", sa.Float(53), nullable=True),
        sa.Column("target", sa.Float(53), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("finding", steps.long_text(), nullable=False),
        sa.Column("measures", steps.long_text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        indexed=("indicator_id", "at"),
    )
