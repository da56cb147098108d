"""Figures of the region's people, and what follows from comparing them."""

import sqlalchemy as sa

from domain.kernel.columns import UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "population_figure",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("measure", sa.String(120), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("sex", sa.String(10), nullable=False),
        sa.Column("band", sa.String(20), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("cases", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.Float(53), nullable=True),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("counted_at",),
    )
    steps.create_index("ix_population_figure_year_measure", "population_figure", ["year", "measure"])
    steps.create_record_table(
        "population_judgement",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("measure", sa.String(120), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Float(53), nullable=False),
        sa.Column("expected", sa.Float(53), nullable=True),
        sa.Column("ratio", sa.Float(53), nullable=True),
        sa.Column("low", sa.Float(53), nullable=True),
        sa.Column("high", sa.Float(53), nullable=True),
        sa.Column("against", sa.String(40), nullable=False),
        sa.Column("before", sa.Float(53), nullable=True),
        sa.Column("course", sa.String(40), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.String(500), nullable=False),
        sa.Column("judged_at", UtcTime(), nullable=False),
        indexed=(
            "weight",
            "judged_at",
        ),
    )
