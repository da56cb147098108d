"""Parts of the shipped content that wait for a physician's word."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "content_mark",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("part", sa.String(1000), nullable=False),
        sa.Column("source", sa.String(2000), nullable=False),
        sa.Column("file_status", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("signed_digest", sa.String(64), nullable=True),
        sa.Column("second_source", steps.long_text(), nullable=True),
        sa.Column("signed_by", Id16(), nullable=True),
        sa.Column("signed_name", sa.String(255), nullable=True),
        sa.Column("signed_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("key", "state", "state_since"),
    )
