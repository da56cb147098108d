"""Critical limits of an institution's own, and who answers for a critical value."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, UtcTime
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns(
        "critical_value",
        sa.Column("physician_id", Id16(), nullable=True),
        sa.Column("physician_name", sa.String(255), nullable=True),
        sa.Column("physician_why", sa.String(40), nullable=True),
    )
    steps.create_record_table(
        "critical_limit",
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("ucum", sa.String(40), nullable=False),
        sa.Column("sex", sa.String(10), nullable=True),
        sa.Column("age_from", sa.BigInteger(), nullable=True),
        sa.Column("age_below", sa.BigInteger(), nullable=True),
        sa.Column("site_id", Id16(), nullable=True),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("item", "changed_at"),
    )
    steps.create_record_table(
        "critical_limit_change",
        sa.Column("limit_id", Id16(), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("before", sa.Float(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("changed_by", Id16(), nullable=True),
        sa.Column("changed_name", sa.String(255), nullable=False),
        indexed=("limit_id", "changed_at"),
    )
