"""The score of a report's text, and what each check of it remarked."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, JsonText, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("report", sa.Column("quality", sa.BigInteger(), nullable=True))
    steps.add_columns("review_step", sa.Column("due_at", UtcTime(), nullable=True))
    steps.create_record_table(
        "report_check",
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("remarks", JsonText(), nullable=False),
        sa.Column("rules_version", sa.String(40), nullable=False),
        sa.Column("author_id", Id16(), nullable=True),
        sa.Column("author_name", sa.String(255), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=False),
    )
    steps.create_index("ix_report_check_report", "report_check", ["report_id", "checked_at"])
    steps.create_index("ix_report_check_checked_at", "report_check", ["checked_at"])
    steps.create_index("ix_review_step_acted_at", "review_step", ["acted_at"])
