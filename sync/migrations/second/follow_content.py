"""Templates, scripts, handouts and labels of an institution's own."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "follow_content",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("written_by", Id16(), nullable=True),
        sa.Column("written_name", sa.String(255), nullable=False),
        indexed=("written_at",),
    )
    steps.create_index("ix_follow_content_code", "follow_content", ["kind", "code", "version"])
