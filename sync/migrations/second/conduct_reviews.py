"""Who looked through what was said and how clients were received."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.create_record_table(
        "conduct_review",
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("about_staff_id", Id16(), nullable=True),
        sa.Column("about_name", sa.String(255), nullable=True),
        sa.Column("since", IsoDate(), nullable=False),
        sa.Column("until", IsoDate(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("unread", sa.BigInteger(), nullable=False),
        sa.Column("remarks", sa.BigInteger(), nullable=False),
        sa.Column("found_now", sa.BigInteger(), nullable=False),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("receptions", sa.BigInteger(), nullable=False),
        sa.Column("irregular", sa.BigInteger(), nullable=False),
        sa.Column("rules_version", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        indexed=("patient_id", "at"),
    )
