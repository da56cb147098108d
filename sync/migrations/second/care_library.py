"""Newer versions of the programmes' diseases."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "care_library",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("changes", sa.String(4000), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("package", sa.String(100), nullable=False),
        sa.Column("source", sa.String(1000), nullable=False),
        sa.Column("reason", sa.String(4000), nullable=False),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("written_by", Id16(), nullable=True),
        sa.Column("written_name", sa.String(255), nullable=False),
        indexed=("written_at",),
    )
    steps.create_index("ix_care_library_code", "care_library", ["kind", "code", "version"])
